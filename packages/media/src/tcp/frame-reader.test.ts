import { expect, test } from 'vitest';
import { frame } from '../../tests/hand-client.ts';
import { createRandom } from '../../tests/random.ts';
import { FrameReader, MAX_FRAME_BYTES } from './frame-reader.ts';

const texts = (reader: FrameReader, chunk: Buffer): string[] => [...reader.read(chunk)].map(String);

test('packets are found wherever the stream is cut (RFC 4571)', () => {
  const stream = Buffer.concat(
    ['one', '', 'three', 'x'.repeat(MAX_FRAME_BYTES)].map((text) => frame(Buffer.from(text))),
  );
  const random = createRandom(1);
  for (let round = 0; round < 60; round += 1) {
    const reader = new FrameReader();
    const found: string[] = [];
    for (let at = 0; at < stream.length; ) {
      const end = at + 1 + Math.floor(random() * (round % 2 === 0 ? 4 : 3_000));
      found.push(...texts(reader, stream.subarray(at, end)));
      at = end;
    }
    expect(found).toEqual(['one', '', 'three', 'x'.repeat(MAX_FRAME_BYTES)]);
    expect(reader.isBroken).toBe(false);
  }
});

test('a packet that is too long breaks the stream, and nothing after it is read', () => {
  const reader = new FrameReader();
  const tooLong = frame(Buffer.alloc(MAX_FRAME_BYTES + 1));
  expect(texts(reader, Buffer.concat([frame(Buffer.from('first')), tooLong.subarray(0, 2)]))).toEqual(['first']);
  expect(reader.isBroken).toBe(true);
  expect(texts(reader, frame(Buffer.from('later')))).toEqual([]);
});
