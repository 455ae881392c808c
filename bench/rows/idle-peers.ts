/**
 * The cost of a forwarded packet beside peers that are connected and send nothing.
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
import { settle } from '../harness/processes.ts';
import { defineRow, type Metric } from '../harness/row.ts';
import type { MediaUser, RunningMediaServer } from '../peers/media-server.ts';
import { MEDIA_SERVERS } from '../peers/media-servers.ts';

const PLAYERS = 10;
const PACKETS_PER_SECOND = 200;
const SECONDS = 4;
/** Beside each number of idle peers it is measured so often; the mean has their heartbeats, which come in bursts. */
const STRETCHES = 5;
/** Numbers of idle peers, ascending, from none. */
const IDLE_PEERS = [0, 300, 1000];
const MOST = IDLE_PEERS.at(-1) ?? 0;

const keyOf = (idlePeers: number): string => `cpu${idlePeers}`;

/** One publisher and ten players beside ever more idle peers. */
export const idlePeers = defineRow<RunningMediaServer>({
  name: 'idle-peers',
  work: `One publisher of ${PACKETS_PER_SECOND} packets/s of ${PACKET_BYTES} bytes to ${PLAYERS} players, for ${STRETCHES} times ${SECONDS} s beside each number of idle peers, and once before that is not measured: publishers in rooms of their own, connected, who send nothing.`,
  metrics: [
    ...IDLE_PEERS.map(
      (count): Metric => ({
        key: keyOf(count),
        label: `CPU per 10⁶ packets, ${count.toLocaleString('en')} idle peers`,
        unit: 's',
        better: 'lower',
        goalRatio: 1,
      }),
    ),
    {
      key: 'growth',
      label: `CPU per packet beside ${MOST.toLocaleString('en')} idle peers, against none`,
      unit: '×',
      better: 'lower',
      goal: 1.3,
    },
    { key: 'connected', label: 'idle peers that connected', unit: '', better: 'higher', goal: MOST },
    { key: 'p99', label: 'latency p99, the worst of these', unit: 'ms', better: 'lower' },
    ...lossMetrics(', the worst of these'),
  ],
  subjects: MEDIA_SERVERS,
  freshProcess: true,
  rounds: 1,
  async measure(server) {
    const [room = 0] = numberRooms(1);
    const publisher = await publishIn(server, room);
    const players = await connectAll(Array<number>(PLAYERS).fill(room), (one) => playIn(server, one));
    const idle: MediaUser[] = [];
    const stretch = {
      publishers: [publisher.peer],
      players: players.map(({ peer }) => peer),
      packetsPerSecond: PACKETS_PER_SECOND,
      seconds: SECONDS,
      pids: server.pids(),
    };
    const values: Record<string, number> = {};
    for (const count of IDLE_PEERS) {
      const connecting = connectAll(numberRooms(count - idle.length), async (one) => {
        idle.push(await publishIn(server, one));
      });
      const areConnected = await connecting.then(
        () => true,
        () => false,
      );
      // A server that cannot hold so many peers has no figure beside them.
      if (!areConnected) break;
      // What a server does because its memory has grown is no cost of idle peers.
      await settle(stretch.pids);
      // Unmeasured: the first packets of a new process, and those after many logins, run code that is not compiled yet.
      await measureStretch(stretch);
      const costs: number[] = [];
      for (let turn = 0; turn < STRETCHES; turn += 1) {
        const { cpu, ...worst } = await measureStretch(stretch);
        costs.push(cpu);
        keepWorst(values, worst);
      }
      values[keyOf(count)] = costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
    }
    values.growth = (values[keyOf(MOST)] ?? Number.NaN) / (values[keyOf(0)] ?? Number.NaN);
    values.connected = idle.length;
    for (const user of [...idle, ...players, publisher]) user.drop();
    return values;
  },
});
