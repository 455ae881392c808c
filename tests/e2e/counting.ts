/**
 * Looks at the engine's counters around a call.
 *
 * @module
 */

import type { EngineDump } from '@gavel/media';
import type { TestServer } from '@gavel/testkit';
import { expect } from 'vitest';

/** Now, on the engine's clock: milliseconds since the Unix epoch, fractional. */
export const now = (): number => performance.timeOrigin + performance.now();
/** Real time must pass where real packets are counted. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The engine's counters when a call was answered, and a second later. */
export interface Counted {
  readonly answeredAtMs: number;
  readonly atAnswer: EngineDump;
  readonly later: EngineDump;
}

/** Makes a call, and looks at the engine's counters when it is answered and again a second later. */
export async function countAfter({ engine }: TestServer, call: () => Promise<unknown>): Promise<Counted> {
  await call();
  const answeredAtMs = now();
  const atAnswer = await engine.dump();
  await pause(1000);
  return { answeredAtMs, atAnswer, later: await engine.dump() };
}

/** No RTP of the closed publishers was forwarded, and none was sent to the closed players, after the answer (KICK-4). */
export function expectSilence(counted: Counted, peers: { publishers: number; players: number }): void {
  const { answeredAtMs, atAnswer, later } = counted;
  const { closed } = later;
  // A worker that died would have silenced them too.
  expect(later.workers.map(({ restarts }) => restarts)).toEqual(later.workers.map(() => 0));
  expect(atAnswer.closed).toHaveLength(closed.length);
  expect(closed.filter(({ kind }) => kind === 'publisher')).toHaveLength(peers.publishers);
  expect(closed.filter(({ kind }) => kind === 'player')).toHaveLength(peers.players);
  for (const peer of closed) {
    expect(peer.counters.packets, JSON.stringify(closed)).toBeGreaterThan(0);
    expect(peer.closedAtMs).toBeLessThanOrEqual(answeredAtMs);
    expect(peer.counters.lastPacketAtMs).toBeLessThanOrEqual(answeredAtMs);
    expect(peer.packetsAfterClose).toBe(0);
  }
}
