import { describe, expect, test } from 'vitest';
import { Vp8Descriptor } from './vp8.ts';

function read(bytes: number[]) {
  const descriptor = new Vp8Descriptor();
  const packet = Buffer.from([0xaa, 0xbb, ...bytes]);
  return { descriptor, packet, isRead: descriptor.read(packet, 2, packet.length) };
}

describe('Vp8Descriptor', () => {
  test('reads the shortest descriptor of a keyframe', () => {
    const { descriptor, isRead } = read([0x10, 0x50, 0x01]);
    expect(isRead).toBe(true);
    expect(descriptor).toMatchObject({
      isFrameStart: true,
      isKeyframe: true,
      pictureId: -1,
      tl0PicIdx: -1,
      keyIdx: -1,
    });
  });

  test('reads all fields, with a picture id of 15 bits', () => {
    const { descriptor } = read([0x90, 0xf0, 0x92, 0x34, 0x56, 0xb1, 0x51]);
    expect(descriptor).toMatchObject({
      isFrameStart: true,
      isKeyframe: false,
      pictureId: 0x1234,
      pictureIdMask: 0x7fff,
      tl0PicIdx: 0x56,
      temporalLayer: 2,
      isLayerSync: true,
      keyIdx: 0x11,
    });
  });

  test('reads a picture id of 7 bits', () => {
    expect(read([0x90, 0x80, 0x45, 0x00]).descriptor).toMatchObject({
      pictureId: 0x45,
      pictureIdMask: 0x7f,
      isKeyframe: true,
    });
  });

  test('a later partition, or a continued one, begins no frame', () => {
    expect(read([0x11, 0x00]).descriptor.isFrameStart).toBe(false);
    expect(read([0x00, 0x00]).descriptor).toMatchObject({ isFrameStart: false, isKeyframe: false });
  });

  test.each([
    [[]],
    [[0x80]],
    [[0x90, 0x80]],
    [[0x90, 0x80, 0x80]],
    [[0x90, 0x40]],
    [[0x90, 0x20]],
    [[0x90, 0xf0, 0x92, 0x34, 0x56, 0xb1]],
  ])('refuses a truncated descriptor: %j', (bytes) => {
    expect(read(bytes).isRead).toBe(false);
  });

  test('patches a copy whose payload is at another place', () => {
    const { descriptor, packet } = read([0x90, 0xf0, 0x92, 0x34, 0x56, 0xb1, 0x51]);
    const copy = Buffer.concat([Buffer.alloc(7), packet.subarray(2)]);
    descriptor.patch(copy, 7, 0x8001, 0x1ff, 0x25);
    expect(copy.toString('hex', 7)).toBe('90f08001ffa551');
  });

  test('patches a short picture id, and leaves out absent fields', () => {
    const { descriptor, packet } = read([0x90, 0x80, 0x45, 0x00]);
    descriptor.patch(packet, 2, 0xff, 1, 1);
    expect(packet.toString('hex', 2)).toBe('90807f00');
  });

  test('random bytes never throw, and never name a field beyond the end', () => {
    const descriptor = new Vp8Descriptor();
    let state = 1;
    for (let round = 0; round < 20_000; round += 1) {
      const packet = Buffer.alloc(round % 9);
      for (let index = 0; index < packet.length; index += 1) {
        state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
        packet[index] = state >> 16;
      }
      if (descriptor.read(packet, 0, packet.length)) descriptor.patch(packet, 0, 1, 2, 3);
    }
  });
});

test('the height of the picture is read from a keyframe, if its header is complete', () => {
  const keyframe = Buffer.from([0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x42, 0x68, 0x81]);
  const descriptor = new Vp8Descriptor();
  const heightOf = (payload: Buffer): number | undefined => {
    descriptor.read(payload, 0, payload.length);
    return descriptor.readHeight(payload, 0, payload.length);
  };
  // The upper two bits are a hint for scaling.
  expect(heightOf(keyframe)).toBe(0x168);
  expect(heightOf(keyframe.subarray(0, 10))).toBeUndefined();
  const [noStartCode, delta, empty] = [Buffer.from(keyframe), Buffer.from(keyframe), Buffer.from(keyframe)];
  noStartCode[4] = 0;
  delta[1] = 0x11;
  empty.fill(0, 9);
  expect([noStartCode, delta, empty].map(heightOf)).toEqual([undefined, undefined, undefined]);
});
