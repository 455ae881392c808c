/**
 * The cost of operations with growing size and number of rooms: the cost per unit of work should be constant.
 *
 *     npm run bench -- curves
 *
 * Gavel alone. Every figure is CPU time of the server's processes for one login, one receiver of a message, one kick,
 * one user of a closed room; each is measured over enough operations that the 10 ms resolution of CPU time does not matter.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { forEachAtOnce, Latch, makeSeats, prepareSeats, seatAll } from './harness/load.ts';
import { cpuSecondsOf, memoryBytesOf } from './harness/processes.ts';
import { describeMachine } from './harness/report.ts';
import { quantile } from './harness/run-row.ts';
import { startGavel } from './peers/gavel.ts';
import type { RunningRoomServer } from './peers/room-server.ts';

const SIZES: readonly (readonly [rooms: number, usersPerRoom: number])[] = [
  [1, 10],
  [1, 100],
  [1, 1000],
  [1, 10_000],
  [10, 10],
  [100, 10],
  [1000, 10],
];
const MIN_LOGINS = 2000;
const MIN_RECEIPTS = 40_000;
const MAX_KICKS = 2000;
const ROUNDS = 3;
const AT_ONCE = 16;
const TEXT = 'x'.repeat(100);

/** CPU time of the server's processes in seconds, by operation. */
class Tally {
  units = 0;
  #cpuSeconds = 0;

  get microseconds(): number {
    return (this.#cpuSeconds * 1e6) / this.units;
  }

  async measure(server: RunningRoomServer, units: number, work: () => Promise<unknown>): Promise<void> {
    const before = cpuSecondsOf(server.pids());
    await work();
    // Includes the work after the answers: closing connections, freeing memory.
    await sleep(units < 1000 ? 10 : 300);
    this.#cpuSeconds += cpuSecondsOf(server.pids()) - before;
    this.units += units;
  }
}

interface Costs {
  readonly login: Tally;
  readonly receiver: Tally;
  readonly kick: Tally;
  readonly close: Tally;
  /** KiB of memory for each user, of each pass. */
  readonly memory: number[];
}

const newCosts = (): Costs => ({
  login: new Tally(),
  receiver: new Tally(),
  kick: new Tally(),
  close: new Tally(),
  memory: [],
});

async function measure(rooms: number, usersPerRoom: number): Promise<Costs> {
  const server = await startGavel({ quiet: true, connections: AT_ONCE });
  try {
    const warmUp = newCosts();
    for (let users = 0; users < 1000; users += rooms * usersPerRoom)
      await pass(server, rooms, usersPerRoom, 10, warmUp);
    const memoryBefore = memoryBytesOf(server.pids());
    const costs = newCosts();
    const passes = Math.ceil(MIN_LOGINS / (rooms * usersPerRoom));
    const messages = Math.ceil(MIN_RECEIPTS / usersPerRoom / passes);
    for (let index = 0; index < passes; index += 1) {
      await pass(server, rooms, usersPerRoom, messages, costs, memoryBefore);
    }
    return costs;
  } finally {
    await server.stop();
  }
}

/** Users log in, receive messages, are kicked; the remaining rooms are closed. */
async function pass(
  server: RunningRoomServer,
  rooms: number,
  usersPerRoom: number,
  messages: number,
  costs: Costs,
  memoryBefore = 0,
): Promise<void> {
  const seats = makeSeats(rooms, usersPerRoom);
  await prepareSeats(server, seats);
  let heard = new Latch(0);
  let out = new Latch(0);
  const events = { onMessage: () => heard.count(), onOut: () => out.count() };
  await costs.login.measure(server, seats.length, () => seatAll(server, seats, () => events));
  costs.memory.push((memoryBytesOf(server.pids()) - memoryBefore) / seats.length / 1024);

  const roomIds = [...new Set(seats.map(({ roomId }) => roomId))];
  heard = new Latch(messages * usersPerRoom);
  await costs.receiver.measure(server, messages * usersPerRoom, async () => {
    const targets = Array.from({ length: messages }, (_, index) => roomIds[index % rooms] ?? '');
    await forEachAtOnce(targets, AT_ONCE, (roomId) => server.say(roomId, TEXT));
    await heard.within(120_000, 'receivers');
  });

  // One user stays in each room: the last kick would also close the room.
  const victims = seats.filter((_, index) => index % usersPerRoom !== 0).slice(0, MAX_KICKS);
  out = new Latch(victims.length);
  await costs.kick.measure(server, victims.length, async () => {
    await forEachAtOnce(victims, AT_ONCE, ({ userId, roomId }) => server.kick(userId, roomId));
    await out.within(120_000, 'victims');
  });

  const left = seats.length - victims.length;
  out = new Latch(left);
  await costs.close.measure(server, left, async () => {
    await forEachAtOnce(roomIds, AT_ONCE, (roomId) => server.close(roomId));
    await out.within(120_000, 'users of closed rooms');
  });
}

console.log(`${describeMachine()}\n`);
console.log('Server CPU in µs, median of rounds; memory in KiB for each user.\n');
console.log('| Rooms | Users in each | Login | Message, each receiver | Kick | Close, each user | Memory |');
console.log('|---|---|---|---|---|---|---|');
const rounds: Costs[][] = SIZES.map(() => []);
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [index, [rooms, users]] of SIZES.entries()) rounds[index]?.push(await measure(rooms, users));
}
for (const [index, [rooms, users]] of SIZES.entries()) {
  const costs = rounds[index] ?? [];
  const cpu = (['login', 'receiver', 'kick', 'close'] as const).map((key) =>
    quantile(
      costs.map((cost) => cost[key].microseconds),
      0.5,
    ).toFixed(1),
  );
  const memory = quantile(
    costs.flatMap((cost) => cost.memory),
    0.5,
  );
  // The memory of a few users is too small compared with that of the process.
  console.log(`| ${rooms} | ${users} | ${cpu.join(' | ')} | ${rooms * users < 1000 ? '' : memory.toFixed(1)} |`);
}
process.exit();
