/**
 * How many kicks a server does in a second, each of a user who is in.
 *
 * @module
 */

import { forEachAtOnce, Latch, makeSeats, prepareSeats, seatAll } from '../harness/load.ts';
import { cpuSecondsOf, settle } from '../harness/processes.ts';
import { defineRow } from '../harness/row.ts';
import { ROOM_SERVERS } from '../peers/all.ts';
import { type RunningRoomServer, subjectsOf } from '../peers/room-server.ts';

const USERS = 2000;
const USERS_PER_ROOM = 10;
/** Fewer: some peers take minutes to make and forget thousands of rooms. */
const USERS_ALONE = 500;
const CALLS_AT_ONCE = 32;

/** All users of many rooms are kicked, each by a call of its own. */
export const kickThroughput = defineRow<RunningRoomServer>({
  name: 'kick-throughput',
  work: `A backend kicks ${USERS} users, each by a call of its own, ${CALLS_AT_ONCE} calls at once, until the last victim has been told: first out of rooms of ${USERS_PER_ROOM}, where the others are told too, then ${USERS_ALONE} out of rooms of their own.`,
  metrics: [
    {
      key: 'perSecond',
      label: `kicks, rooms of ${USERS_PER_ROOM}`,
      unit: '1/s',
      better: 'higher',
      goal: 8000,
      goalRatio: 3,
    },
    { key: 'cpu', label: `server CPU per kick, rooms of ${USERS_PER_ROOM}`, unit: 'µs', better: 'lower' },
    { key: 'perSecondAlone', label: 'kicks, rooms of one', unit: '1/s', better: 'higher', goal: 8000, goalRatio: 3 },
    { key: 'cpuAlone', label: 'server CPU per kick, rooms of one', unit: 'µs', better: 'lower' },
  ],
  subjects: subjectsOf(ROOM_SERVERS, 'kick', { quiet: false, connections: CALLS_AT_ONCE }),
  async measure(server) {
    const { perSecond, cpu } = await kickAll(server, USERS, USERS_PER_ROOM);
    const alone = await kickAll(server, USERS_ALONE, 1);
    return { perSecond, cpu, perSecondAlone: alone.perSecond, cpuAlone: alone.cpu };
  },
});

async function kickAll(server: RunningRoomServer, userCount: number, usersPerRoom: number) {
  const seats = makeSeats(userCount / usersPerRoom, usersPerRoom);
  await prepareSeats(server, seats);
  const out = new Latch(seats.length);
  const users = await seatAll(server, seats, () => ({ onOut: () => out.count() }));
  // Room by room the last ones would be alone: across the rooms each call finds a room of about the same size.
  const indexInRoom = (userId: string): number => Number(userId.split('-').at(-1)) % usersPerRoom;
  const order = seats.toSorted((one, other) => indexInRoom(one.userId) - indexInRoom(other.userId));
  await settle(server.pids());
  const cpuBefore = cpuSecondsOf(server.pids());
  const beganAtMs = performance.now();
  await forEachAtOnce(order, CALLS_AT_ONCE, ({ userId, roomId }) => server.kick(userId, roomId));
  await out.within(60_000, 'events of victims');
  const seconds = (performance.now() - beganAtMs) / 1000;
  const cpuSeconds = cpuSecondsOf(server.pids()) - cpuBefore;
  // Not every server ends the connection of who is out.
  for (const user of users) user.drop();
  return { perSecond: seats.length / seconds, cpu: (cpuSeconds * 1e6) / seats.length };
}
