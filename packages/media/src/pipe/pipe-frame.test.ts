import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FRAME, FrameReader, MAX_FRAME_PACKET_BYTES, type PipeFrame, writeFrame } from './pipe-frame.ts';

const frameArbitrary = fc.record({
  type: fc.constantFrom(...Object.values(FRAME)),
  pipe: fc.integer({ min: 0, max: 0xffff_ffff }),
  layer: fc.integer({ min: 0, max: 2 }),
  bytes: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
});

function write(frames: readonly PipeFrame[]): Buffer {
  const target = Buffer.alloc(frames.reduce((sum, { bytes }) => sum + 8 + bytes.length, 0));
  let offset = 0;
  for (const frame of frames) offset = writeFrame(target, offset, frame);
  expect(offset).toBe(target.length);
  return target;
}

describe('FrameReader', () => {
  test('reads what was written, wherever the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(frameArbitrary, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 30 })),
        (frames, cuts) => {
          const stream = write(frames);
          const read: PipeFrame[] = [];
          const reader = new FrameReader((frame) => read.push({ ...frame, bytes: Buffer.from(frame.bytes) }));
          let offset = 0;
          for (const cut of [...cuts, stream.length]) {
            reader.read(stream.subarray(offset, offset + cut));
            offset = Math.min(stream.length, offset + cut);
          }
          expect(read).toEqual(frames);
        },
      ),
      { seed: 13 },
    );
  });

  test.each([0, 5, MAX_FRAME_PACKET_BYTES + 7])('refuses a frame of length %i', (length) => {
    const reader = new FrameReader(() => undefined);
    expect(() => reader.read(Buffer.from([length >> 8, length & 0xff, 1, 0, 0, 0, 0, 0]))).toThrow(RangeError);
  });

  test('reads the largest packet', () => {
    let bytes = 0;
    const reader = new FrameReader((frame) => {
      bytes = frame.bytes.length;
    });
    const stream = write([{ type: FRAME.rtp, pipe: 1, layer: 0, bytes: Buffer.alloc(MAX_FRAME_PACKET_BYTES) }]);
    reader.read(stream.subarray(0, 1));
    reader.read(stream.subarray(1, 4_000));
    reader.read(stream.subarray(4_000));
    expect(bytes).toBe(MAX_FRAME_PACKET_BYTES);
  });
});
