/**
 * The cost of idle users.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { makeSeats, prepareSeats, seatAll } from '../harness/load.ts';
import { cpuSecondsOf, memoryBytesOf } from '../harness/processes.ts';
import { defineRow } from '../harness/row.ts';
import { ROOM_SERVERS } from '../peers/all.ts';
import { HEARTBEAT_INTERVAL_MS, type RunningRoomServer, subjectsOf } from '../peers/room-server.ts';

const ROOMS = 1000;
const USERS_PER_ROOM = 10;
const USERS = ROOMS * USERS_PER_ROOM;
/** As long as the time between two heartbeats: whichever side begins, each user has one in it. */
const MEASURED_MS = HEARTBEAT_INTERVAL_MS;
const TICK_MS = 50;

/** Ten thousand users who only send heartbeats. */
export const idle = defineRow<RunningRoomServer>({
  name: 'idle',
  work: `${USERS} users in ${ROOMS} rooms, watched for ${MEASURED_MS / 1000} s, in which each has one heartbeat; memory is that of the process with them less that without.`,
  metrics: [
    { key: 'memory', label: 'memory per user', unit: 'KiB', better: 'lower', goal: 12 },
    { key: 'cpu', label: 'server CPU per 1,000 users', unit: 'ms/s', better: 'lower' },
  ],
  subjects: subjectsOf(ROOM_SERVERS, 'idle', { quiet: true }),
  freshProcess: true,
  rounds: 2,
  async measure(server) {
    const seats = makeSeats(ROOMS, USERS_PER_ROOM);
    await prepareSeats(server, seats);
    const memoryBefore = memoryBytesOf(server.pids());
    const users = await seatAll(server, seats);
    await sleep(2000);
    const cpuBefore = cpuSecondsOf(server.pids());
    const beganAtMs = performance.now();
    let beaten = 0;
    while (performance.now() - beganAtMs < MEASURED_MS) {
      const due = ((performance.now() - beganAtMs) / MEASURED_MS) * USERS;
      for (; beaten < due; beaten += 1) users[beaten % USERS]?.beat();
      await sleep(TICK_MS);
    }
    const seconds = (performance.now() - beganAtMs) / 1000;
    const cpu = ((cpuSecondsOf(server.pids()) - cpuBefore) * 1000) / seconds / (USERS / 1000);
    const memory = (memoryBytesOf(server.pids()) - memoryBefore) / USERS / 1024;
    for (const user of users) user.drop();
    return { memory, cpu };
  },
});
