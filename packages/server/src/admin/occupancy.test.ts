import type { AppId } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit';
import { describe, expect, it } from 'vitest';
import type { EventBatch } from '../owner/rooms.ts';
import type { RoomEvent } from '../rooms/events.ts';
import { MAX_SAMPLES, OccupancyHistory, SAMPLE_INTERVAL_MS } from './occupancy.ts';

const batch = (appId: number, ...types: RoomEvent['type'][]): EventBatch =>
  ({ key: { appId: appId as AppId }, events: types.map((type) => ({ type })) }) as unknown as EventBatch;

describe('the occupancy of Apps', () => {
  it('counts rooms, people and streams by their events', () => {
    const history = new OccupancyHistory(new FakeClock());
    history.handle(batch(1, 'roomCreated', 'memberJoined'));
    history.handle(batch(1, 'memberJoined', 'streamReserved', 'streamAdded', 'message'));
    history.handle(batch(2, 'roomCreated', 'memberJoined'));
    expect(history.current()).toEqual({ rooms: 2, people: 3, streams: 1 });
    expect(history.current([1])).toEqual({ rooms: 1, people: 2, streams: 1 });
    expect(history.current([3])).toEqual({ rooms: 0, people: 0, streams: 0 });

    history.handle(batch(1, 'streamRemoved', 'memberLeft', 'memberLeft', 'roomClosed'));
    expect(history.current()).toEqual({ rooms: 1, people: 1, streams: 0 });
  });

  it('is sampled every 15 s, and the samples of the last hour are kept', () => {
    const clock = new FakeClock();
    const history = new OccupancyHistory(clock);
    const startMs = clock.now();
    history.start();
    history.handle(batch(1, 'roomCreated', 'memberJoined'));
    clock.advance(SAMPLE_INTERVAL_MS);
    history.handle(batch(1, 'memberLeft', 'roomClosed'));
    expect(history.samples()).toEqual([
      { atMs: startMs, rooms: 0, people: 0, streams: 0 },
      { atMs: startMs + SAMPLE_INTERVAL_MS, rooms: 1, people: 1, streams: 0 },
    ]);
    expect(history.samples([2]).map(({ rooms }) => rooms)).toEqual([0, 0]);

    for (let count = 0; count < MAX_SAMPLES; count += 1) clock.advance(SAMPLE_INTERVAL_MS);
    expect(history.samples()).toHaveLength(MAX_SAMPLES);
    expect(history.samples()[0]).toEqual({
      atMs: startMs + 2 * SAMPLE_INTERVAL_MS,
      rooms: 0,
      people: 0,
      streams: 0,
    });
    history.close();
    clock.advance(SAMPLE_INTERVAL_MS);
    expect(history.samples().at(-1)?.atMs).toBe(startMs + (MAX_SAMPLES + 1) * SAMPLE_INTERVAL_MS);
  });
});
