import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFrameCodec, type FrameMessage } from './frame-codec.ts';

// As in a worker, which gets the text of the function: it must not use anything of its module.
const codec = new Function(`return (${createFrameCodec})()`)() as ReturnType<typeof createFrameCodec>;

const VP8_KEY_FRAME = [0x50, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00];
const VP8_KEY_FRAMES_LIKE_A_START_CODE = [0x00, 0x00, 0x01, 0x9d, 0x01, 0x2a];
const PARAMETER_SETS = [0, 0, 0, 1, 0x67, 0x42, 0, 0x1f, 0, 0, 0, 1, 0x68, 0xce];
const IDR_SLICE = [0, 0, 1, 0x65, 0x88, 0x84];

/** Bytes in which start codes and the mark of VP8 are likely. */
const bytes = (size: { readonly minLength?: number; readonly maxLength: number }) =>
  fc
    .array(fc.oneof(fc.nat(3), fc.constantFrom(0x80, 0xff, 0xa7, 0x45), fc.nat(255)), { size: 'max', ...size })
    .map((list) => Uint8Array.from(list));
const messages = fc.array(
  fc.record({ type: fc.nat(254), data: bytes({ maxLength: 600 }) }) satisfies fc.Arbitrary<FrameMessage>,
  { maxLength: 4 },
);

test('messages in VP8 frames are read as they were written, and the frame is the beginning of the new one', () => {
  fc.assert(
    fc.property(messages, bytes({ maxLength: 100 }), (sent, rest) => {
      for (const head of [VP8_KEY_FRAME, VP8_KEY_FRAMES_LIKE_A_START_CODE, [0x31, 0x02, 0x00]]) {
        const frame = Uint8Array.from([...head, ...rest]);
        const written = codec.write(frame, sent);
        expect(written.subarray(0, frame.length)).toEqual(frame);
        expect(codec.read(written)).toEqual(sent);
      }
    }),
  );
});

test('messages in H.264 frames are read as they were written, between the parameter sets and the first slice', () => {
  fc.assert(
    fc.property(messages, (sent) => {
      const frame = Uint8Array.from([...PARAMETER_SETS, ...IDR_SLICE]);
      const written = codec.write(frame, sent);
      expect(codec.read(written)).toEqual(sent);
      expect(written.subarray(0, PARAMETER_SETS.length)).toEqual(Uint8Array.from(PARAMETER_SETS));
      expect(written.subarray(-IDR_SLICE.length)).toEqual(Uint8Array.from(IDR_SLICE));
      // No message may look like a start code.
      const inserted = written.subarray(PARAMETER_SETS.length, -IDR_SLICE.length);
      const startCodes = Buffer.from(inserted).toString('latin1').split('\0\0\u0001').length - 1;
      expect(startCodes).toBe(sent.length);
      expect(Buffer.from(inserted).includes('\0\0\0\0')).toBe(false);
    }),
  );
});

test('an SEI has the form of H.264: type, size in steps of 255, and a stop bit', () => {
  const data = new Uint8Array(300).fill(7);
  const written = codec.write(Uint8Array.from(IDR_SLICE), [{ type: 243, data }]);
  expect([...written]).toEqual([0, 0, 0, 1, 6, 243, 255, 45, ...data, 0x80, ...IDR_SLICE]);
});

test('an SEI of another sender is read: several messages in a unit, zeros after it', () => {
  const unit = [0, 0, 1, 6, 5, 2, 1, 2, 243, 1, 9, 0x80, 0, 0];
  expect(codec.read(Uint8Array.from([...unit, ...IDR_SLICE]))).toEqual([
    { type: 5, data: Uint8Array.of(1, 2) },
    { type: 243, data: Uint8Array.of(9) },
  ]);
});

test('whatever a frame contains, reading it neither throws nor returns more than the frame', () => {
  fc.assert(
    fc.property(
      bytes({ maxLength: 200 }),
      fc.constantFrom([], [0, 0, 0, 1, 6], VP8_KEY_FRAME),
      fc.boolean(),
      (content, head, hasMark) => {
        const mark = hasMark ? codec.write(Uint8Array.of(0x31), []).subarray(1) : [];
        const frame = Uint8Array.from([...head, ...content, ...mark.slice(1)]);
        const found = codec.read(frame).reduce((sum, { data }) => sum + data.length, 0);
        expect(found).toBeLessThanOrEqual(frame.length);
      },
    ),
  );
});
