/**
 * Rounds of random failures under load, on three nodes of which one has a wrong wall clock. They run where `GAVEL_CHAOS_ROUNDS` says
 * how many; `GAVEL_CHAOS_SEED` repeats those of another run; `GAVEL_CHAOS_FAILURES` has a part of the names of the failures, such as
 * `SIGSTOP for 30 s`.
 */

import { RawClient } from '@gavel/testkit';
import { NATS_SERVER } from '@gavel/testkit/nats-server';
import { POSTGRES } from '@gavel/testkit/postgres';
import { createRandom } from '@gavel/testkit/random';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findCallbackFaults } from './callback-faults.ts';
import { type Failure, findFailures } from './failures.ts';
import { contradictions, RoomLoad, type Seat } from './room-load.ts';
import { HEALTHY_MS, PATIENCE, TestCluster } from './test-cluster.ts';

const ROUNDS = Number(process.env.GAVEL_CHAOS_ROUNDS ?? 0);
const SEED = Number(process.env.GAVEL_CHAOS_SEED ?? 1);
const FAILURES = findFailures(process.env.GAVEL_CHAOS_FAILURES);
const NODES = ['a', 'b', 'c'] as const;
const HOUR_MS = 3_600_000;
const ROUND_MS = 240_000;
/** Below the limit of barrages per room and second. */
const BACK_PATIENCE = { ...PATIENCE, interval: 60 };

/** A node that has lost a room without hearing of its next owner learns of it from a digest, which is sent every 5 s. */
const DIGEST_PATIENCE = { timeout: 7000, interval: 50 };

