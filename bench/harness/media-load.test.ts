import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MediaUser } from '../peers/media-server.ts';
import { measureStretch, timeFirstPackets } from './media-load.ts';
import type { RtpStream } from './rtp-stream.ts';
import { KEY_FRAME_HEADER_BYTES } from './vp8.ts';

// Fake timers replace the global timers only.
vi.mock('node:timers/promises', () => ({
  setTimeout: (timeoutMs: number) => new Promise<void>((resolve) => setTimeout(resolve, timeoutMs)),
}));

const HEADER_BYTES = 12;

/** A peer that receives what another sends, or nothing. */
class FakePeer {
  onRtp: ((packet: Buffer, payloadOffset: number) => void) | undefined;
  readonly highestReceived = 0;
  readonly receivers: FakePeer[] = [];

  createPacket(payloadBytes: number) {
    return { packet: Buffer.alloc(HEADER_BYTES + payloadBytes), dataOffset: HEADER_BYTES + KEY_FRAME_HEADER_BYTES };
  }

  sendRtp(packet: Buffer): void {
    for (const { onRtp } of this.receivers) onRtp?.(packet, HEADER_BYTES);
  }

  sendSenderReport(): void {}
  sendReceiverReport(): void {}
}

const asPeer = (peer: FakePeer): RtpStream => peer as unknown as RtpStream;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function measure(delivers: boolean) {
  const [publisher, player] = [new FakePeer(), new FakePeer()];
  if (delivers) publisher.receivers.push(player);
  const stretch = { publishers: [asPeer(publisher)], players: [asPeer(player)], packetsPerSecond: 100, seconds: 1 };
  const measuring = measureStretch({ ...stretch, pids: [process.pid] });
  await vi.advanceTimersByTimeAsync(10_000);
  return measuring;
}

describe('a stretch of media', () => {
  it('counts what came', async () => {
    const { lost, cpu, p99 } = await measure(true);
    expect(lost).toBe(0);
    expect(Number.isFinite(cpu)).toBe(true);
    expect(p99).toBeGreaterThanOrEqual(0);
  });

  it('ends when nothing comes, with everything lost and no other figure', async () => {
    const { lost, cpu, p99 } = await measure(false);
    expect(lost).toBe(100);
    expect(Number.isFinite(cpu)).toBe(false);
    expect(p99).toBeNaN();
  });
});

describe('first packets', () => {
  /** Players of whom some have a packet 30 ms after they came. */
  function playOf(hasPacket: (index: number) => boolean) {
    let count = 0;
    return vi.fn(async (): Promise<MediaUser> => {
      const peer = new FakePeer();
      if (hasPacket(count++)) setTimeout(() => peer.onRtp?.(Buffer.alloc(20), HEADER_BYTES), 30);
      return { peer: asPeer(peer), drop: () => {} };
    });
  }

  it('that never come end the wait of their player, and the others are timed', async () => {
    const play = playOf((index) => index !== 1);
    const timing = timeFirstPackets(play, 4, 1);
    await vi.advanceTimersByTimeAsync(6000);
    const { timesMs, missing, users } = await timing;
    expect(missing).toBe(1);
    expect(users).toHaveLength(4);
    expect(timesMs).toHaveLength(3);
    for (const timeMs of timesMs) expect(timeMs).toBeCloseTo(30, 0);
  });

  it('of a server that sends none are not awaited for every player', async () => {
    const play = playOf(() => false);
    const timing = timeFirstPackets(play, 100, 1);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await timing).toMatchObject({ timesMs: [], missing: 100 });
    expect(play).toHaveBeenCalledTimes(3);
  });
});
