/**
 * How many rooms, people and streams each App has, now and in the last hour: for the charts of the console.
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { EventBatch } from '../owner/rooms.ts';

/** Time between two samples, in milliseconds. */
export const SAMPLE_INTERVAL_MS = 15_000;
/** Number of samples that are kept: those of one hour. */
export const MAX_SAMPLES = 240;

/** What there is at one moment. */
export interface Occupancy {
  readonly rooms: number;
  /** Logins: a user that has two in a room counts twice. */
  readonly people: number;
  readonly streams: number;
}

/** What there was at one moment. */
export interface OccupancySample extends Occupancy {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
}

interface Sample {
  readonly atMs: number;
  readonly byApp: ReadonlyMap<AppId, Occupancy>;
}

const NOTHING: Occupancy = { rooms: 0, people: 0, streams: 0 };

/** Counts by the events of rooms, and keeps a sample every 15 s. Costs a few additions for each batch of events. */
export class OccupancyHistory {
  readonly #clock: Clock;
  readonly #now = new Map<AppId, Occupancy>();
  readonly #samples: Sample[] = [];
  #stop: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins to take samples. */
  start(): void {
    this.#sample();
    this.#stop = this.#clock.every(SAMPLE_INTERVAL_MS, () => this.#sample());
  }

  /** Ends taking samples. */
  close(): void {
    this.#stop?.();
  }

  /** Counts the events of a room. */
  handle({ key: { appId }, events }: EventBatch): void {
    let { rooms, people, streams } = this.#now.get(appId) ?? NOTHING;
    for (const { type } of events) {
      if (type === 'roomCreated') rooms += 1;
      else if (type === 'roomClosed') rooms -= 1;
      else if (type === 'memberJoined') people += 1;
      else if (type === 'memberLeft') people -= 1;
      else if (type === 'streamAdded') streams += 1;
      else if (type === 'streamRemoved') streams -= 1;
    }
    if (rooms === 0 && people === 0 && streams === 0) this.#now.delete(appId);
    else this.#now.set(appId, { rooms, people, streams });
  }

  /** Returns what there is now in the Apps; without a list, in all of them. */
  current(appIds?: readonly number[]): Occupancy {
    return sumUp(this.#now, appIds);
  }

  /** Returns the samples of the last hour for the Apps, oldest first; without a list, for all of them. */
  samples(appIds?: readonly number[]): OccupancySample[] {
    return this.#samples.map(({ atMs, byApp }) => ({ atMs, ...sumUp(byApp, appIds) }));
  }

  #sample(): void {
    this.#samples.push({ atMs: this.#clock.now(), byApp: new Map(this.#now) });
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
  }
}

function sumUp(byApp: ReadonlyMap<AppId, Occupancy>, appIds?: readonly number[]): Occupancy {
  const chosen = appIds ? appIds.map((appId) => byApp.get(appId as AppId) ?? NOTHING) : [...byApp.values()];
  return chosen.reduce(
    (sum, { rooms, people, streams }) => ({
      rooms: sum.rooms + rooms,
      people: sum.people + people,
      streams: sum.streams + streams,
    }),
    NOTHING,
  );
}
