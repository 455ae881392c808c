/**
 * The time until a player has its first packet: connection, login, play, ICE, DTLS, packet.
 *
 * @module
 */

import { setInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { numberRooms, PACKET_BYTES, playIn, publishIn, timeFirstPackets } from '../harness/media-load.ts';
import { cpuSecondsOf } from '../harness/processes.ts';
import { defineRow } from '../harness/row.ts';
import type { RtpStream } from '../harness/rtp-stream.ts';
import { quantile } from '../harness/run-row.ts';
import type { MediaUser, RunningMediaServer } from '../peers/media-server.ts';
import { MEDIA_SERVERS } from '../peers/media-servers.ts';

/** Streams of the room, and members that play all of them one after another. */
const STREAMS = 10;
const VIEWERS = 10;
/** A member plays its first stream so long after its login, when its connection is ready where it has one already. */
const FIRST_PLAY_AFTER_MS = 200;
const PLAYERS = 100;
const AT_ONCE = 10;
/** Long, so that the CPU is that of connecting and not that of forwarding; it is part of the times. */
const PACKET_INTERVAL_MS = 10;
/** A server with more players without a packet did not do the work of the row. */
const MAX_MISSING_COMPARED = (2 * PLAYERS) / 100;

/** The golden ratio: its multiples fall evenly into the interval between two packets. */
const PHASE_STEP = 0.618;

/** Members play one stream after another; then players come to one stream, first one after another, then some at once. */
export const playerSetup = defineRow<RunningMediaServer>({
  name: 'player-setup',
  work: `${VIEWERS} members play the ${STREAMS} streams of a room one after another, each at another moment between two packets; then ${PLAYERS} players come to one stream one after another, then ${PLAYERS} more, ${AT_ONCE} at once; a packet is due every ${PACKET_INTERVAL_MS} ms, and another when a server asks for a key frame.`,
  metrics: [
    { key: 'further', label: 'first packet of a further play, median', unit: 'ms', better: 'lower', goal: 10 },
    { key: 'furtherP99', label: 'first packet of a further play, p99', unit: 'ms', better: 'lower' },
    {
      key: 'first',
      label: 'first packet of the first play after the login, median',
      unit: 'ms',
      better: 'lower',
      goal: 15,
    },
    { key: 'median', label: 'first packet, login included, one after another, median', unit: 'ms', better: 'lower' },
    { key: 'p99', label: 'first packet, login included, one after another, p99', unit: 'ms', better: 'lower' },
    {
      key: 'atOnceMedian',
      label: `first packet, login included, ${AT_ONCE} at once, median`,
      unit: 'ms',
      better: 'lower',
    },
    { key: 'atOnceP99', label: `first packet, login included, ${AT_ONCE} at once, p99`, unit: 'ms', better: 'lower' },
    {
      key: 'missing',
      label: 'players whose first packet did not come',
      unit: '',
      better: 'lower',
      goal: 0,
      faultAbove: MAX_MISSING_COMPARED,
    },
    { key: 'cpu', label: 'server CPU per player', unit: 'ms', better: 'lower' },
  ],
  subjects: MEDIA_SERVERS,
  async measure(server) {
    const { first, further } = await measurePlays(server);
    const [room = 0] = numberRooms(1);
    const publisher = await publishIn(server, room);
    const { packet } = publisher.peer.createPacket(PACKET_BYTES);
    const sending = setInterval(() => publisher.peer.sendRtp(packet), PACKET_INTERVAL_MS);
    const cpuBefore = cpuSecondsOf(server.pids());
    const play = () => playIn(server, room);
    const alone = await timeFirstPackets(play, PLAYERS, 1);
    const atOnce = await timeFirstPackets(play, PLAYERS, AT_ONCE);
    const cpu = ((cpuSecondsOf(server.pids()) - cpuBefore) * 1000) / (2 * PLAYERS);
    clearInterval(sending);
    for (const user of [...alone.users, ...atOnce.users, publisher]) user.drop();
    return {
      first: quantile(first, 0.5),
      further: quantile(further, 0.5),
      furtherP99: quantile(further, 0.99),
      median: quantile(alone.timesMs, 0.5),
      p99: quantile(alone.timesMs, 0.99),
      atOnceMedian: quantile(atOnce.timesMs, 0.5),
      atOnceP99: quantile(atOnce.timesMs, 0.99),
      missing: alone.missing + atOnce.missing,
      cpu,
    };
  },
});

/** The times from a call that plays to the first packet, of the first stream that each member plays, and of the others. */
async function measurePlays(server: RunningMediaServer) {
  const [room = 0] = numberRooms(1);
  const [firstStream = 0, ...otherStreams] = numberRooms(STREAMS);
  const owner = await server.join(room);
  const sources: RtpStream[] = [];
  for (const stream of [firstStream, ...otherStreams]) sources.push(await owner.publish(stream));
  const packets = sources.map((source) => ({ source, packet: source.createPacket(PACKET_BYTES).packet }));
  const sending = setInterval(() => {
    for (const { source, packet } of packets) source.sendRtp(packet);
  }, PACKET_INTERVAL_MS);
  const [first, further]: [number[], number[]] = [[], []];
  try {
    for (let viewer = 0; viewer < VIEWERS; viewer += 1) {
      const member = await server.join(room);
      await sleep(FIRST_PLAY_AFTER_MS);
      const play = async (stream: number): Promise<MediaUser> => ({ peer: await member.play(stream), drop: () => {} });
      first.push(...(await timeFirstPackets(() => play(firstStream), 1, 1)).timesMs);
      for (const stream of otherStreams) {
        // A play that begins with the packet that ended the one before measures the interval of the packets.
        await sleep(PACKET_INTERVAL_MS * ((further.length * PHASE_STEP) % 1));
        further.push(...(await timeFirstPackets(() => play(stream), 1, 1)).timesMs);
      }
      member.drop();
    }
  } finally {
    clearInterval(sending);
    owner.drop();
  }
  return { first, further };
}
