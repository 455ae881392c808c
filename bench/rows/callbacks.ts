/**
 * The delivery time of callbacks, and their cost for a kick.
 *
 * @module
 */

import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { forEachAtOnce, makeSeats, prepareSeats, type Seat, seatAll } from '../harness/load.ts';
import { cpuSecondsOf } from '../harness/processes.ts';
import { BASELINE_NAME, defineRow, OWN_NAME, type RunningSubject } from '../harness/row.ts';
import { quantile } from '../harness/run-row.ts';
import { findBaselineRoots, type GavelOptions, startGavel } from '../peers/gavel.ts';
import type { RunningRoomServer } from '../peers/room-server.ts';
import type { ReceiverCommand, ReceiverReport } from '../support/callback-receiver.ts';

const RECEIVER = fileURLToPath(new URL('../support/callback-receiver.ts', import.meta.url));
const ROOMS = 400;
const USERS_PER_ROOM = 10;
/** A logout of every user, a close of every room. */
const EVENTS = ROOMS * USERS_PER_ROOM + ROOMS;
const CALLS_AT_ONCE = 32;
const SINGLE_KICKS = 100;
/** Each in a room of two: a room is made and closed, two log in and go. */
const SINGLE_EVENTS = SINGLE_KICKS * 6;
/** The wait ends after this long without a callback. */
const QUIET_MS = 3000;

interface Callbacks extends RunningSubject {
  readonly receiver: Receiver;
  readonly withCallbacks: RunningRoomServer;
  /** The same without callbacks. */
  readonly withoutCallbacks: RunningRoomServer;
}

/** Callbacks of thousands of kicks. */
export const callbacks = defineRow<Callbacks>({
  name: 'callbacks',
  work: `A backend kicks all ${ROOMS * USERS_PER_ROOM} users out of ${ROOMS} rooms, ${CALLS_AT_ONCE} calls at once, and is told of each of the ${EVENTS} events by a callback; then ${SINGLE_KICKS} single kicks of a server with callbacks and ${SINGLE_KICKS} of one without.`,
  metrics: [
    { key: 'perSecond', label: 'callbacks delivered', unit: '1/s', better: 'higher', goal: 3000 },
    { key: 'cpu', label: 'server CPU per kick and its callback', unit: 'µs', better: 'lower' },
    { key: 'lag', label: 'event to receipt, median', unit: 'ms', better: 'lower' },
    { key: 'lagP99', label: 'event to receipt, p99', unit: 'ms', better: 'lower', goal: 1000 },
    { key: 'lost', label: 'callbacks lost', unit: '', better: 'lower', goal: 0 },
    { key: 'disordered', label: 'out of their room’s order, or twice', unit: '', better: 'lower', goal: 0 },
    { key: 'unsigned', label: 'without a signature', unit: '', better: 'lower', goal: 0 },
    { key: 'kick', label: 'single kick’s answer, median', unit: 'ms', better: 'lower' },
    { key: 'kickWithout', label: 'the same without callbacks', unit: 'ms', better: 'lower' },
  ],
  subjects: [
    { name: OWN_NAME, start: () => start() },
    ...findBaselineRoots().map((root) => ({ name: BASELINE_NAME, start: () => start({ root }) })),
  ],
  async measure({ receiver, withCallbacks, withoutCallbacks }) {
    const seats = makeSeats(ROOMS, USERS_PER_ROOM);
    receiver.reset();
    const users = await seat(withCallbacks, seats);
    const before = await receiver.await(EVENTS);
    const cpuBefore = cpuSecondsOf(withCallbacks.pids());
    const beganAtMs = performance.timeOrigin + performance.now();
    // All first users of the rooms, then all second ones: the order of a room's events is known.
    const order = seats.toSorted((one, other) => placeOf(one) - placeOf(other));
    await forEachAtOnce(order, CALLS_AT_ONCE, ({ userId, roomId }) => withCallbacks.kick(userId, roomId));
    await receiver.await(2 * EVENTS);
    const cpuSeconds = cpuSecondsOf(withCallbacks.pids()) - cpuBefore;
    const { lagsMs, lastAtMs, ...all } = await receiver.report();
    for (const user of users) user.drop();
    const ofKicks = lagsMs.slice(before);
    const values = {
      perSecond: ((all.received - before) * 1000) / (lastAtMs - beganAtMs),
      cpu: (cpuSeconds * 1e6) / EVENTS,
      lag: quantile(ofKicks, 0.5),
      lagP99: quantile(ofKicks, 0.99),
      lost: 2 * EVENTS - all.received,
      disordered: all.disordered,
      unsigned: all.unsigned,
    };
    const times = { kickWithout: await timeKicks(withoutCallbacks), kick: await timeKicks(withCallbacks) };
    // So that the next round finds nothing of this one.
    await receiver.await(all.received + SINGLE_EVENTS);
    return { ...values, ...times };
  },
});

