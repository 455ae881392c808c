/**
 * The time until everybody is back after a restart of the server.
 *
 * @module
 */

import { makeSeats, prepareSeats, reconnectAll, seatAll } from '../harness/load.ts';
import { cpuSecondsOf } from '../harness/processes.ts';
import { defineRow } from '../harness/row.ts';
import { ROOM_SERVERS } from '../peers/all.ts';
import { type RunningRoomServer, subjectsOf } from '../peers/room-server.ts';

const ROOMS = 500;
const USERS_PER_ROOM = 10;
const USERS = ROOMS * USERS_PER_ROOM;
const RETRY = { attemptMs: 10_000, pauseMs: 500, limitMs: 60_000 };
/** A server that loses more logins did not do the work of the row. */
const MAX_LOST_COMPARED = USERS / 100;

/** Five thousand clients log in at once to a server that has just started. */
export const reconnectStorm = defineRow<RunningRoomServer>({
  name: 'reconnect-storm',
  work: `${USERS} users in ${ROOMS} rooms; the server is restarted, and when it is ready all of them connect and log in at once, each again ${RETRY.pauseMs} ms after a failed attempt, for at most ${RETRY.limitMs / 1000} s.`,
  metrics: [
    { key: 'last', label: 'ready to the last login', unit: 's', better: 'lower', goalRatio: 1 },
    { key: 'lost', label: 'logins lost', unit: '', better: 'lower', goal: 0, faultAbove: MAX_LOST_COMPARED },
    { key: 'failed', label: 'failed attempts', unit: '', better: 'lower' },
    { key: 'cpu', label: 'server CPU per login', unit: 'µs', better: 'lower', goalRatio: 1 },
    { key: 'down', label: 'begin of the stop to ready', unit: 's', better: 'lower' },
  ],
  subjects: subjectsOf(ROOM_SERVERS, 'restart', { quiet: true }),
  freshProcess: true,
  rounds: 2,
  async measure(server) {
    const seats = makeSeats(ROOMS, USERS_PER_ROOM);
    await prepareSeats(server, seats);
    const before = await seatAll(server, seats);
    const stoppedAtMs = performance.now();
    await server.restart();
    const down = (performance.now() - stoppedAtMs) / 1000;
    for (const user of before) user.drop();
    await prepareSeats(server, seats);
    const cpuBefore = cpuSecondsOf(server.pids());
    const { users, lastMs, failedAttempts } = await reconnectAll(server, seats, RETRY);
    const cpu = ((cpuSecondsOf(server.pids()) - cpuBefore) * 1e6) / users.length;
    for (const user of users) user.drop();
    return { last: lastMs / 1000, lost: USERS - users.length, failed: failedAttempts, cpu, down };
  },
});
