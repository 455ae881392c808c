import { expect, test } from 'vitest';
import { createRtpPacket } from '../../tests/rtp-builder.ts';
import { parseRtcp } from '../rtp/rtcp.ts';
import { RtpHeader } from '../rtp/rtp-packet.ts';
import { StreamTrack, type TrackOutput } from './stream-track.ts';

class Output implements TrackOutput {
  readonly payloadType: number;
  readonly rtp: Buffer[] = [];
  readonly rtcp: Buffer[] = [];

  constructor(payloadType: number) {
    this.payloadType = payloadType;
  }

  sendRtp(packet: Buffer): void {
    this.rtp.push(Buffer.from(packet));
  }

  sendRtcp(packet: Buffer): void {
    this.rtcp.push(packet);
  }
}

const source = { ssrc: 0x8000_0007, cname: 'c', msid: 'm', trackId: 't' };
const codec = { name: 'VP8', clockRate: 90_000, parameters: '' } as const;
const header = new RtpHeader();

function forward(track: StreamTrack, sequence: number, nowMs = 0, timestamp = 0): void {
  const packet = createRtpPacket({
    sequence,
    timestamp,
    ssrc: 1,
    payloadType: 96,
    marker: true,
    payload: Buffer.from([sequence]),
  });
  header.read(packet);
  track.forward(packet, header, nowMs);
}

test('each player gets its own payload type, and the marker stays', () => {
  const track = new StreamTrack(codec, source);
  const outputs = [new Output(96), new Output(100), new Output(100), new Output(35)];
  for (const output of outputs) track.addOutput(output);
  forward(track, 9);
  expect(outputs.map((output) => output.rtp[0]?.[1])).toEqual([96, 100, 100, 35].map((type) => type | 0x80));
  expect(new Set(outputs.map((output) => output.rtp[0]?.readUInt32BE(8)))).toEqual(new Set([source.ssrc]));
  expect(track.forwardedPackets).toBe(4);
});

test('a player that was taken off gets nothing more (KICK-4)', () => {
  const track = new StreamTrack(codec, source);
  const [gone, stays] = [new Output(96), new Output(96)];
  track.addOutput(gone);
  track.addOutput(stays);
  forward(track, 1);
  track.removeOutput(gone);
  forward(track, 2);
  expect([gone.rtp.length, stays.rtp.length]).toEqual([1, 2]);
});

test('video is kept for sending again under the numbers that players know, audio is not', () => {
  const video = new StreamTrack(codec, source);
  forward(video, 10);
  video.switchSource();
  forward(video, 500, 1_000);
  expect(video.buffer?.find(11)?.subarray(12)).toEqual(Buffer.from([500 & 0xff]));
  expect(new StreamTrack({ name: 'opus', clockRate: 48_000, parameters: '' }, source).buffer).toBeUndefined();
});

test('a player that comes later gets the last sender report at once, unless the source has changed', () => {
  const track = new StreamTrack(codec, source);
  const report = { type: 'sender-report', ssrc: 1, ntpSeconds: 5, ntpFraction: 6, rtpTimestamp: 90 } as const;
  track.forwardSenderReport(report, 0);
  forward(track, 1, 0, 90);
  track.forwardSenderReport(report, 0);
  const late = new Output(96);
  track.addOutput(late);
  expect(late.rtcp.flatMap(parseRtcp)).toEqual([{ ...report, ssrc: source.ssrc }]);
  track.switchSource();
  const later = new Output(96);
  track.addOutput(later);
  expect(later.rtcp).toEqual([]);
});

test('a blocked track hands out nothing, and goes on without a gap when it is let go (RULE-1)', () => {
  const track = new StreamTrack(codec, source);
  const output = new Output(96);
  track.addOutput(output);
  forward(track, 9);
  track.setBlocked(true);
  track.setBlocked(true);
  for (let sequence = 10; sequence < 15; sequence += 1) forward(track, sequence, 1_000);
  track.forwardSenderReport({ type: 'sender-report', ssrc: 1, ntpSeconds: 1, ntpFraction: 1, rtpTimestamp: 1 }, 1_000);
  expect([output.rtp.length, output.rtcp.length]).toEqual([1, 0]);
  track.setBlocked(false);
  forward(track, 15, 2_000);
  expect(output.rtp.map((packet) => packet.readUInt16BE(2))).toEqual([9, 10]);
});
