/**
 * Interoperation with werift, a WebRTC client in TypeScript whose ICE, DTLS and SRTP share no code with ours, with
 * OpenSSL's, with libdatachannel's or with Chromium's.
 *
 * @module
 */

import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { MediaStreamTrack, RTCPeerConnection, RtpHeader, RtpPacket, useOPUS, useVP8 } from 'werift';
import { SyntheticPeer, waitFor } from '../../tests/synthetic-peer.ts';
import {
  createMediaEngine,
  type MediaEngine,
  type PublishItem,
  type SectionMids,
  type SubscribeItem,
} from '../index.ts';

// A worker process starts, and three clients connect in this one.
vi.setConfig({ testTimeout: 20_000, hookTimeout: 20_000 });

const ALLOWED = { audio: true, video: true };
const PACKETS = 20;
const PAYLOAD_TYPES = { video: 96, audio: 111 } as const;
type Kind = keyof typeof PAYLOAD_TYPES;

let engine: MediaEngine;
const connections: RTCPeerConnection[] = [];
const synthetic: SyntheticPeer[] = [];

beforeAll(async () => {
  engine = createMediaEngine({ transport: 'openssl', ports: 0, announcedAddress: '127.0.0.1' });
  await engine.start();
});
afterEach(async () => {
  for (const peer of synthetic.splice(0)) peer.close();
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
  for (const { peer } of (await engine.dump()).peers) await engine.closePeer(peer);
});
afterAll(() => engine.close());

function createConnection(): RTCPeerConnection {
  const connection = new RTCPeerConnection({
    codecs: {
      audio: [useOPUS({ payloadType: PAYLOAD_TYPES.audio })],
      video: [useVP8({ payloadType: PAYLOAD_TYPES.video })],
    },
    iceServers: [],
  });
  connections.push(connection);
  return connection;
}

async function offer(connection: RTCPeerConnection): Promise<string> {
  await connection.setLocalDescription(await connection.createOffer());
  const { sdp } = connection.localDescription ?? {};
  if (sdp === undefined) throw new Error('werift has no offer');
  return sdp;
}

async function accept(connection: RTCPeerConnection, answer: string): Promise<void> {
  await connection.setRemoteDescription({ type: 'answer', sdp: answer });
  await waitFor(() => connection.connectionState === 'connected');
}

/** The sections of an offer with one of each kind. */
function readMids(sdp: string): SectionMids {
  const sections = sdp.split('\r\nm=').slice(1);
  return Object.fromEntries(sections.map((section) => [section.split(' ', 1)[0], /a=mid:(\S+)/.exec(section)?.[1]]));
}

function negotiate(peer: string, offer: string, publish: PublishItem[], subscribe: SubscribeItem[]) {
  return engine.negotiate({ group: 'room', peer, offer, publish, subscribe });
}

async function isPlayed(): Promise<void> {
  await waitFor(async () => (await engine.dump()).streams[0]?.subscriptions[0]?.state === 'connected');
}

/** Publishes by werift; returns what sends a packet. */
async function publish(): Promise<(kind: Kind, sequence: number) => void> {
  const connection = createConnection();
  const tracks = { audio: new MediaStreamTrack({ kind: 'audio' }), video: new MediaStreamTrack({ kind: 'video' }) };
  for (const track of Object.values(tracks)) connection.addTransceiver(track, { direction: 'sendonly' });
  const sdp = await offer(connection);
  const publishing = [{ stream: 'werift', mids: readMids(sdp), allowed: ALLOWED }];
  const { answer, publish: results } = await negotiate('publisher', sdp, publishing, []);
  expect(results).toEqual([{ kinds: ALLOWED }]);
  await accept(connection, answer);
  return (kind, sequence) => {
    const header = new RtpHeader({ payloadType: PAYLOAD_TYPES[kind], sequenceNumber: sequence, timestamp: sequence });
    tracks[kind].writeRtp(new RtpPacket(header, Buffer.from(`${kind} ${sequence}`)));
  };
}

/** Plays by werift; returns the payloads that arrive. */
async function play(): Promise<string[]> {
  const connection = createConnection();
  const payloads: string[] = [];
  connection.onTrack.subscribe((track) => track.onReceiveRtp.subscribe((rtp) => payloads.push(rtp.payload.toString())));
  for (const kind of ['audio', 'video'] as const) connection.addTransceiver(kind, { direction: 'recvonly' });
  const sdp = await offer(connection);
  const { answer } = await negotiate('player', sdp, [], [{ stream: 'werift', mids: readMids(sdp) }]);
  await accept(connection, answer);
  await isPlayed();
  return payloads;
}

test('werift publishes audio and video, and werift plays them (CONN-1)', async () => {
  const send = await publish();
  const payloads = await play();
  const expected: string[] = [];
  for (let sequence = 1; sequence <= PACKETS; sequence += 1) {
    for (const kind of ['audio', 'video'] as const) {
      send(kind, sequence);
      expected.push(`${kind} ${sequence}`);
    }
  }
  await waitFor(() => payloads.length === expected.length);
  expect(payloads.toSorted()).toEqual(expected.toSorted());
  expect((await engine.dump()).workers[0]?.transport?.datagrams).toMatchObject({ forged: 0, refused: 0, unsent: 0 });
});

test('werift plays what libdatachannel publishes, and libdatachannel what werift publishes (CONN-1)', async () => {
  const send = await publish();
  const player = await SyntheticPeer.subscribe(engine, 'werift', 'synthetic');
  synthetic.push(player);
  await isPlayed();
  for (let sequence = 1; sequence <= PACKETS; sequence += 1) send('video', sequence);
  await waitFor(() => player.rtp.length === PACKETS);
  expect(player.rtp.at(-1)?.toString('latin1').endsWith(`video ${PACKETS}`)).toBe(true);
  await engine.closeStream('werift');
  const publisher = await SyntheticPeer.publish(engine, 'werift');
  synthetic.push(publisher);
  const payloads = await play();
  for (let sequence = 1; sequence <= PACKETS; sequence += 1) publisher.sendRtp({ sequence });
  await waitFor(() => payloads.length === PACKETS);
  expect(payloads.at(-1)?.endsWith(`payload ${PACKETS}`)).toBe(true);
});
