/**
 * The time until a player has its first packet: connection, login, play, ICE, DTLS, packet.
 *
 * @module
 */

import { setInterval } from 'node:timers';
import { numberRooms, PACKET_BYTES, playIn, publishIn, timeFirstPackets } from '../harness/media-load.ts';
import { cpuSecondsOf } from '../harness/processes.ts';
import { defineRow } from '../harness/row.ts';
import { quantile } from '../harness/run-row.ts';
import type { RunningMediaServer } from '../peers/media-server.ts';
import { MEDIA_SERVERS } from '../peers/media-servers.ts';

const PLAYERS = 100;
const AT_ONCE = 10;
/** Long, so that the CPU is that of connecting and not that of forwarding; it is part of the times. */
const PACKET_INTERVAL_MS = 10;
/** A server with more players without a packet did not do the work of the row. */
const MAX_MISSING_COMPARED = (2 * PLAYERS) / 100;

/** Players come to one stream, first one after another, then some at once. */
export const playerSetup = defineRow<RunningMediaServer>({
  name: 'player-setup',
  work: `${PLAYERS} players come to one stream one after another, then ${PLAYERS} more, ${AT_ONCE} at once; a packet is due every ${PACKET_INTERVAL_MS} ms, and another when a server asks for a key frame.`,
  metrics: [
    { key: 'median', label: 'first packet, one after another, median', unit: 'ms', better: 'lower' },
    { key: 'p99', label: 'first packet, one after another, p99', unit: 'ms', better: 'lower' },
    { key: 'atOnceMedian', label: `first packet, ${AT_ONCE} at once, median`, unit: 'ms', better: 'lower' },
    { key: 'atOnceP99', label: `first packet, ${AT_ONCE} at once, p99`, unit: 'ms', better: 'lower' },
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
      median: quantile(alone.timesMs, 0.5),
      p99: quantile(alone.timesMs, 0.99),
      atOnceMedian: quantile(atOnce.timesMs, 0.5),
      atOnceP99: quantile(atOnce.timesMs, 0.99),
      missing: alone.missing + atOnce.missing,
      cpu,
    };
  },
});
