import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RoomUser } from '../peers/room-server.ts';
import { makeSeats, reconnectAll } from './load.ts';

// Fake timers replace the global timers only.
vi.mock('node:timers/promises', () => ({
  setTimeout: (timeoutMs: number) => new Promise<void>((resolve) => setTimeout(resolve, timeoutMs)),
}));

const RETRY = { attemptMs: 1000, pauseMs: 500, limitMs: 5000 };
const userOf = (drop = vi.fn(() => {})) => ({ beat: () => {}, drop });

describe('clients that come back', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('try again until they are in', async () => {
    const join = vi.fn(async () => userOf());
    join.mockRejectedValueOnce(new Error('refused')).mockRejectedValueOnce(new Error('refused'));
    const reconnecting = reconnectAll({ join }, makeSeats(1, 5), RETRY);
    await vi.advanceTimersByTimeAsync(2000);
    expect(await reconnecting).toMatchObject({ users: { length: 5 }, failedAttempts: 2, lastMs: 500 });
  });

  it('are lost after the limit, whether refused or never answered', async () => {
    const join = vi.fn((userId: string): Promise<RoomUser> => {
      if (userId.endsWith('-0')) return Promise.reject(new Error('refused'));
      return userId.endsWith('-1') ? new Promise(() => {}) : Promise.resolve(userOf());
    });
    const reconnecting = reconnectAll({ join }, makeSeats(1, 3), RETRY);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await reconnecting).toMatchObject({ users: { length: 1 }, lastMs: 0 });
  });

  it('end an attempt that is answered too late', async () => {
    const drop = vi.fn(() => {});
    const join = vi.fn(async () => userOf());
    join.mockImplementationOnce(() => new Promise((resolve) => setTimeout(() => resolve(userOf(drop)), 1200)));
    const reconnecting = reconnectAll({ join }, makeSeats(1, 1), RETRY);
    await vi.advanceTimersByTimeAsync(3000);
    expect(await reconnecting).toMatchObject({ users: { length: 1 }, failedAttempts: 1 });
    expect(drop).toHaveBeenCalledOnce();
  });
});
