/**
 * Names of files, as clients give them and as downloads have them. A name is never part of a path on the server.
 *
 * @module
 */

import { byteLength, CONTENT_LIMITS, GavelError } from '@gavel/protocol';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/**
 * Returns a name without its folders: `../a/b.png` becomes `b.png`.
 *
 * @throws GavelError `file.bad-name` if nothing is left, for more than 255 bytes, and for control characters, those that
 *   change the direction of writing included
 */
export function parseFileName(text: string): string {
  const name = text.split(/[/\\]/).at(-1)?.trim() ?? '';
  const isBad = name === '' || name === '.' || name === '..' || CONTROL.test(name) || !name.isWellFormed();
  if (isBad || byteLength(name) > CONTENT_LIMITS.fileNameBytes) throw new GavelError('file.bad-name');
  return name;
}

/** Returns the header `Content-Disposition` of a download (RFC 6266): the name in ASCII, and in UTF-8. */
export function contentDisposition(kind: 'inline' | 'attachment', name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const utf8 = encodeURIComponent(name).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${utf8}`;
}
