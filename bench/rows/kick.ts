/**
 * The latency of a kick: from the backend's call to the events of the victim and the others.
 *
 * @module
 */

import { Latch, makeSeats, prepareSeats, seatAll } from '../harness/load.ts';
import { settle } from '../harness/processes.ts';
import { defineRow } from '../harness/row.ts';
import { quantile } from '../harness/run-row.ts';
import { ROOM_SERVERS } from '../peers/all.ts';
import { type RunningRoomServer, subjectsOf } from '../peers/room-server.ts';

const USERS_PER_ROOM = 10;
const KICKS = 200;

/** One kick after another, each in a room of its own. */
export const kick = defineRow<RunningRoomServer>({
  name: 'kick',
  work: `A backend kicks one user out of a room of ${USERS_PER_ROOM}, ${KICKS} times one after another.`,
  metrics: [
    { key: 'victim', label: 'call to victim’s event, median', unit: 'ms', better: 'lower', goal: 2, goalRatio: 3 },
    { key: 'victimP99', label: 'call to victim’s event, p99', unit: 'ms', better: 'lower', goal: 10 },
    { key: 'others', label: 'call to the last other’s event, median', unit: 'ms', better: 'lower' },
    { key: 'othersP99', label: 'call to the last other’s event, p99', unit: 'ms', better: 'lower' },
    { key: 'answer', label: 'call to its answer, median', unit: 'ms', better: 'lower' },
  ],
  subjects: subjectsOf(ROOM_SERVERS, 'kick', { quiet: false }),
  measure: measureKicks,
});

async function measureKicks(server: RunningRoomServer) {
  const [victims, others, answers]: [number[], number[], number[]] = [[], [], []];
  const rooms = Array.from({ length: KICKS }, () => ({
    out: new Latch(1),
    othersOut: new Latch(USERS_PER_ROOM - 1),
    outAtMs: 0,
    othersOutAtMs: 0,
  }));
  const seats = makeSeats(KICKS, USERS_PER_ROOM);
  await prepareSeats(server, seats);
  const users = await seatAll(server, seats, (_seat, index) => {
    const room = rooms[Math.floor(index / USERS_PER_ROOM)];
    return {
      onOut() {
        if (!room) return;
        room.outAtMs = performance.now();
        room.out.count();
      },
      onOtherOut() {
        if (!room) return;
        room.othersOutAtMs = performance.now();
        room.othersOut.count();
      },
    };
  });
  await settle(server.pids());
  for (const [index, room] of rooms.entries()) {
    const victim = seats[index * USERS_PER_ROOM];
    if (!victim) continue;
    const beganAtMs = performance.now();
    await server.kick(victim.userId, victim.roomId);
    answers.push(performance.now() - beganAtMs);
    await room.out.within(10_000, 'the victim’s event');
    await room.othersOut.within(10_000, 'the others’ event');
    victims.push(room.outAtMs - beganAtMs);
    others.push(room.othersOutAtMs - beganAtMs);
  }
  for (const user of users) user.drop();
  return {
    victim: quantile(victims, 0.5),
    victimP99: quantile(victims, 0.99),
    others: quantile(others, 0.5),
    othersP99: quantile(others, 0.99),
    answer: quantile(answers, 0.5),
  };
}
