/**
 * What a forwarded packet costs where there are many small rooms instead of a big one.
 *
 * @module
 */

import { forEachAtOnce } from '../harness/load.ts';
import { MAX_LOST_PERCENT, measureStretch, numberRooms, PACKET_BYTES, playTo } from '../harness/media-load.ts';
import { defineRow } from '../harness/row.ts';
import type { MediaUser, RunningMediaServer } from '../peers/media-server.ts';
import { MEDIA_SERVERS } from '../peers/media-servers.ts';

const ROOMS = 100;
const PLAYERS_PER_ROOM = 4;
const PACKETS_PER_SECOND = 25;
const SECONDS = 5;
const AT_ONCE = 8;

/** A hundred rooms of one publisher and four players. */
export const manyRooms = defineRow<RunningMediaServer>({
  name: 'many-rooms',
  work: `${ROOMS} rooms, each of a publisher of ${PACKETS_PER_SECOND} packets/s of ${PACKET_BYTES} bytes and ${PLAYERS_PER_ROOM} players, for ${SECONDS} s.`,
  metrics: [
    { key: 'cpu', label: 'CPU per 10⁶ packets', unit: 's', better: 'lower', goalRatio: 1 },
    { key: 'p99', label: 'latency p99', unit: 'ms', better: 'lower', goal: 5 },
    { key: 'lost', label: 'packets lost', unit: '%', better: 'lower', goal: MAX_LOST_PERCENT },
    { key: 'load', label: 'the load’s use of its core', unit: '%', better: 'lower' },
  ],
  subjects: MEDIA_SERVERS,
  rounds: 3,
  async measure(server) {
    const rooms = numberRooms(ROOMS);
    const publishers: MediaUser[] = [];
    await forEachAtOnce(rooms, AT_ONCE, async (room, index) => {
      publishers[index] = await server.publish(room);
    });
    const players = await playTo(
      server,
      rooms.flatMap((room) => Array<number>(PLAYERS_PER_ROOM).fill(room)),
    );
    const result = await measureStretch({
      publishers: publishers.map(({ peer }) => peer),
      players: players.map(({ peer }) => peer),
      packetsPerSecond: PACKETS_PER_SECOND,
      seconds: SECONDS,
      pids: server.pids(),
    });
    for (const user of [...players, ...publishers]) user.drop();
    return {
      cpu: result.cpuPerMillion,
      p99: result.latencyP99Ms,
      lost: result.lostPercent,
      load: result.loadPercent,
    };
  },
});
