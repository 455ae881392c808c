import type { AppId, RoomId } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { App } from '../apps/app.ts';
import { SlidingWindows } from '../base/sliding-windows.ts';
import { Refusal } from './codes.ts';
import { type RatedAction, RateLimiter } from './rate.ts';

const ACTION: RatedAction = { name: 'Act', rate: { production: 3, test: 1 } };
const app = (appId: number, rateLimits: App['rateLimits'] = {}) => ({ appId: appId as AppId, rateLimits }) as App;

describe('sliding windows', () => {
  const steps = fc.array(fc.nat({ max: 400 }), { minLength: 1, maxLength: 120 });

  test('no second, wherever it starts, admits more than the limit (RATE-3)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), steps, (limit, gaps) => {
        const windows = new SlidingWindows(1000);
        const admitted: number[] = [];
        let nowMs = 0;
        for (const gap of gaps) {
          nowMs += gap;
          const inLastSecond = admitted.filter((timeMs) => timeMs > nowMs - 1000).length;
          const isAdmitted = windows.hasRoom('key', limit, nowMs);
          // Exact both ways: nothing is refused that the rule admits.
          expect(isAdmitted).toBe(inLastSecond < limit);
          if (!isAdmitted) continue;
          windows.record('key', nowMs);
          admitted.push(nowMs);
        }
        for (const start of admitted) {
          expect(admitted.filter((timeMs) => timeMs >= start && timeMs < start + 1000).length).toBeLessThanOrEqual(
            limit,
          );
        }
      }),
    );
  });

  test('keys without an admission in the last window are not held', () => {
    const windows = new SlidingWindows(1000);
    for (let index = 0; index < 10_000; index += 1) {
      windows.hasRoom(`asked-${index}`, 1, index);
      windows.record(`key-${index}`, index);
    }
    expect(windows.size).toBe(1000);
  });
});

describe('limits of Actions', () => {
  const clock = new FakeClock();

  function tryCall(
    limiter: RateLimiter,
    who: App,
    environment: 'production' | 'test' = 'production',
    action = ACTION,
    room?: string,
  ) {
    const key = room === undefined ? undefined : { appId: who.appId, environment, roomId: room as RoomId };
    try {
      limiter.checkApp(action, who, environment);
      if (key) limiter.checkRoom(action, key);
    } catch (error) {
      if (error instanceof Refusal) return error.returnCode.code;
      throw error;
    }
    limiter.count(action, who, environment, key);
    return 0;
  }

  test('are per App, Action and environment (RATE-1)', () => {
    const limiter = new RateLimiter(clock);
    expect([1, 2, 3, 4].map(() => tryCall(limiter, app(1)))).toEqual([0, 0, 0, 206]);
    expect(tryCall(limiter, app(2))).toBe(0);
    expect(tryCall(limiter, app(1), 'production', { ...ACTION, name: 'Other' })).toBe(0);
    expect([1, 2].map(() => tryCall(limiter, app(1), 'test'))).toEqual([0, 206]);
  });

  test('are back when the second is over, to the millisecond (RATE-3)', () => {
    const limiter = new RateLimiter(clock);
    expect([1, 2, 3].map(() => tryCall(limiter, app(1)))).toEqual([0, 0, 0]);
    clock.advance(999);
    expect(tryCall(limiter, app(1))).toBe(206);
    clock.advance(1);
    expect([1, 2, 3, 4].map(() => tryCall(limiter, app(1)))).toEqual([0, 0, 0, 206]);
  });

  test('may be set per App and Action, one environment alone too; 0 admits nothing (RATE-3)', () => {
    const limiter = new RateLimiter(clock);
    const own = app(1, { Act: { production: 0 } });
    expect(tryCall(limiter, own)).toBe(206);
    expect([1, 2].map(() => tryCall(limiter, own, 'test'))).toEqual([0, 206]);
    expect([1, 2].map(() => tryCall(limiter, app(2, { Act: { production: 1 } })))).toEqual([0, 206]);
  });

  test('a room has its own limit beside: 207, which uses nothing of the App up (RATE-2, RATE-4)', () => {
    const limiter = new RateLimiter(clock);
    const action: RatedAction = { ...ACTION, roomRate: { calls: 1, windowMs: 10_000 } };
    const callRoom = (room: string) => tryCall(limiter, app(1), 'production', action, room);
    expect([callRoom('a'), callRoom('a'), callRoom('a'), callRoom('b'), callRoom('c'), callRoom('d')]).toEqual([
      0, 207, 207, 0, 0, 206,
    ]);
    clock.advance(9_999);
    expect(callRoom('a')).toBe(207);
    clock.advance(1);
    expect(callRoom('a')).toBe(0);
  });
});
