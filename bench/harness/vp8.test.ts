import { describe, expect, it } from 'vitest';
import { asksForKeyFrame, KEY_FRAME_HEADER_BYTES, writeKeyFrameHeader } from './vp8.ts';

/** An RTCP packet of three words: a first byte with the format, a type, and two SSRCs. */
const rtcpOf = (format: number, type: number): Buffer =>
  Buffer.from([0x80 | format, type, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]);
const RECEIVER_REPORT = rtcpOf(0, 201);

describe('a packet of the load', () => {
  it('begins a VP8 key frame', () => {
    const packet = Buffer.alloc(20 + 1000);
    writeKeyFrameHeader(packet, 20);
    const payload = packet.subarray(20);
    expect(payload[0]).toBe(0x10);
    const tag = payload.readUIntLE(1, 3);
    expect({
      isInterFrame: tag & 1,
      version: (tag >> 1) & 7,
      isShown: (tag >> 4) & 1,
      firstPartition: tag >> 5,
    }).toEqual({
      isInterFrame: 0,
      version: 0,
      isShown: 1,
      firstPartition: 1000 - KEY_FRAME_HEADER_BYTES,
    });
    expect(payload.subarray(4, 7).toString('hex')).toBe('9d012a');
    expect([payload.readUInt16LE(7), payload.readUInt16LE(9)]).toEqual([640, 360]);
  });
});

describe('a request for a key frame', () => {
  it.each([
    ['a PLI', rtcpOf(1, 206)],
    ['a FIR', rtcpOf(4, 206)],
    ['a PLI behind a report', Buffer.concat([RECEIVER_REPORT, rtcpOf(1, 206)])],
  ])('is %s', (_, rtcp) => {
    expect(asksForKeyFrame(rtcp)).toBe(true);
  });

  it.each([
    ['a report', RECEIVER_REPORT],
    ['a NACK', rtcpOf(1, 205)],
    ['transport-wide feedback', rtcpOf(15, 205)],
    ['a bitrate estimate', rtcpOf(15, 206)],
    ['nothing', Buffer.alloc(0)],
    ['a packet that is cut off', Buffer.from([0x81, 206])],
  ])('is not %s', (_, rtcp) => {
    expect(asksForKeyFrame(rtcp)).toBe(false);
  });
});
