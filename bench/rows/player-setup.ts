/**
 * What it takes until a player sees something: connection, login, play, ICE, DTLS, the first packet.
 *
 * @module
 */

import { setInterval } from 'node:timers';
import { forEachAtOnce, Latch } from '../harness/load.ts';
import { numberRooms, PACKET_BYTES } from '../harness/media-load.ts';
import { cpuSecondsOf } from '../harness/processes.ts';
import { defineRow } from '../harness/row.ts';
import { quantile } from '../harness/run-row.ts';
import type { MediaUser, RunningMediaServer } from '../peers/media-server.ts';
import { MEDIA_SERVERS } from '../peers/media-servers.ts';

const PLAYERS = 100;
const AT_ONCE = 10;
/** Few, so that the CPU is that of coming in and not that of forwarding; their distance is part of the times. */
const PACKET_INTERVAL_MS = 10;

/** Players come to one stream, first one after another, then some at once. */
export const playerSetup = defineRow<RunningMediaServer>({
  name: 'player-setup',
  work: `${PLAYERS} players come to one stream one after another, then ${PLAYERS} more, ${AT_ONCE} at once; a packet is due every ${PACKET_INTERVAL_MS} ms.`,
  metrics: [
    { key: 'median', label: 'first packet, one after another, median', unit: 'ms', better: 'lower' },
    { key: 'p99', label: 'first packet, one after another, p99', unit: 'ms', better: 'lower' },
    { key: 'atOnceMedian', label: `first packet, ${AT_ONCE} at once, median`, unit: 'ms', better: 'lower' },
    { key: 'atOnceP99', label: `first packet, ${AT_ONCE} at once, p99`, unit: 'ms', better: 'lower' },
    { key: 'cpu', label: 'server CPU per player', unit: 'ms', better: 'lower' },
  ],
  subjects: MEDIA_SERVERS,
  async measure(server) {
    const [room = 0] = numberRooms(1);
    const publisher = await server.publish(room);
    const { packet } = publisher.peer.createPacket(PACKET_BYTES);
    const sending = setInterval(() => publisher.peer.sendRtp(packet), PACKET_INTERVAL_MS);
    const cpuBefore = cpuSecondsOf(server.pids());
    const alone = await comeIn(server, room, 1);
    const atOnce = await comeIn(server, room, AT_ONCE);
    const cpu = ((cpuSecondsOf(server.pids()) - cpuBefore) * 1000) / (2 * PLAYERS);
    clearInterval(sending);
    for (const user of [...alone.users, ...atOnce.users, publisher]) user.drop();
    return {
      median: quantile(alone.timesMs, 0.5),
      p99: quantile(alone.timesMs, 0.99),
      atOnceMedian: quantile(atOnce.timesMs, 0.5),
      atOnceP99: quantile(atOnce.timesMs, 0.99),
      cpu,
    };
  },
});

async function comeIn(
  server: RunningMediaServer,
  room: number,
  atOnce: number,
): Promise<{ users: MediaUser[]; timesMs: number[] }> {
  const users: MediaUser[] = [];
  const timesMs: number[] = [];
  await forEachAtOnce(Array(PLAYERS).fill(room), atOnce, async () => {
    const beganAtMs = performance.now();
    const user = await server.play(room);
    users.push(user);
    const first = new Latch(1);
    user.peer.onRtp = () => {
      user.peer.onRtp = () => {};
      first.count();
    };
    await first.within(10_000, 'the first packet');
    timesMs.push(performance.now() - beganAtMs);
  });
  return { users, timesMs };
}
