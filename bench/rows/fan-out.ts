/**
 * The cost of a message to everybody in a large room.
 *
 * @module
 */

import { Latch, makeSeats, prepareSeats, seatAll } from '../harness/load.ts';
import { cpuSecondsOf, settle } from '../harness/processes.ts';
import { defineRow } from '../harness/row.ts';
import { ROOM_SERVERS } from '../peers/all.ts';
import { type RunningRoomServer, subjectsOf } from '../peers/room-server.ts';

const USERS = 5000;
const MESSAGES = 40;
const TEXT = 'x'.repeat(100);

/** One message after another to a room of 5,000. */
export const fanOut = defineRow<RunningRoomServer>({
  name: 'fan-out',
  work: `${MESSAGES} messages of ${TEXT.length} bytes, one after another, to a room of ${USERS}; each is done when the last has it.`,
  metrics: [
    { key: 'cpu', label: 'server CPU per receiver', unit: 'µs', better: 'lower', goal: 5, goalRatio: 1.5 },
    { key: 'last', label: 'call to the last receiver, mean', unit: 'ms', better: 'lower' },
  ],
  subjects: subjectsOf(ROOM_SERVERS, 'say', { quiet: true }),
  async measure(server) {
    const seats = makeSeats(1, USERS);
    await prepareSeats(server, seats);
    let latch = new Latch(0);
    const users = await seatAll(server, seats, () => ({ onMessage: () => latch.count() }));
    const roomId = seats[0]?.roomId ?? '';
    await settle(server.pids());
    const cpuBefore = cpuSecondsOf(server.pids());
    const beganAtMs = performance.now();
    for (let index = 0; index < MESSAGES; index += 1) {
      latch = new Latch(USERS);
      await server.say(roomId, TEXT);
      await latch.within(60_000, 'receivers of a message');
    }
    const last = (performance.now() - beganAtMs) / MESSAGES;
    const cpu = ((cpuSecondsOf(server.pids()) - cpuBefore) * 1e6) / (MESSAGES * USERS);
    await server.close(roomId);
    for (const user of users) user.drop();
    return { cpu, last };
  },
});
