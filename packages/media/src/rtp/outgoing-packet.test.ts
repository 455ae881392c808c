import { describe, expect, test } from 'vitest';
import { OutgoingPacket } from './outgoing-packet.ts';
import { RtpHeader } from './rtp-packet.ts';

const IDS = { transportSequence: 5, audioLevel: 1 };
const SOURCE = Buffer.from([9, 9, 9, 1, 2, 3, 9]);

function read(packet: OutgoingPacket) {
  const header = new RtpHeader();
  expect(header.read(packet.bytes)).toBe(true);
  return header;
}

describe('OutgoingPacket', () => {
  test('has one subscriber’s numbers, extensions and the payload', () => {
    const packet = new OutgoingPacket('audio');
    packet.load(SOURCE, 3, 6, true);
    packet.patch(111, 0xfffe, 0xffff_ffff, 0x8000_0001);
    packet.patchExtensions(IDS, 0x1234, 0x85);
    const header = read(packet);
    expect(header).toMatchObject({
      payloadType: 111,
      marker: true,
      sequence: 0xfffe,
      timestamp: 0xffff_ffff,
      ssrc: 0x8000_0001,
    });
    expect(header).toMatchObject({ payloadBytes: 3, payloadOffset: packet.payloadOffset, paddingBytes: 0 });
    expect(header.findExtension16(packet.bytes, 5)).toBe(0x1234);
    expect(header.findExtension8(packet.bytes, 1)).toBe(0x85);
    expect(packet.bytes.subarray(packet.payloadOffset)).toEqual(Buffer.from([1, 2, 3]));
  });

  test('patching for the next subscriber leaves nothing of the one before', () => {
    const packet = new OutgoingPacket('audio');
    packet.load(SOURCE, 3, 6, false);
    packet.patch(111, 1, 2, 3);
    packet.patchExtensions(IDS, 0xffff, 0xff);
    packet.patch(96, 4, 5, 6);
    packet.patchExtensions({ transportSequence: 0, audioLevel: 0 }, 7, 8);
    const header = read(packet);
    expect(header).toMatchObject({ payloadType: 96, marker: false, sequence: 4, timestamp: 5, ssrc: 6 });
    for (let id = 1; id <= 14; id += 1) expect(header.findExtension(packet.bytes, id)).toBe(false);
  });

  test('video has no level, and ids that do not fit the one-byte form are left out', () => {
    const packet = new OutgoingPacket('video');
    packet.load(SOURCE, 3, 6, false);
    packet.patchExtensions({ transportSequence: 3, audioLevel: 1 }, 9, 9);
    const header = read(packet);
    expect([header.findExtension16(packet.bytes, 3), header.findExtension8(packet.bytes, 1)]).toEqual([9, -1]);
    packet.patchExtensions({ transportSequence: 15, audioLevel: 0 }, 9, 9);
    expect(header.findExtension(packet.bytes, 15)).toBe(false);
  });

  test('a retransmission has the original number before its payload', () => {
    const packet = new OutgoingPacket('video');
    packet.loadRetransmission(SOURCE, 3, 6, true, 0xabcd);
    packet.patch(97, 1, 2, 3);
    const header = read(packet);
    expect(header.payloadBytes).toBe(5);
    expect(packet.bytes.toString('hex', header.payloadOffset)).toBe('abcd010203');
    expect(packet.payloadOffset).toBe(header.payloadOffset + 2);
  });

  test('a payload of more than 1,500 bytes is refused', () => {
    const packet = new OutgoingPacket('video');
    expect(packet.load(Buffer.alloc(1_501), 0, 1_501, false)).toBe(false);
    expect(packet.load(Buffer.alloc(1_500), 0, 1_500, false)).toBe(true);
  });
});
