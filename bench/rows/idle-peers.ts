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
  type Stretch,
} from '../harness/media-load.ts';
import { settle } from '../harness/processes.ts';
import { defineRow, type RunningSubject } from '../harness/row.ts';
import type { MediaServerKind, MediaUser, RunningMediaServer } from '../peers/media-server.ts';
import { MEDIA_SERVERS } from '../peers/media-servers.ts';

const PLAYERS = 10;
const PACKETS_PER_SECOND = 200;
const SECONDS = 4;
const IDLE_PEERS = 1_000;
/** Stretches of each server that are not measured: they last until the idle clients have sent their first heartbeats. */
const UNMEASURED = 4;
/** Stretches of each server that are measured; heartbeats come in bursts, and some of these stretches have one. */
const STRETCHES = 7;

/** Two processes of one server: the machine's speed changes within minutes, so that they are measured in turn. */
interface Pair extends RunningSubject {
  readonly alone: RunningMediaServer;
  /** The one with idle peers. */
  readonly beside: RunningMediaServer;
}

async function startPair(kind: MediaServerKind): Promise<Pair> {
  const alone = await kind.start();
  try {
    const beside = await kind.start();
    return {
      alone,
      beside,
      version: alone.version,
      pids: () => [...alone.pids(), ...beside.pids()],
      async stop() {
        await Promise.all([alone.stop(), beside.stop()]);
      },
    };
  } catch (error) {
    await alone.stop();
    throw error;
  }
}

/** One publisher and ten players, without and beside idle peers. */
export const idlePeers = defineRow<Pair>({
  name: 'idle-peers',
  work: `One publisher of ${PACKETS_PER_SECOND} packets/s of ${PACKET_BYTES} bytes to ${PLAYERS} players, ${STRETCHES} times ${SECONDS} s, at each of two processes in turn: one without idle peers, one with ${IDLE_PEERS.toLocaleString('en')}: publishers in rooms of their own, connected, who send nothing.`,
  metrics: [
    { key: 'cpuAlone', label: 'CPU per 10⁶ packets, no idle peers', unit: 's', better: 'lower', goalRatio: 1 },
    {
      key: 'cpuBeside',
      label: `CPU per 10⁶ packets, ${IDLE_PEERS.toLocaleString('en')} idle peers`,
      unit: 's',
      better: 'lower',
      goalRatio: 1,
    },
    {
      key: 'growth',
      label: `CPU per packet beside ${IDLE_PEERS.toLocaleString('en')} idle peers, against none`,
      unit: '×',
      better: 'lower',
      goal: 1.3,
    },
    { key: 'connected', label: 'idle peers that connected', unit: '', better: 'higher', goal: IDLE_PEERS },
    { key: 'p99', label: 'latency p99, the worst of these', unit: 'ms', better: 'lower' },
    ...lossMetrics(', the worst of these'),
  ],
  subjects: MEDIA_SERVERS.map((kind) => ({ ...kind, start: () => startPair(kind) })),
  freshProcess: true,
  rounds: 1,
  async measure({ alone, beside }) {
    const users: MediaUser[] = [];
    const sides: { readonly stretch: Stretch; readonly costs: number[] }[] = [];
    for (const server of [alone, beside]) sides.push({ stretch: await connectRoom(server, users), costs: [] });
    const worst: Record<string, number> = {};
    const measureInTurn = async (turns: number): Promise<void> => {
      for (let turn = 0; turn < turns; turn += 1) {
        for (const { stretch, costs } of sides) {
          const { cpu, ...others } = await measureStretch(stretch);
          costs.push(cpu);
          keepWorst(worst, others);
        }
      }
    };
    let connected = 0;
    const connecting = connectAll(numberRooms(IDLE_PEERS), async (room) => {
      users.push(await publishIn(beside, room));
      connected += 1;
    });
    const areConnected = await connecting.then(
      () => true,
      () => false,
    );
    // A server that cannot hold so many peers has no figure beside them.
    if (areConnected) {
      await settle(beside.pids());
      await measureInTurn(UNMEASURED);
      for (const { costs } of sides) costs.length = 0;
      await measureInTurn(STRETCHES);
    }
    for (const user of users) user.drop();
    const [cpuAlone, cpuBeside] = sides.map(({ costs }) => mean(costs)) as [number, number];
    return { cpuAlone, cpuBeside, growth: cpuBeside / cpuAlone, connected, ...worst };
  },
});

/** Puts a publisher and its players into a room. */
async function connectRoom(server: RunningMediaServer, users: MediaUser[]): Promise<Stretch> {
  const [room = 0] = numberRooms(1);
  const publisher = await publishIn(server, room);
  const players = await connectAll(Array<number>(PLAYERS).fill(room), (one) => playIn(server, one));
  users.push(publisher, ...players);
  return {
    publishers: [publisher.peer],
    players: players.map(({ peer }) => peer),
    packetsPerSecond: PACKETS_PER_SECOND,
    seconds: SECONDS,
    pids: server.pids(),
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
