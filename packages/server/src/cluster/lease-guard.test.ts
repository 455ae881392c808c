import type { RoomKey } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { beforeEach, expect, test } from 'vitest';
import { KEY } from '../rooms/testing.ts';
import { LeaseGuard } from './lease-guard.ts';

const OTHER_KEY: RoomKey = { ...KEY, roomId: 'other' as never };

let clock: FakeClock;
/** The time in which the process slept: no timer was called. */
let sleptMs: number;
let validUntilMs: number;
let owned: Set<string>;
let rooms: RoomKey[];
let done: string[];
let guard: LeaseGuard;
/** When the media workers end themselves; undefined: never. */
let sendsUntilMs: number | undefined;
/** Settles the closing of media. */
let closed: () => Promise<void>;

const nowMs = (): number => clock.monotonicMs() + sleptMs;

beforeEach(() => {
  clock = new FakeClock();
  sleptMs = 0;
  validUntilMs = clock.monotonicMs() + 3000;
  owned = new Set([KEY.roomId, OTHER_KEY.roomId]);
  rooms = [KEY, OTHER_KEY];
  done = [];
  sendsUntilMs = undefined;
  closed = async () => {};
  guard = new LeaseGuard({
    clock: {
      now: nowMs,
      monotonicMs: nowMs,
      every: (periodMs, callback) => clock.every(periodMs, callback),
      after: (delayMs, callback) => clock.after(delayMs, callback),
    },
    lease: {
      get remainingMs() {
        return validUntilMs - nowMs();
      },
      termOf: ({ roomId }) => (owned.has(roomId) && validUntilMs > nowMs() ? 1 : undefined),
    },
    rooms: {
      keys: () => rooms,
      stateOf: (key) => ({ key }) as never,
      forget: (key) => {
        done.push(`forget ${key.roomId}`);
        rooms = rooms.filter((room) => room !== key);
      },
    },
    media: {
      adopt: ({ key }) => void done.push(`adopt ${key.roomId}`),
      abandon: (key) => {
        done.push(`abandon ${key.roomId}`);
        return closed();
      },
      limitSending: (remainingMs) => {
        sendsUntilMs = remainingMs === undefined ? undefined : nowMs() + remainingMs;
      },
    },
    log: { warn: () => undefined },
    report: (error) => expect.fail(String(error)),
  });
  guard.start();
});

const renew = (): void => {
  validUntilMs = nowMs() + 3000;
};
/** Lets time pass as in a process that runs: in small steps. */
const pass = (ms: number): void => {
  for (let passed = 0; passed < ms; passed += 250) clock.advance(250);
};

test('a lease that is renewed in time changes nothing', () => {
  for (let second = 0; second < 20; second++) {
    renew();
    pass(1000);
  }
  expect(done).toEqual([]);
});

test('5 s after its lease is over, a node has closed the media of all of its rooms, and not much earlier (CLUS-5)', () => {
  pass(3000 + 4500);
  expect(done).toEqual([]);
  pass(250);
  expect(done).toEqual(['abandon room', 'abandon other']);
  pass(10_000);
  expect(done).toHaveLength(2);
});

test('media workers may send for 5 s after the lease, and learn of each renewal (CLUS-5)', () => {
  for (let second = 0; second < 3; second++) {
    renew();
    pass(1000);
    expect(sendsUntilMs).toBe(validUntilMs + 5000);
  }
  // A process that stands still says nothing, and its workers end.
  sleptMs = 30_000;
  expect(sendsUntilMs).toBe(validUntilMs + 5000);
  guard.stop();
  expect(sendsUntilMs).toBeUndefined();
});

test('workers whose media is closed need not end; where it could not be closed, they do (CLUS-5)', async () => {
  pass(250);
  closed = () => new Promise(() => undefined);
  pass(8000);
  await new Promise((resolve) => setImmediate(resolve));
  expect([done.length, sendsUntilMs]).toEqual([2, validUntilMs + 5000]);
  renew();
  pass(250);
  expect(sendsUntilMs).toBe(validUntilMs + 5000);
  closed = async () => {};
  pass(9000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(sendsUntilMs).toBeUndefined();
  renew();
  pass(250);
  expect(sendsUntilMs).toBe(validUntilMs + 5000);
});

test('with a lease again, a node forgets the rooms of others, and goes on with its own (CLUS-2)', () => {
  pass(4000);
  owned.delete(OTHER_KEY.roomId);
  renew();
  pass(250);
  expect(done).toEqual(['forget other', 'abandon other']);
});

test('media that was closed is opened again when the lease is back', () => {
  pass(9000);
  done = [];
  owned.delete(OTHER_KEY.roomId);
  renew();
  pass(250);
  expect(done).toEqual(['forget other', 'abandon other', 'adopt room']);
});

test('a process that has slept through its lease, and got one since, forgets what others have taken (CLUS-2)', () => {
  owned.delete(OTHER_KEY.roomId);
  sleptMs = 30_000;
  renew();
  pass(250);
  expect(done).toEqual(['forget other', 'abandon other']);
});

test('a guard that was stopped does nothing', () => {
  guard.stop();
  pass(20_000);
  expect(done).toEqual([]);
});
