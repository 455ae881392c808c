/**
 * Reads the engine's counters around a call.
 *
 * @module
 */

import type { EngineDump } from '@gavel/media';
import type { TestServer } from '@gavel/testkit';
import { expect } from 'vitest';

/** Now, on the engine's clock: milliseconds since the Unix epoch, fractional. */
export const now = (): number => performance.timeOrigin + performance.now();
/** Real time must pass, because real packets are counted. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The engine's counters when a call was answered, and a second later. */
export interface Counted {
  readonly answeredAtMs: number;
  readonly atAnswer: EngineDump;
  readonly later: EngineDump;
}

/** Waits until every play has received packets, so that their end can be seen. */
export async function mediaFlows({ engine }: TestServer): Promise<void> {
  const countPackets = async (): Promise<number[]> =>
    (await engine.dump()).streams.flatMap(({ subscriptions }) => subscriptions.map(({ counters }) => counters.packets));
  await expect.poll(countPackets).not.toContain(0);
}

/** Makes a call, and reads the engine's counters at the answer and a second later. */
export async function countAfter({ engine }: TestServer, call: () => Promise<unknown>): Promise<Counted> {
  await call();
  const answeredAtMs = now();
  const atAnswer = await engine.dump();
  await pause(1000);
  return { answeredAtMs, atAnswer, later: await engine.dump() };
}

/** The streams, and the plays of them, whose peer is connected. */
function connectedPeers({ streams }: EngineDump): { publishers: number; players: number } {
  const players = streams.flatMap((stream) => stream.subscriptions);
  return {
    publishers: streams.filter(({ state }) => state === 'connected').length,
    players: players.filter(({ state }) => state === 'connected').length,
  };
}

/**
 * Expects that only the allowed streams and plays are left at the engine when the call is answered, and that the closed ones
 * received and sent no RTP after it (KICK-4). A client that closed its connection before the engine did is not in the
 * list of the closed.
 */
export function expectSilence(
  { answeredAtMs, atAnswer, later }: Counted,
  left: ReturnType<typeof connectedPeers>,
): void {
  // A crashed worker would have stopped the media too.
  expect(later.workers.map(({ restarts }) => restarts)).toEqual(later.workers.map(() => 0));
  expect(connectedPeers(atAnswer)).toEqual(left);
  expect(connectedPeers(later)).toEqual(left);
  expect(later.closed).toHaveLength(atAnswer.closed.length);
  for (const peer of later.closed) {
    expect(peer.counters.packets, JSON.stringify(later.closed)).toBeGreaterThan(0);
    expect(peer.closedAtMs).toBeLessThanOrEqual(answeredAtMs);
    expect(peer.counters.lastPacketAtMs).toBeLessThanOrEqual(answeredAtMs);
    expect(peer.packetsAfterClose).toBe(0);
  }
}
