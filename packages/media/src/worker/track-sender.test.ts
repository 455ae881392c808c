import { describe, expect, test } from 'vitest';
import { createRtpPacket } from '../../tests/rtp-builder.ts';
import { RtpHeader } from '../rtp/rtp-packet.ts';
import type { CodecShape, MediaKind } from '../sdp/codecs.ts';
import { createPipedKind, type SentKind } from '../sdp/negotiate.ts';
import { createCounters } from './counters.ts';
import { Layer } from './layer.ts';
import { Track } from './track.ts';
import { TrackSender } from './track-sender.ts';

const OPUS: CodecShape = { name: 'opus', clockRate: 48_000, parameters: '' };
const VP8: CodecShape = { name: 'VP8', clockRate: 90_000, parameters: '' };
const RED_TYPE = 63;
const TRANSPORT_ID = 5;

interface Sent {
  readonly packet: Buffer;
  readonly isRepetition: boolean;
}

/** A track with one layer, or several, and one sender, whose packets are recorded. */
function createSender(kind: MediaKind, fields: Partial<SentKind> = {}, rtxSsrc?: number, layerCount = 1) {
  const codec = kind === 'audio' ? OPUS : VP8;
  const track = new Track(kind, codec, false);
  const received = createPipedKind(codec, { redPayloadType: RED_TYPE });
  const createLayer = (_: unknown, index: number): Layer =>
    new Layer(
      track,
      index,
      received,
      () => true,
      () => undefined,
    );
  const layers = Array.from({ length: layerCount }, createLayer);
  const [layer] = layers as [Layer];
  track.setLayers(layers);
  const sent: Sent[] = [];
  const repeated: number[] = [];
  let nowMs = 0;
  let transportSequence = 700;
  const peer = {
    send: (packet: Buffer, isRepetition = false) => sent.push({ packet: Buffer.from(packet), isRepetition }) > 0,
    recordSent: () => transportSequence++,
    recordRepetition: (sequence: number) => repeated.push(sequence),
    handleLayersChanged: () => undefined,
    now: () => nowMs,
  };
  const payloadType = kind === 'audio' ? 111 : 96;
  const section = {
    direction: 'sendonly',
    codec: { ...codec, payloadType },
    feedback: [],
    extensions: new Map(),
  } as const;
  const negotiated: SentKind = {
    mid: '0',
    index: 0,
    section,
    codec: section.codec,
    nack: true,
    rtxPayloadType: undefined,
    redPayloadType: undefined,
    extensions: { transportSequence: TRANSPORT_ID, audioLevel: 1 },
    ...fields,
  };
  const source = { ssrc: 9_000, ...(rtxSsrc !== undefined && { rtxSsrc }), cname: 'c', msid: 'm', trackId: 't' };
  const sender = new TrackSender(track, negotiated, source, createCounters(), peer, 3);
  sender.attach();
  const receive = (sequence: number, payload: Buffer, type = payloadType, from = 0) => {
    layers[from]?.receivePiped(
      createRtpPacket({ sequence, timestamp: sequence * 960, payloadType: type, payload, marker: true }),
      nowMs,
    );
  };
  const advance = (ms: number) => {
    nowMs += ms;
  };
  return { sender, layer, sent, repeated, receive, advance };
}

const vp8 = (text: string) => Buffer.concat([Buffer.from([0x90, 0x80, 0x81, 0x23, 0x10]), Buffer.from(text)]);
const sequenceOf = ({ packet }: Sent) => packet.readUInt16BE(2);

