/**
 * The rate of logins.
 *
 * @module
 */

import { makeSeats, prepareSeats, seatAll } from '../harness/load.ts';
import { cpuSecondsOf } from '../harness/processes.ts';
import { defineRow } from '../harness/row.ts';
import { ROOM_SERVERS } from '../peers/all.ts';
import { type RunningRoomServer, subjectsOf } from '../peers/room-server.ts';

const USERS = 5000;
const AT_ONCE = 100;

/** Thousands of users log in at once, to one room and to many. */
export const join = defineRow<RunningRoomServer>({
  name: 'join',
  work: `${USERS} users connect and log in, ${AT_ONCE} at once: to one room, then to 500 rooms.`,
  metrics: [
    { key: 'oneRoom', label: 'logins to one room', unit: '1/s', better: 'higher', goalRatio: 1 },
    { key: 'oneRoomCpu', label: 'server CPU per login to one room', unit: 'µs', better: 'lower', goalRatio: 1 },
    { key: 'manyRooms', label: 'logins to 500 rooms', unit: '1/s', better: 'higher', goalRatio: 1 },
    { key: 'manyRoomsCpu', label: 'server CPU per login to 500 rooms', unit: 'µs', better: 'lower', goalRatio: 1 },
  ],
  subjects: subjectsOf(ROOM_SERVERS, 'join', { quiet: true }),
  rounds: 3,
  async measure(server) {
    const one = await storm(server, 1);
    const many = await storm(server, 500);
    return { oneRoom: one.perSecond, oneRoomCpu: one.cpu, manyRooms: many.perSecond, manyRoomsCpu: many.cpu };
  },
});

async function storm(server: RunningRoomServer, rooms: number): Promise<{ perSecond: number; cpu: number }> {
  const seats = makeSeats(rooms, USERS / rooms);
  await prepareSeats(server, seats);
  const cpuBefore = cpuSecondsOf(server.pids());
  const beganAtMs = performance.now();
  const users = await seatAll(server, seats, undefined, AT_ONCE);
  const seconds = (performance.now() - beganAtMs) / 1000;
  const cpu = ((cpuSecondsOf(server.pids()) - cpuBefore) * 1e6) / USERS;
  for (const roomId of new Set(seats.map((seat) => seat.roomId))) await server.close(roomId);
  for (const user of users) user.drop();
  return { perSecond: USERS / seconds, cpu };
}
