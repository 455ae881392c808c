/**
 * The cost of a forwarded packet in meetings, where everybody publishes and plays everybody else.
 *
 * @module
 */

import { connectAll, lossMetrics, measureStretch, numberRooms, PACKET_BYTES } from '../harness/media-load.ts';
import { defineRow } from '../harness/row.ts';
import type { RunningMediaServer } from '../peers/media-server.ts';
import { MEDIA_SERVERS } from '../peers/media-servers.ts';

const ROOMS = 10;
const MEMBERS_PER_ROOM = 10;
const PACKETS_PER_SECOND = 30;
const SECONDS = 5;

/** Ten meetings of ten. */
export const meeting = defineRow<RunningMediaServer>({
  name: 'meeting',
  work: `${ROOMS} rooms of ${MEMBERS_PER_ROOM} members, each of whom publishes ${PACKETS_PER_SECOND} packets/s of ${PACKET_BYTES} bytes and plays all others of the room, for ${SECONDS} s.`,
  metrics: [
    { key: 'cpu', label: 'CPU per 10⁶ packets', unit: 's', better: 'lower', goalRatio: 1 },
    { key: 'p99', label: 'latency p99', unit: 'ms', better: 'lower' },
    { key: 'setup', label: 'time until all publish and play', unit: 's', better: 'lower' },
    ...lossMetrics(),
  ],
  subjects: MEDIA_SERVERS,
  freshProcess: true,
  rounds: 2,
  async measure(server) {
    const rooms = numberRooms(ROOMS);
    // Streams are numbered over all rooms.
    const seats = rooms.flatMap((room, index) =>
      Array.from({ length: MEMBERS_PER_ROOM }, (_, place) => ({ room, stream: index * MEMBERS_PER_ROOM + place + 1 })),
    );
    const beganAtMs = performance.now();
    const members = await connectAll(seats, async ({ room, stream }) => {
      const member = await server.join(room);
      return { member, room, stream, peer: await member.publish(stream, { ignoresRequests: true }) };
    });
    const plays = members.flatMap(({ member, ...own }) =>
      seats
        .filter(({ room, stream }) => room === own.room && stream !== own.stream)
        .map(({ stream }) => ({ member, stream })),
    );
    const players = await connectAll(plays, ({ member, stream }) => member.play(stream));
    const setup = (performance.now() - beganAtMs) / 1000;
    const result = await measureStretch({
      publishers: members.map(({ peer }) => peer),
      players,
      packetsPerSecond: PACKETS_PER_SECOND,
      seconds: SECONDS,
      pids: server.pids(),
    });
    for (const { member } of members) member.drop();
    return { ...result, setup };
  },
});
