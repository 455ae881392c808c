/**
 * What one forwarded packet costs: one publisher and ever more players.
 *
 * @module
 */

import { MAX_LOST_PERCENT, measureStretch, numberRooms, PACKET_BYTES, playTo } from '../harness/media-load.ts';
import { defineRow, type Metric } from '../harness/row.ts';
import type { MediaUser, RunningMediaServer } from '../peers/media-server.ts';
import { MEDIA_SERVERS } from '../peers/media-servers.ts';

const PACKETS_PER_SECOND = 200;
const SECONDS = 3;
/** How many players, and how many times less than the best of the others Gavel wants to spend on a packet. */
const STEPS = [
  { players: 10, goalRatio: 1 },
  { players: 50, goalRatio: 1 },
  { players: 100, goalRatio: 1 },
  { players: 200, goalRatio: 1 / 0.65 },
];

/** One publisher, 10 to 200 players. */
export const forwarding = defineRow<RunningMediaServer>({
  name: 'forwarding',
  work: `One publisher of ${PACKETS_PER_SECOND} packets/s of ${PACKET_BYTES} bytes, for ${SECONDS} s to each number of players, with all RTCP that is due; the CPU is that of all processes of the server.`,
  metrics: [
    ...STEPS.flatMap(({ players, goalRatio }): Metric[] => [
      { key: `cpu${players}`, label: `CPU per 10⁶ packets, ${players} players`, unit: 's', better: 'lower', goalRatio },
      { key: `p99${players}`, label: `latency p99, ${players} players`, unit: 'ms', better: 'lower', goal: 5 },
    ]),
    { key: 'lost', label: 'packets lost, the worst of these', unit: '%', better: 'lower', goal: MAX_LOST_PERCENT },
    { key: 'load', label: 'the load’s use of its core, the most of these', unit: '%', better: 'lower' },
  ],
  subjects: MEDIA_SERVERS,
  async measure(server) {
    const [room = 0] = numberRooms(1);
    const publisher = await server.publish(room);
    const players: MediaUser[] = [];
    const values: Record<string, number> = { lost: 0, load: 0 };
    for (const { players: count } of STEPS) {
      players.push(...(await playTo(server, Array(count - players.length).fill(room))));
      const result = await measureStretch({
        publishers: [publisher.peer],
        players: players.map(({ peer }) => peer),
        packetsPerSecond: PACKETS_PER_SECOND,
        seconds: SECONDS,
        pids: server.pids(),
      });
      values[`cpu${count}`] = result.cpuPerMillion;
      values[`p99${count}`] = result.latencyP99Ms;
      values.lost = Math.max(values.lost ?? 0, result.lostPercent);
      values.load = Math.max(values.load ?? 0, result.loadPercent);
    }
    for (const user of [...players, publisher]) user.drop();
    return values;
  },
});
