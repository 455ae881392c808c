/**
 * Media types of files by their first bytes. The name and the type that a client claims are not used: a page that is called
 * an image must not be shown as one.
 *
 * @module
 */

/** Number of bytes at the start of a file that are needed to recognise its type. */
export const HEAD_BYTES = 64;
/** The type of a file that is not recognised. */
export const UNKNOWN_TYPE = 'application/octet-stream';

const at = (head: Uint8Array, offset: number, text: string): boolean =>
  Buffer.from(head.subarray(offset, offset + text.length)).toString('latin1') === text;

const FTYP_TYPES: readonly (readonly [brand: RegExp, type: string])[] = [
  [/^avi[fs]/, 'image/avif'],
  [/^(M4A|M4B)/, 'audio/mp4'],
  [/^(isom|iso[2-9]|mp4[12]|avc1|M4V|dash|qt {2})/, 'video/mp4'],
];

/** Recognises a file by its first 64 bytes: images, sound and video that browsers show, nothing that can contain a script. */
export function findMediaType(head: Uint8Array): string {
  if (at(head, 0, '\x89PNG\r\n\x1a\n')) return 'image/png';
  if (at(head, 0, '\xff\xd8\xff')) return 'image/jpeg';
  if (at(head, 0, 'GIF87a') || at(head, 0, 'GIF89a')) return 'image/gif';
  if (at(head, 0, 'RIFF') && at(head, 8, 'WEBP')) return 'image/webp';
  // Its four reserved bytes are 0, which tells it from a text that begins with these letters.
  if (at(head, 0, 'BM') && at(head, 6, '\0\0\0\0')) return 'image/bmp';
  if (at(head, 0, 'RIFF') && at(head, 8, 'WAVE')) return 'audio/wav';
  if (at(head, 0, 'OggS')) return 'audio/ogg';
  if (at(head, 0, 'ID3')) return 'audio/mpeg';
  if (at(head, 0, '\x1aE\xdf\xa3') && Buffer.from(head).includes('webm')) return 'video/webm';
  if (at(head, 4, 'ftyp')) {
    const brand = Buffer.from(head.subarray(8, 12)).toString('latin1');
    return FTYP_TYPES.find(([pattern]) => pattern.test(brand))?.[1] ?? UNKNOWN_TYPE;
  }
  return UNKNOWN_TYPE;
}

/** Returns whether a type that `findMediaType` found is an image. */
export const isImageType = (mediaType: string): boolean => mediaType.startsWith('image/');
