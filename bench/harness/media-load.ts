/**
 * The load of the media rows: publishers that send at a steady rate, and players, of whom some count and look at the
 * clock. All receive and decrypt; but to hear of every packet would fill the load's core long before the server's.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { MediaUser, RunningMediaServer } from '../peers/media-server.ts';
import { forEachAtOnce } from './load.ts';
import { cpuSecondsOf, settle } from './processes.ts';
import { quantile } from './run-row.ts';
import type { WebRtcPeer } from './webrtc-peer.ts';

/** Bytes of an RTP packet, as long as those of a video usually are. */
export const PACKET_BYTES = 1100;
/** How many players count their packets and look at the clock, spread evenly over all; more make garbage to be collected. */
const MAX_HEARD = 10;
/** A share of lost packets that counts as none. */
export const MAX_LOST_PERCENT = 0.1;

const HEADER_BYTES = 20;
/** After so long without a packet no more are awaited. */
const DRAIN_MS = 250;
/** A sender that is later than this does not make up for it: a burst would measure buffers. */
const MAX_LATE_MS = 20;
const REPORT_INTERVAL_MS = 1000;
const WARM_UP_SECONDS = 0.5;
/** Not long: a server of many peers is never quite still. */
const MAX_SETTLE_MS = 3000;

/** What a stretch of forwarding is to be. */
export interface Stretch {
  readonly publishers: readonly WebRtcPeer[];
  /** All players; each plays one of the publishers. */
  readonly players: readonly WebRtcPeer[];
  /** Of each publisher. */
  readonly packetsPerSecond: number;
  readonly seconds: number;
  /** The processes of the server. */
  readonly pids: readonly number[];
}

/** What came of it. */
export interface StretchResult {
  /** CPU seconds of the server per million packets that reached players. */
  readonly cpuPerMillion: number;
  /** From the sender's clock to the player's receipt. */
  readonly latencyP99Ms: number;
  readonly lostPercent: number;
  /** The load's own use of its core, in percent. */
  readonly loadPercent: number;
}

/** How many players come in at the same time. */
const COMING_AT_ONCE = 8;

/** Puts a player into each of some rooms. */
export async function playTo(server: RunningMediaServer, rooms: readonly number[]): Promise<MediaUser[]> {
  const users: MediaUser[] = [];
  await forEachAtOnce(rooms, COMING_AT_ONCE, async (room, index) => {
    users[index] = await server.play(room);
  });
  return users;
}

let lastRoom = 0;

/** Numbers rooms, new ones at each call. */
export function numberRooms(count: number): readonly number[] {
  lastRoom += count;
  return Array.from({ length: count }, (_, index) => lastRoom - count + index + 1);
}

let lastStretch = 0;

/** Waits until the server has nothing left to do of those who came in, warms up, and measures a stretch. */
export async function measureStretch(stretch: Stretch): Promise<StretchResult> {
  await settle(stretch.pids, MAX_SETTLE_MS);
  await runStretch({ ...stretch, seconds: WARM_UP_SECONDS });
  return runStretch(stretch);
}

/** Sends for a while and waits until what was sent has come. Players all play as many publishers' packets. */
async function runStretch(stretch: Stretch): Promise<StretchResult> {
  const { publishers, players, packetsPerSecond, seconds, pids } = stretch;
  lastStretch += 1;
  const id = lastStretch;
  let received = 0;
  const heard = heardOf(players);
  const latencies = new Float64Array(Math.ceil(heard.length * packetsPerSecond * seconds * 1.2));
  for (const player of heard) {
    player.onRtp = (packet, offset) => {
      // What is left of an earlier stretch does not count.
      if (packet.readUInt32BE(offset) !== id) return;
      latencies[received % latencies.length] = performance.now() - packet.readDoubleBE(offset + 4);
      received += 1;
    };
  }
  const cpuBefore = cpuSecondsOf(pids);
  const loadBefore = process.cpuUsage();
  const beganAtMs = performance.now();
  const sent = await sendAll(stretch, id);
  for (let before = -1; before < received; ) {
    before = received;
    await sleep(DRAIN_MS);
  }
  const { user, system } = process.cpuUsage(loadBefore);
  const cpuSeconds = cpuSecondsOf(pids) - cpuBefore;
  // What a process has used is gone with it.
  if (cpuSeconds < 0) throw new Error('a process of the server ended under the load');
  const expected = (sent * heard.length) / publishers.length;
  // Who is not heard receives as much as who is.
  const receivedByAll = (received * players.length) / heard.length;
  return {
    cpuPerMillion: (cpuSeconds * 1e6) / receivedByAll,
    latencyP99Ms: quantile([...latencies.subarray(0, Math.min(received, latencies.length))], 0.99),
    lostPercent: Math.max(0, (1 - received / expected) * 100),
    loadPercent: (user + system) / 10 / (performance.now() - beganAtMs),
  };
}

/** Some players, the first and the last among them. */
function heardOf(players: readonly WebRtcPeer[]): WebRtcPeer[] {
  const count = Math.min(MAX_HEARD, players.length);
  const step = count < 2 ? 0 : (players.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, index) => players[Math.round(index * step)] as WebRtcPeer);
}

/** Sends at the rate of a clock, publishers evenly spread over each interval; gives how many packets. */
async function sendAll({ publishers, players, packetsPerSecond, seconds }: Stretch, id: number): Promise<number> {
  const slots = publishers.map((publisher) => ({ publisher, ...publisher.createPacket(PACKET_BYTES - HEADER_BYTES) }));
  const packetsPerMs = (packetsPerSecond * publishers.length) / 1000;
  let beganAtMs = performance.now();
  const total = Math.floor(packetsPerSecond * seconds) * publishers.length;
  let sent = 0;
  let reportAtMs = beganAtMs;
  while (sent < total) {
    const nowMs = performance.now();
    beganAtMs = Math.max(beganAtMs, nowMs - MAX_LATE_MS - sent / packetsPerMs);
    const due = Math.min(total, (nowMs - beganAtMs) * packetsPerMs);
    for (; sent < due; sent += 1) {
      const slot = slots[sent % slots.length];
      if (slot === undefined) break;
      slot.packet.writeUInt32BE(id, slot.payloadOffset);
      slot.packet.writeDoubleBE(performance.now(), slot.payloadOffset + 4);
      slot.publisher.sendRtp(slot.packet);
    }
    if (nowMs >= reportAtMs) {
      reportAtMs += REPORT_INTERVAL_MS;
      for (const publisher of publishers) publisher.sendSenderReport();
      for (const player of players) player.sendReceiverReport(players[0]?.highestReceived ?? 0);
    }
    await sleep(1);
  }
  return sent;
}
