import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRtpPacket } from '../../tests/rtp-builder.ts';
import { isRtcp, RtpHeader } from './rtp-packet.ts';

const header = new RtpHeader();

describe('reading', () => {
  test('a packet with a one-byte extension gives its fields and the extension value', () => {
    const packet = createRtpPacket({
      payloadType: 96,
      sequence: 4711,
      timestamp: 90_000,
      ssrc: 0xdeadbeef,
      marker: true,
      extensions: [
        [1, Buffer.from([7])],
        [3, Buffer.from([0x12, 0x34])],
      ],
      payload: Buffer.from('frame'),
    });
    expect(header.read(packet)).toBe(true);
    expect(header).toMatchObject({
      payloadType: 96,
      sequence: 4711,
      timestamp: 90_000,
      ssrc: 0xdeadbeef,
      marker: true,
      payloadBytes: 5,
      paddingBytes: 0,
    });
    expect(header.findExtension16(packet, 3)).toBe(0x1234);
    expect(header.findExtension16(packet, 1)).toBe(-1);
    expect(header.findExtension16(packet, 9)).toBe(-1);
  });

  test('a two-byte extension is found too', () => {
    const packet = createRtpPacket({ sequence: 1, twoByteExtensions: [[20, Buffer.from([0xab, 0xcd])]] });
    expect(header.read(packet)).toBe(true);
    expect(header.findExtension16(packet, 20)).toBe(0xabcd);
  });

  test('a packet whose extension, CSRC list or padding runs over its end is refused', () => {
    const fixed = createRtpPacket({ sequence: 1, payload: Buffer.alloc(0) });
    const withBits = (bits: number, tail: number[]): Buffer => {
      const packet = Buffer.concat([fixed, Buffer.from(tail)]);
      packet[0] = bits;
      return packet;
    };
    expect(header.read(withBits(0x90, [0xbe, 0xde, 0, 9]))).toBe(false);
    expect(header.read(withBits(0x90, [0xbe]))).toBe(false);
    expect(header.read(withBits(0x8f, [1, 2, 3, 4]))).toBe(false);
    expect(header.read(withBits(0xa0, [1, 2, 0]))).toBe(false);
    expect(header.read(withBits(0xa0, [1, 2, 200]))).toBe(false);
    expect(header.read(withBits(0x40, []))).toBe(false);
    expect(header.read(Buffer.alloc(11))).toBe(false);
  });

  test('arbitrary bytes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.integer({ min: 1, max: 20 }), (bytes, id) => {
        const packet = Buffer.from(bytes);
        if (packet.length > 0) packet[0] = 0x80 | ((packet[0] as number) & 0x3f);
        if (!header.read(packet)) return;
        header.findExtension16(packet, id);
        expect(header.payloadOffset + header.payloadBytes + header.paddingBytes).toBe(packet.length);
      }),
    );
  });
});

test('RTCP is told from RTP by its packet type', () => {
  expect(isRtcp(Buffer.from([0x80, 200, 0, 0]))).toBe(true);
  expect(isRtcp(Buffer.from([0x80, 206, 0, 0]))).toBe(true);
  expect(isRtcp(Buffer.from([0x80, 0x80 | 96, 0, 0]))).toBe(false);
  expect(isRtcp(Buffer.from([0x80]))).toBe(false);
});