describe('a requested packet', () => {
  test.each(['audio', 'video'] as const)('RTX-1: without RTX %s is sent again byte for byte', (kind) => {
    const { sender, sent, repeated, receive, advance } = createSender(kind);
    for (let sequence = 1; sequence <= 4; sequence += 1)
      receive(sequence, kind === 'video' ? vp8(`${sequence}`) : Buffer.from(`${sequence}`));
    advance(10);
    sender.handleNack([sequenceOf(sent[1] as Sent)]);
    expect(sent).toHaveLength(5);
    expect(sent[4]).toEqual({ packet: sent[1]?.packet, isRepetition: true });
    expect(repeated).toEqual([701]);
  });

  test('RTX-1: with RTX it has another SSRC, and numbers of its own', () => {
    const { sender, sent, repeated, receive, advance } = createSender('video', { rtxPayloadType: 97 }, 9_001);
    for (let sequence = 1; sequence <= 3; sequence += 1) receive(sequence, vp8(`${sequence}`));
    const [first, second] = sent.slice(0, 2).map(sequenceOf);
    sender.handleNack([first ?? 0, second ?? 0]);
    advance(100);
    sender.handleNack([first ?? 0]);
    const again = sent.slice(3).map(({ packet, isRepetition }) => {
      const header = new RtpHeader();
      header.read(packet);
      const original = packet.readUInt16BE(header.payloadOffset);
      const transportSequence = header.findExtension16(packet, TRANSPORT_ID);
      return { ssrc: header.ssrc, original, transportSequence, isRepetition };
    });
    const expected = { ssrc: 9_001, isRepetition: false };
    expect(again).toEqual([
      { ...expected, original: first, transportSequence: 703 },
      { ...expected, original: second, transportSequence: 704 },
      { ...expected, original: first, transportSequence: 705 },
    ]);
    const [a = 0, b = 0, c = 0] = sent.slice(3).map(sequenceOf);
    expect([(b - a) & 0xffff, (c - b) & 0xffff]).toEqual([1, 1]);
    expect(repeated).toEqual([]);
  });

  test('audio without redundancy is sent again as it was reduced', () => {
    const { sender, sent, receive } = createSender('audio');
    receive(1, Buffer.concat([Buffer.from([0xef, 0x0f, 0x00, 0x03, 0x6f]), Buffer.from('oldnew')]), RED_TYPE);
    sender.handleNack([sequenceOf(sent[0] as Sent)]);
    expect(sent[1]?.packet).toEqual(sent[0]?.packet);
    expect(sent[0]?.packet.toString('latin1').endsWith('new')).toBe(true);
  });

  test('audio is sent without redundancy while the network is too slow, and not again in another form', () => {
    const { sender, sent, receive } = createSender('audio', { redPayloadType: RED_TYPE });
    const red = (text: string) =>
      Buffer.concat([Buffer.from([0xef, 0x0f, 0x00, 0x03, 0x6f]), Buffer.from(`old${text}`)]);
    receive(1, red('new'), RED_TYPE);
    sender.reduceSound(true);
    expect(sender.isReduced).toBe(true);
    receive(2, red('low'), RED_TYPE);
    const [first, second] = sent as [Sent, Sent];
    expect(first.packet.toString('latin1').endsWith('oldnew')).toBe(true);
    expect(second.packet.includes('old')).toBe(false);
    expect(second.packet.toString('latin1').endsWith('low')).toBe(true);
    expect([first, second].map(({ packet }) => (packet[1] as number) & 0x7f)).toEqual([RED_TYPE, 111]);
    sender.handleNack([sequenceOf(first), sequenceOf(second)]);
    expect(sent.slice(2).map(({ packet }) => packet)).toEqual([second.packet]);
    sender.reduceSound(false);
    sender.handleNack([sequenceOf(second)]);
    expect(sent).toHaveLength(3);
  });

  test('what was lost of a layer is not sent again after a fall to a lower one', () => {
    const { sender, sent, receive } = createSender('video', {}, undefined, 2);
    receive(1, vp8('high'), undefined, 1);
    receive(2, vp8('lost'), undefined, 1);
    sender.limitLayers(0);
    const lost = sequenceOf(sent[1] as Sent);
    sender.handleNack([lost]);
    expect(sent).toHaveLength(3);
    receive(1, vp8('low'));
    sender.handleNack([lost, sequenceOf(sent[3] as Sent)]);
    expect(sent.slice(4).map(({ packet }) => packet)).toEqual([sent[3]?.packet]);
  });

  test('nothing is sent again while the track is blocked, or after a close', () => {
    const { sender, sent, receive } = createSender('audio');
    receive(1, Buffer.from('1'));
    const sequence = sequenceOf(sent[0] as Sent);
    sender.track.setBlocked(true);
    sender.handleNack([sequence]);
    sender.track.setBlocked(false);
    sender.close();
    sender.handleNack([sequence]);
    expect(sent).toHaveLength(1);
  });
});

