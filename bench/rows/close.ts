/**
 * How fast a full room is closed.
 *
 * @module
 */

import { Latch, makeSeats, prepareSeats, seatAll } from '../harness/load.ts';
import { cpuSecondsOf, settle } from '../harness/processes.ts';
import { defineRow } from '../harness/row.ts';
import { ROOM_SERVERS } from '../peers/all.ts';
import { type RunningRoomServer, subjectsOf } from '../peers/room-server.ts';

const USERS = 5000;

/** One room of 5,000 is closed. */
export const close = defineRow<RunningRoomServer>({
  name: 'close',
  work: `A backend closes a room of ${USERS} users; done when the last of them has been told.`,
  metrics: [
    { key: 'last', label: 'call to the last event', unit: 'ms', better: 'lower', goal: 150, goalRatio: 2 },
    { key: 'answer', label: 'call to its answer', unit: 'ms', better: 'lower' },
    { key: 'cpu', label: 'server CPU per user', unit: 'µs', better: 'lower' },
  ],
  subjects: subjectsOf(ROOM_SERVERS, 'close', { quiet: true }),
  async measure(server) {
    const seats = makeSeats(1, USERS);
    await prepareSeats(server, seats);
    const out = new Latch(USERS);
    const users = await seatAll(server, seats, () => ({ onOut: () => out.count() }));
    await settle(server.pids());
    const cpuBefore = cpuSecondsOf(server.pids());
    const beganAtMs = performance.now();
    await server.close(seats[0]?.roomId ?? '');
    const answeredAtMs = performance.now();
    await out.within(60_000, 'events of the closed room');
    const last = performance.now() - beganAtMs;
    const cpu = ((cpuSecondsOf(server.pids()) - cpuBefore) * 1e6) / USERS;
    for (const user of users) user.drop();
    return { last, answer: answeredAtMs - beganAtMs, cpu };
  },
});