const placeOf = ({ userId }: Seat): number => Number(userId.split('-').at(-1)) % USERS_PER_ROOM;

async function start(checkout?: Pick<GavelOptions, 'root'>): Promise<Callbacks> {
  const receiver = await Receiver.start();
  const options = { quiet: true, connections: CALLS_AT_ONCE, ...checkout };
  const [withCallbacks, withoutCallbacks] = await Promise.all([
    startGavel({ ...options, callbackUrl: receiver.url }),
    startGavel(options),
  ]);
  return {
    version: withCallbacks.version,
    receiver,
    withCallbacks,
    withoutCallbacks,
    async stop() {
      await Promise.all([withCallbacks.stop(), withoutCallbacks.stop()]);
      receiver.stop();
    },
  };
}

async function seat(server: RunningRoomServer, seats: readonly Seat[]) {
  await prepareSeats(server, seats);
  return seatAll(server, seats);
}

/** Kicks users one after another, each out of a room where one stays. @returns the median of the answers' times in ms */
async function timeKicks(server: RunningRoomServer): Promise<number> {
  const seats = makeSeats(SINGLE_KICKS, 2);
  const users = await seat(server, seats);
  const timesMs: number[] = [];
  for (const { userId, roomId } of seats.filter((_, index) => index % 2 === 0)) {
    const beganAtMs = performance.now();
    await server.kick(userId, roomId);
    timesMs.push(performance.now() - beganAtMs);
    await server.close(roomId);
  }
  for (const user of users) user.drop();
  return quantile(timesMs, 0.5);
}

/** The receiver's process, from the outside. */
class Receiver {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  /** Starts it; it runs where the load runs. */
  static async start(): Promise<Receiver> {
    const child = fork(RECEIVER, { execArgv: [] });
    const { url } = await new Promise<{ url: string }>((resolve, reject) => {
      child.once('message', (message) => resolve(message as { url: string }));
      child.once('exit', () => reject(new Error('the callback receiver process ended')));
    });
    return new Receiver(url, child);
  }

  /** Resets its counters. */
  reset(): void {
    this.#send('reset');
  }

  /** Waits for this many callbacks, or until no more arrive; returns their number. */
  async await(count: number): Promise<number> {
    let last = await this.#ask<number>('count');
    for (let quietSinceMs = performance.now(); last < count; ) {
      await sleep(20);
      const received = await this.#ask<number>('count');
      if (received > last) quietSinceMs = performance.now();
      else if (performance.now() - quietSinceMs > QUIET_MS) break;
      last = received;
    }
    return last;
  }

  report(): Promise<ReceiverReport> {
    return this.#ask<ReceiverReport>('report');
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  #ask<T>(command: ReceiverCommand): Promise<T> {
    return new Promise((resolve) => {
      this.#child.once('message', (answer) => resolve(answer as T));
      this.#send(command);
    });
  }

  #send(command: ReceiverCommand): void {
    this.#child.send(command);
  }
}
