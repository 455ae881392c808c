/**
 * The load of the media rows: publishers that send at a steady rate, and players. All players receive and decrypt; only
 * some count packets and read the clock, because a call for every packet would fill the load's core before the server's.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { MediaUser, RunningMediaServer } from '../peers/media-server.ts';
import { forEachAtOnce, Latch } from './load.ts';
import { cpuSecondsOf, settle } from './processes.ts';
import type { Metric } from './row.ts';
import type { RtpStream } from './rtp-stream.ts';
import { quantile } from './run-row.ts';
import { KEY_FRAME_HEADER_BYTES } from './vp8.ts';

/** Bytes of an RTP packet, as in a usual video. */
export const PACKET_BYTES = 1100;
/** How many players, spread evenly, count their packets and read the clock; more would cause garbage collection. */
const MAX_HEARD = 10;
/** A share of lost packets that counts as none. */
const MAX_LOST_PERCENT = 0.1;
/** A server that loses more than this did not do the work of a media row. */
const MAX_LOST_PERCENT_COMPARED = 10;

const HEADER_BYTES = 20;
/** The number of the stretch, and the sender's clock. */
const STAMP_BYTES = 12;
/** The wait for further packets ends after a pause of this length. */
const DRAIN_MS = 250;
/** A sender that is later than this skips packets: a burst would measure buffers. */
const MAX_LATE_MS = 20;
const REPORT_INTERVAL_MS = 1000;
const WARM_UP_SECONDS = 0.5;
/** Short, because a server with many peers is never completely idle. */
const MAX_SETTLE_MS = 3000;
const FIRST_PACKET_TIMEOUT_MS = 5000;
/** After so many players without a packet the others are not tried: each costs the whole timeout. */
const MAX_WITHOUT_PACKET = 3;

/** The metrics of loss and load that every row of forwarding has. @param which the subject of the metrics, for the label */
export const lossMetrics = (which = ''): readonly Metric[] => [
  {
    key: 'lost',
    label: `packets lost${which}`,
    unit: '%',
    better: 'lower',
    goal: MAX_LOST_PERCENT,
    faultAbove: MAX_LOST_PERCENT_COMPARED,
  },
  { key: 'load', label: `the load’s use of its core${which}`, unit: '%', better: 'lower' },
];

/** One stretch of forwarding. */
export interface Stretch {
  readonly publishers: readonly RtpStream[];
  /** All players; each plays one of the publishers. */
  readonly players: readonly RtpStream[];
  /** Of each publisher. */
  readonly packetsPerSecond: number;
  readonly seconds: number;
  /** The processes of the server. */
  readonly pids: readonly number[];
}

/** The figures of a stretch, under the keys that rows use. */
export type StretchResult = {
  /** CPU seconds of the server per million packets that reached players; not finite when none did. */
  readonly cpu: number;
  /** Milliseconds from the sender's clock to the player's receipt, 99th percentile; not finite when no packet came. */
  readonly p99: number;
  /** Percent of the packets. */
  readonly lost: number;
  /** The load's own use of its core, in percent. */
  readonly load: number;
};

/** Replaces each value by the one of `result` under the same key where that is larger, or where it is not finite. */
export function keepWorst(values: Record<string, number>, result: Readonly<Record<string, number>>): void {
  for (const [key, value] of Object.entries(result)) values[key] = Math.max(values[key] ?? 0, value);
}

/** How many peers connect at the same time. */
const CONNECTING_AT_ONCE = 8;

/** Does the work for each item, as many at a time as peers connect at once; returns the results in order. */
export async function connectAll<T, Result>(
  items: readonly T[],
  work: (item: T) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  await forEachAtOnce(items, CONNECTING_AT_ONCE, async (item, index) => {
    results[index] = await work(item);
  });
  return results;
}

/** Puts a publisher into a room; its stream has the room's number. */
export const publishIn = (server: RunningMediaServer, room: number): Promise<MediaUser> =>
  enter(server, room, 'publish');

/** Puts a player of `publishIn`'s stream into its room. */
export const playIn = (server: RunningMediaServer, room: number): Promise<MediaUser> => enter(server, room, 'play');

