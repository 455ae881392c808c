import { expect, it } from 'vitest';
import { contentDisposition, parseFileName } from './file-names.ts';
import { findMediaType, UNKNOWN_TYPE } from './media-types.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

it.each([
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff\xe0', 'image/jpeg'],
  ['GIF89a', 'image/gif'],
  ['RIFF\x01\x02\x03\x04WEBPVP8 ', 'image/webp'],
  ['\0\0\0\x1cftypavif', 'image/avif'],
  ['BM\x01\x02\x03\x04\0\0\0\0', 'image/bmp'],
  ['BMW is a car, and this a text', UNKNOWN_TYPE],
  ['\0\0\0\x1cftypisom', 'video/mp4'],
  ['\0\0\0\x1cftypM4A ', 'audio/mp4'],
  ['\0\0\0\x1cftypevil', UNKNOWN_TYPE],
  ['\x1aE\xdf\xa3\x01\0\0\0B\x82\x84webm', 'video/webm'],
  ['\x1aE\xdf\xa3matroska', UNKNOWN_TYPE],
  ['OggS', 'audio/ogg'],
  ['ID3\x03', 'audio/mpeg'],
  ['RIFF\x01\x02\x03\x04WAVE', 'audio/wav'],
  ['%PDF-1.7', UNKNOWN_TYPE],
  ['<svg xmlns="http://www.w3.org/2000/svg">', UNKNOWN_TYPE],
  ['<html>', UNKNOWN_TYPE],
  ['\x89PN', UNKNOWN_TYPE],
  ['', UNKNOWN_TYPE],
])('the type of %j is %s (CHAT-9)', (head, type) => {
  expect(findMediaType(bytes(head))).toBe(type);
});

it('a name is the last part of a path, and is refused where it could deceive (CHAT-8)', () => {
  expect(['a.png', '../a.png', 'C:\\x\\a.png', ' a.png '].map(parseFileName)).toEqual(Array(4).fill('a.png'));
  for (const name of ['', ' ', '.', '..', 'x/', 'a\nb', 'a\u007f', 'a\u202eb', '\ud800', 'x'.repeat(256)]) {
    expect(() => parseFileName(name)).toThrow(expect.objectContaining({ code: 'file.bad-name' }));
  }
});

it('a download’s name is written in ASCII and in UTF-8, and cannot end the header (CHAT-9)', () => {
  expect(contentDisposition('inline', 'ü"(1)\'*%.png')).toBe(
    `inline; filename="__(1)'*_.png"; filename*=UTF-8''%C3%BC%22%281%29%27%2A%25.png`,
  );
});