/** What one round has shown. */
interface Row {
  readonly round: number;
  readonly failure: string;
  readonly node: string;
  /** From the failure, or the end of one that lasts, until a message in a room of the failed node was accepted at another node, in milliseconds. */
  readonly backMs: number;
  readonly answered: string;
  readonly seconds: number;
  readonly violations: readonly string[];
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.skipIf(NATS_SERVER === '' || POSTGRES === '' || ROUNDS === 0)(
  'failures under load (needs nats-server and postgresql)',
  () => {
    let cluster: TestCluster;
    const rows: Row[] = [];
    /** When the last failure was over. */
    let endedAtMs = 0;
    const random = createRandom(SEED);
    const pick = <T>(among: readonly T[]): T => among[Math.floor(random() * among.length)] as T;

    beforeAll(async () => {
      cluster = await TestCluster.start({ a: {}, b: {}, c: { clockShiftMs: HOUR_MS } });
    }, 300_000);
    afterAll(async () => {
      printTable(rows);
      await cluster?.close();
    }, 60_000);

    /** Runs one round; what has no end in time is a violation too. */
    async function runRound(round: number, failure: Failure): Promise<Row> {
      const failed = pick(NODES);
      const startedAt = performance.now();
      try {
        return await runAt(failed, round, failure);
      } catch (error) {
        const violations = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
        const seconds = (performance.now() - startedAt) / 1000;
        return { round, failure: failure.name, node: failed, backMs: Number.NaN, answered: '', seconds, violations };
      }
    }

    /** Load in three rooms, a failure of one node, and the checks when it is over. */
    async function runAt(failed: string, round: number, failure: Failure): Promise<Row> {
      const others = NODES.filter((node) => node !== failed);
      const startedAt = performance.now();
      // A node may take over rooms when its lease has been without a gap for a while.
      if (failure.stopsCalls && !failure.lasts) await sleep(Math.max(0, endedAtMs + HEALTHY_MS - performance.now()));
      let usable: readonly string[] = NODES;
      const loads = NODES.map((_, index) => new RoomLoad(cluster, `round-${round}-${index}`, random, () => usable));
      // The first user of each room is at its owner; the first room is owned by the node that fails.
      const [first] = loads;
      if (!first) throw new Error('no rooms');
      for (const [index, load] of loads.entries()) {
        const owner = index === 0 ? failed : pick(NODES);
        for (const node of [owner, ...NODES.filter((each) => each !== owner)]) await load.enter(node);
      }
      for (const load of loads) load.start();
      await sleep(500 + random() * 500);

      const beganAt = performance.now();
      if (failure.stopsCalls) usable = others;
      await failure.begin(cluster, failed);
      const speaker = first.seats.find(({ node }) => node !== failed);
      let backMs = Number.NaN;
      try {
        if (speaker && !failure.lasts) backMs = await measureBack(speaker, beganAt);
      } finally {
        await failure.end(cluster, failed);
        endedAtMs = performance.now();
      }
      const endedAt = performance.now();
      if (speaker && failure.lasts) backMs = await measureBack(speaker, endedAt);
      await sleep(500);
      await Promise.all(loads.map((load) => load.stop()));
      for (const node of NODES) await cluster.awaitReady(node);

      const violations = [];
      for (const load of loads) violations.push(...(await check(load, failure, failed)));
      violations.push(...(await closeRooms(loads)));
      const total = sumCounts(loads);
      for (const { client } of loads.flatMap(({ seats }) => seats)) client.cut();
      const seconds = (performance.now() - startedAt) / 1000;
      return { round, failure: failure.name, node: failed, backMs, answered: total, seconds, violations };
    }

    async function measureBack({ client }: Seat, beganAt: number): Promise<number> {
      await expect
        .poll(async () => (await client.request('send', { kind: 'barrage', text: 'back' })).error, BACK_PATIENCE)
        .toBeUndefined();
      return performance.now() - beganAt;
    }

    async function check(load: RoomLoad, failure: Failure, failed: string): Promise<string[]> {
      // What a node has told its own clients before it lost a room may not have happened: they are disconnected within a digest.
      const isTold = ({ node, closeCode }: Seat) => !(failure.closes && node === failed && closeCode !== undefined);
      const decided = () => contradictions(load.seats.filter(isTold)).map((text) => `two deciders: ${text}`);
      await expect
        .poll(decided, DIGEST_PATIENCE)
        .toEqual([])
        .catch(() => undefined);
      const violations = decided();
      for (const seat of load.seats) violations.push(...(await checkSeat(load, seat, failure, failed)));
      for (const userId of load.banned) {
        const isIn = await load.enter(pick(NODES), userId).then(
          () => true,
          () => false,
        );
        if (isIn) violations.push(`${userId} is banned and was let in`);
      }
      // Who stays is in the room, in its first life.
      const stays = load.seats.slice(0, 3).filter(({ closeCode, node }) => closeCode === undefined && node !== failed);
      const [stay] = stays;
      const late = await load.enter(pick(NODES));
      if (stay && late.epoch !== stay.epoch)
        violations.push(`${load.roomId} has the epoch ${late.epoch}, was ${stay.epoch}`);
      return violations;
    }

    async function checkSeat({ banned }: RoomLoad, seat: Seat, { closes }: Failure, failed: string): Promise<string[]> {
      const { userId, node, isRemoved, client, ticket } = seat;
      if (isRemoved) {
        await expect.poll(() => seat.closeCode, PATIENCE).toBeDefined();
        const again = await RawClient.open(cluster.urlOf(pick(NODES)));
        const { error } = await again.request('resume', { ticket, lastSeq: 0 });
        again.cut();
        return error ? [] : [`${userId} was kicked and has resumed`];
      }
      if (seat.closeCode === undefined || banned.includes(userId)) return [];
      const isRemovedBefore = client.events.some(({ event }) => event === 'removed') || seat.closeCode >= 4500;
      // A kick may have taken effect although its call had no answer.
      if (isRemovedBefore || (node === failed && closes)) return [];
      return [`the connection of ${userId} at ${node} was closed with ${seat.closeCode}`];
    }

    /** Closes the rooms, and compares their callbacks with what a room may send. */
    async function closeRooms(loads: readonly RoomLoad[]): Promise<string[]> {
      for (const { roomId } of loads) {
        await expect
          .poll(async () => {
            const { Code } = await cluster.call(pick(NODES), 'CloseRoom', {
              RoomId: roomId,
              RoomCloseCallback: 'true',
            });
            return Code;
          }, PATIENCE)
          .toBe(0);
      }
      const violations = await Promise.all(
        loads.map(async ({ roomId, seats }) => {
          const faults = () => findCallbackFaults(cluster.receiver.received, roomId, seats);
          await expect.poll(() => faults().missing, PATIENCE).toEqual([]);
          return faults().faults;
        }),
      );
      return violations.flat();
    }

    test(`${ROUNDS} rounds of random failures: no two deciders, kicks and bans hold, callbacks are complete and in order (CLUS-2, CLUS-4, CLUS-6, CLUS-7)`, {
      timeout: ROUNDS * ROUND_MS,
    }, async () => {
      for (let round = 1; round <= ROUNDS; round += 1) {
        // The first round kills a node: how long that takes is a promise.
        const failure = round === 1 ? FAILURES[0] : pick(FAILURES);
        if (!failure) throw new Error('no failures');
        const row = await runRound(round, failure);
        if (row.violations.length > 0)
          console.log(`the logs of the nodes are in ${cluster.saveLogs(`round-${round}`)}`);
        rows.push(row);
        console.log(describeRow(row));
      }
      expect(rows.flatMap(({ violations }) => violations)).toEqual([]);
    });
  },
);

function sumCounts(loads: readonly RoomLoad[]): string {
  const total: Record<string, number> = {};
  for (const { counts } of loads) {
    for (const [kind, count] of Object.entries(counts)) total[kind] = (total[kind] ?? 0) + count;
  }
  return Object.entries(total)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ');
}

function describeRow({ round, failure, node, backMs, answered, seconds, violations }: Row): string {
  const back = Number.isNaN(backMs) ? '' : `, back after ${Math.round(backMs)} ms`;
  return `round ${round}: ${failure} of ${node} (${seconds.toFixed(0)} s)${back}; answered: ${answered}; violations: ${violations.length}${violations.map((text) => `\n    ${text}`).join('')}`;
}

function printTable(rows: readonly Row[]): void {
  for (const [failure, same] of Map.groupBy(rows, (row) => row.failure)) {
    const times = same.flatMap(({ backMs }) => (Number.isNaN(backMs) ? [] : Math.round(backMs))).sort((a, b) => a - b);
    const back = times.length > 0 ? `median ${times[Math.floor(times.length / 2)]} ms, worst ${times.at(-1)} ms` : '-';
    const violations = same.reduce((sum, { violations: found }) => sum + found.length, 0);
    console.log(`${failure}: ${same.length} rounds, back: ${back}, violations: ${violations}`);
  }
}
