/**
 * The cost of a forwarded packet where there are many small rooms instead of a big one.
 *
 * @module
 */

import {
  connectAll,
  lossMetrics,
  measureStretch,
  numberRooms,
  PACKET_BYTES,
  playIn,
  publishIn,
} from '../harness/media-load.ts';
import { defineRow } from '../harness/row.ts';
import type { RunningMediaServer } from '../peers/media-server.ts';
import { MEDIA_SERVERS } from '../peers/media-servers.ts';

const ROOMS = 100;
const PLAYERS_PER_ROOM = 4;
const PACKETS_PER_SECOND = 25;
const SECONDS = 5;

/** A hundred rooms of one publisher and four players. */
export const manyRooms = defineRow<RunningMediaServer>({
  name: 'many-rooms',
  work: `${ROOMS} rooms, each of a publisher of ${PACKETS_PER_SECOND} packets/s of ${PACKET_BYTES} bytes and ${PLAYERS_PER_ROOM} players, for ${SECONDS} s.`,
  metrics: [
    { key: 'cpu', label: 'CPU per 10⁶ packets', unit: 's', better: 'lower', goalRatio: 1 },
    { key: 'p99', label: 'latency p99', unit: 'ms', better: 'lower', goal: 5 },
    ...lossMetrics(),
  ],
  subjects: MEDIA_SERVERS,
  rounds: 3,
  async measure(server) {
    const rooms = numberRooms(ROOMS);
    const publishers = await connectAll(rooms, (room) => publishIn(server, room));
    const seats = rooms.flatMap((room) => Array<number>(PLAYERS_PER_ROOM).fill(room));
    const players = await connectAll(seats, (room) => playIn(server, room));
    const result = await measureStretch({
      publishers: publishers.map(({ peer }) => peer),
      players: players.map(({ peer }) => peer),
      packetsPerSecond: PACKETS_PER_SECOND,
      seconds: SECONDS,
      pids: server.pids(),
    });
    for (const user of [...players, ...publishers]) user.drop();
    return result;
  },
});