async function enter(server: RunningMediaServer, room: number, role: 'publish' | 'play'): Promise<MediaUser> {
  const member = await server.join(room);
  const drop = (): void => member.drop();
  try {
    return { peer: await member[role](room), drop };
  } catch (error) {
    drop();
    throw error;
  }
}

/** The times of players' first packets. */
export interface FirstPackets {
  readonly users: readonly MediaUser[];
  /** From the request of each player whose first packet came to that packet. */
  readonly timesMs: readonly number[];
  /** How many players had no packet in time, or were not tried because too many before them had none. */
  readonly missing: number;
}

/** Connects players, `atOnce` at a time, and times the first packet of each. The wait for it is bounded. */
export async function timeFirstPackets(
  play: () => Promise<MediaUser>,
  players: number,
  atOnce: number,
): Promise<FirstPackets> {
  const users: MediaUser[] = [];
  const timesMs: number[] = [];
  let withoutPacket = 0;
  await forEachAtOnce(Array(players).fill(play), atOnce, async () => {
    if (withoutPacket >= MAX_WITHOUT_PACKET) return;
    const beganAtMs = performance.now();
    const user = await play();
    users.push(user);
    const first = new Latch(1);
    user.peer.onRtp = () => {
      user.peer.onRtp = () => {};
      first.count();
    };
    const hasCome = await first.within(FIRST_PACKET_TIMEOUT_MS, 'the first packet').then(
      () => true,
      () => false,
    );
    if (hasCome) timesMs.push(performance.now() - beganAtMs);
    else withoutPacket += 1;
  });
  return { users, timesMs, missing: players - timesMs.length };
}

let lastRoom = 0;

/** Numbers rooms, new ones at each call. */
export function numberRooms(count: number): readonly number[] {
  lastRoom += count;
  return Array.from({ length: count }, (_, index) => lastRoom - count + index + 1);
}

let lastStretch = 0;

/** Waits until the server has done the work of connecting peers, warms up, and measures a stretch. */
export async function measureStretch(stretch: Stretch): Promise<StretchResult> {
  await settle(stretch.pids, MAX_SETTLE_MS);
  await runStretch({ ...stretch, seconds: WARM_UP_SECONDS });
  return runStretch(stretch);
}

/** Sends for a while and waits until no more packets come. Each player plays one publisher. */
async function runStretch(stretch: Stretch): Promise<StretchResult> {
  const { publishers, players, packetsPerSecond, seconds, pids } = stretch;
  lastStretch += 1;
  const id = lastStretch;
  let received = 0;
  const heard = heardOf(players);
  const latencies = new Float64Array(Math.ceil(heard.length * packetsPerSecond * seconds * 1.2));
  for (const player of heard) {
    player.onRtp = (packet, offset) => {
      // Packets of an earlier stretch do not count.
      const dataOffset = offset + KEY_FRAME_HEADER_BYTES;
      if (packet.length < dataOffset + STAMP_BYTES || packet.readUInt32BE(dataOffset) !== id) return;
      latencies[received % latencies.length] = performance.now() - packet.readDoubleBE(dataOffset + 4);
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
  // The CPU time of a process is not readable after its end.
  if (cpuSeconds < 0) throw new Error('a process of the server ended under the load');
  const expected = (sent * heard.length) / publishers.length;
  // The players that do not count receive as much as those that do.
  const receivedByAll = (received * players.length) / heard.length;
  return {
    cpu: (cpuSeconds * 1e6) / receivedByAll,
    p99: quantile([...latencies.subarray(0, Math.min(received, latencies.length))], 0.99),
    lost: Math.max(0, (1 - received / expected) * 100),
    load: (user + system) / 10 / (performance.now() - beganAtMs),
  };
}

/** Some players, the first and the last among them. */
function heardOf(players: readonly RtpStream[]): RtpStream[] {
  const count = Math.min(MAX_HEARD, players.length);
  const step = count < 2 ? 0 : (players.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, index) => players[Math.round(index * step)] as RtpStream);
}

/** Sends at a steady rate, publishers evenly spread over each interval; returns the number of packets sent. */
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
      slot.packet.writeUInt32BE(id, slot.dataOffset);
      slot.packet.writeDoubleBE(performance.now(), slot.dataOffset + 4);
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
