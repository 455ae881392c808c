/**
 * A kick of a member with much media: the answer comes when all of it is closed (KICK-4).
 *
 * @module
 */

import { setInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAll, numberRooms, PACKET_BYTES } from '../harness/media-load.ts';
import { defineRow } from '../harness/row.ts';
import { quantile } from '../harness/run-row.ts';
import { findMediaBaseline, gavelMedia } from '../peers/gavel-media.ts';
import type { RunningMediaServer } from '../peers/media-server.ts';

const PLAYED = 25;
const PUBLISHED = 2;
/** So many that those of the warm-up, which are not measured, run most of the code often enough to be compiled. */
const KICKS = 20;
/** Packets of each stream. */
const PACKET_INTERVAL_MS = 40;
/** Media flows for so long before the kick. */
const FLOW_MS = 300;

/** A member that plays 25 streams and publishes 2 is kicked. */
export const kickMedia = defineRow<RunningMediaServer>({
  name: 'kick-media',
  work: `A backend kicks a member that plays ${PLAYED} streams of others and publishes ${PUBLISHED}, ${KICKS} times one after another; a packet of each stream is due every ${PACKET_INTERVAL_MS} ms.`,
  metrics: [
    { key: 'answer', label: 'call to its answer, median', unit: 'ms', better: 'lower', goal: 3 },
    { key: 'answerMax', label: 'call to its answer, the longest', unit: 'ms', better: 'lower' },
  ],
  subjects: [gavelMedia, ...findMediaBaseline()],
  rounds: 3,
  async measure(server) {
    const [room = 0] = numberRooms(1);
    const owners = await connectAll(numberRooms(PLAYED), async (stream) => {
      const member = await server.join(room);
      return { member, stream, peer: await member.publish(stream) };
    });
    const answers: number[] = [];
    const packets = owners.map(({ peer }) => ({ peer, packet: peer.createPacket(PACKET_BYTES).packet }));
    const sending = setInterval(() => {
      for (const { peer, packet } of packets) peer.sendRtp(packet);
    }, PACKET_INTERVAL_MS);
    try {
      for (let round = 0; round < KICKS; round += 1) {
        const victim = await server.join(room);
        for (const stream of numberRooms(PUBLISHED)) await victim.publish(stream, { ignoresRequests: true });
        for (const { stream } of owners) await victim.play(stream);
        await sleep(FLOW_MS);
        const beganAtMs = performance.now();
        await victim.kick?.();
        answers.push(performance.now() - beganAtMs);
        victim.drop();
      }
    } finally {
      clearInterval(sending);
    }
    for (const { member } of owners) member.drop();
    return { answer: quantile(answers, 0.5), answerMax: Math.max(...answers) };
  },
});
