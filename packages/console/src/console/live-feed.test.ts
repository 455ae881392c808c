import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type EventSourceLike, LiveFeed, REOPEN_DELAY_MS } from './live-feed.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class FakeSource implements EventSourceLike {
  readyState = 0;
  readonly url: string;
  readonly listeners = new Map<string, (event: MessageEvent<string>) => void>();

  constructor(url: string) {
    this.url = url;
  }

  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
    this.listeners.set(type, listener);
  }

  close(): void {
    this.readyState = 2;
  }

  open(): void {
    this.readyState = 1;
    this.#emit('open');
  }

  fail(readyState: number): void {
    this.readyState = readyState;
    this.#emit('error');
  }

  send(type: string, data: object): void {
    this.#emit(type, JSON.stringify(data));
  }

  #emit(type: string, data = ''): void {
    this.listeners.get(type)?.({ data } as MessageEvent<string>);
  }
}

function start() {
  const sources: FakeSource[] = [];
  const seen: string[] = [];
  const feed = new LiveFeed((url) => {
    const source = new FakeSource(url);
    sources.push(source);
    return source;
  });
  feed.listen((event) => seen.push(event.type === 'reset' ? 'reset' : `${event.type} ${event.roomId}`));
  feed.follow('?detail=rooms');
  return { feed, sources, seen };
}

test('hands on the events of rooms, and says whether it is live', () => {
  const { feed, sources, seen } = start();
  expect(feed.state.isLive).toBe(false);
  sources[0]?.open();
  expect(feed.state.isLive).toBe(true);
  sources[0]?.send('room-created', { roomId: 'lobby' });
  sources[0]?.send('somethingElse', { roomId: 'lobby' });
  expect(seen).toEqual(['reset', 'room-created lobby']);
});

test('leaves a lost connection to the browser, and opens a refused one again after 5 s', () => {
  const { feed, sources } = start();
  sources[0]?.open();
  sources[0]?.fail(0);
  expect(feed.state.isLive).toBe(false);
  vi.advanceTimersByTime(REOPEN_DELAY_MS);
  expect(sources).toHaveLength(1);

  sources[0]?.fail(2);
  vi.advanceTimersByTime(REOPEN_DELAY_MS - 1);
  expect(sources).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(sources).toHaveLength(2);
  sources[1]?.open();
  expect(feed.state.isLive).toBe(true);
});

test('opens nothing after it was stopped', () => {
  const { feed, sources } = start();
  sources[0]?.fail(2);
  feed.stop();
  vi.advanceTimersByTime(REOPEN_DELAY_MS);
  expect(sources).toHaveLength(1);
  expect(sources[0]?.readyState).toBe(2);
});

test('follows other events when the page shows something else', () => {
  const { feed, sources } = start();
  feed.follow('?detail=rooms');
  expect(sources.map(({ url }) => url)).toEqual(['/admin/v1/events?detail=rooms']);
  feed.follow('?appId=7&roomId=lobby');
  expect(sources[0]?.readyState).toBe(2);
  expect(sources[1]?.url).toBe('/admin/v1/events?appId=7&roomId=lobby');
});
