/**
 * The cost of a forwarded packet: one publisher and ever more players.
 *
 * @module
 */

import {
  connectAll,
  keepWorst,
  lossMetrics,
  measureStretch,
  numberRooms,
  PACKET_BYTES,
  playIn,
  publishIn,
} from '../harness/media-load.ts';
import { defineRow, type Metric } from '../harness/row.ts';
import type { MediaUser, RunningMediaServer } from '../peers/media-server.ts';
import { MEDIA_SERVERS } from '../peers/media-servers.ts';

const PACKETS_PER_SECOND = 200;
const SECONDS = 3;
/** Numbers of players, each with the goal for the CPU time of a packet against the best other server. */
const STEPS = [
  { players: 10, goalRatio: 1 },
  { players: 50, goalRatio: 1 },
  { players: 100, goalRatio: 1 },
  { players: 200, goalRatio: 1 / 0.65 },
];

/** One publisher, 10 to 200 players. */
export const forwarding = defineRow<RunningMediaServer>({
  name: 'forwarding',
  work: `One publisher of ${PACKETS_PER_SECOND} packets/s of ${PACKET_BYTES} bytes, for ${SECONDS} s to each number of players, with the RTCP that is due; the CPU is that of all processes of the server.`,
  metrics: [
    ...STEPS.flatMap(({ players, goalRatio }): Metric[] => [
      { key: `cpu${players}`, label: `CPU per 10⁶ packets, ${players} players`, unit: 's', better: 'lower', goalRatio },
      { key: `p99${players}`, label: `latency p99, ${players} players`, unit: 'ms', better: 'lower', goal: 5 },
    ]),
    ...lossMetrics(', the worst of these'),
  ],
  subjects: MEDIA_SERVERS,
  async measure(server) {
    const [room = 0] = numberRooms(1);
    const publisher = await publishIn(server, room);
    const players: MediaUser[] = [];
    const values: Record<string, number> = {};
    for (const { players: count } of STEPS) {
      const coming = Array<number>(count - players.length).fill(room);
      players.push(...(await connectAll(coming, (one) => playIn(server, one))));
      const { cpu, p99, ...worst } = await measureStretch({
        publishers: [publisher.peer],
        players: players.map(({ peer }) => peer),
        packetsPerSecond: PACKETS_PER_SECOND,
        seconds: SECONDS,
        pids: server.pids(),
      });
      values[`cpu${count}`] = cpu;
      values[`p99${count}`] = p99;
      keepWorst(values, worst);
    }
    for (const user of [...players, publisher]) user.drop();
    return values;
  },
});