test('RTX-1: other payload types or extension ids need another sender, because repeated packets would change', () => {
  const { sender } = createSender('audio');
  const { kind, track } = sender;
  expect(sender.matches(track, { ...kind })).toBe(true);
  const changes: Partial<SentKind>[] = [
    { mid: '1' },
    { codec: { ...kind.codec, payloadType: 109 } },
    { rtxPayloadType: 97 },
    { redPayloadType: RED_TYPE },
    { extensions: { ...kind.extensions, transportSequence: 6 } },
    { extensions: { ...kind.extensions, audioLevel: 0 } },
  ];
  expect(changes.filter((change) => sender.matches(track, { ...kind, ...change }))).toEqual([]);
});

test('the publisher of sound gets the highest loss of its subscribers in its next report', () => {
  const { sender, layer, receive } = createSender('audio');
  receive(1, Buffer.from('1'));
  const block = { type: 'report-block', ssrc: 9_000, lastSenderReport: 0, delaySinceLastSenderReport: 0 } as const;
  for (const fractionLost of [10, 51, 20]) sender.handleReportBlock({ ...block, fractionLost });
  expect([layer.report(1_000)?.fractionLost, layer.report(2_000)?.fractionLost]).toEqual([51, 0]);
});

describe('padding', () => {
  test('RTX-1: has the SSRC of retransmissions, numbers of its own, and no payload', () => {
    const { sender, sent, receive } = createSender('video', { rtxPayloadType: 97 }, 9_001);
    for (let sequence = 1; sequence <= 3; sequence += 1) receive(sequence, vp8(`${sequence}`));
    sender.handleNack([sequenceOf(sent[0] as Sent)]);
    const bytes = sender.sendPadding(700, 0);
    const packets = sent.slice(3).map(({ packet, isRepetition }) => {
      const header = new RtpHeader();
      expect(header.read(packet)).toBe(true);
      const { ssrc, payloadType, sequence, paddingBytes } = header;
      expect(header.findExtension16(packet, TRANSPORT_ID)).toBeGreaterThan(702);
      return { ssrc, payloadType, sequence, isEmpty: header.payloadBytes === 0, paddingBytes, isRepetition };
    });
    const [resent, ...padding] = packets;
    const last = resent?.sequence ?? 0;
    const fields = { ssrc: 9_001, payloadType: 97, isEmpty: true, isRepetition: false };
    expect(padding).toEqual([
      { ...fields, sequence: (last + 1) & 0xffff, paddingBytes: 255 },
      { ...fields, sequence: (last + 2) & 0xffff, paddingBytes: 255 },
      { ...fields, sequence: (last + 3) & 0xffff, paddingBytes: 130 },
    ]);
    expect(bytes).toBe(700);
    sender.handleNack([sequenceOf(sent[1] as Sent)]);
    expect(sent.at(-1)?.packet.toString('latin1').endsWith('2')).toBe(true);
    expect((sent.at(-1)?.packet[0] ?? 0) & 0x20).toBe(0);
  });

  test('is not sent without RTX, while the track is blocked (RULE-1), and after a close (KICK-4)', () => {
    const plain = createSender('video');
    expect([plain.sender.canPad, plain.sender.sendPadding(700, 0)]).toEqual([false, 0]);
    const { sender, sent } = createSender('video', { rtxPayloadType: 97 }, 9_001);
    sender.track.setBlocked(true);
    expect([sender.canPad, sender.sendPadding(700, 0)]).toEqual([false, 0]);
    sender.track.setBlocked(false);
    expect(sender.canPad).toBe(true);
    sender.close();
    expect([sender.canPad, sender.sendPadding(700, 0)]).toEqual([false, 0]);
    expect(sent).toEqual([]);
  });
});
