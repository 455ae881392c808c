/**
 * The metrics of rooms, from their events.
 *
 * @module
 */

import { Counter, Gauge, type Registry } from 'prom-client';
import type { EventBatch, EventSink } from '../owner/rooms.ts';

/** A gauge by App that looks up its labels when metrics are collected, not at each change: a removal waits for its metrics. */
class CountByApp {
  readonly #counts = new Map<string, number>();

  constructor(registry: Registry, name: string, help: string) {
    const counts = this.#counts;
    new Gauge({
      name,
      help,
      labelNames: ['app'],
      registers: [registry],
      collect() {
        for (const [app, count] of counts) this.set({ app }, count);
      },
    });
  }

  add(app: string, difference: number): void {
    this.#counts.set(app, (this.#counts.get(app) ?? 0) + difference);
  }
}

/** Counts what happens in all rooms, by App. */
export class RoomMetrics implements EventSink {
  readonly #rooms: CountByApp;
  readonly #members: CountByApp;
  readonly #logins: Counter<'app'>;
  readonly #exits: Counter<'app' | 'cause'>;
  readonly #streams: Counter<'app' | 'cause'>;
  readonly #messages: Counter<'app' | 'kind'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#rooms = new CountByApp(registry, 'gavel_rooms', 'Current rooms, by App.');
    this.#members = new CountByApp(registry, 'gavel_members', 'Current members of rooms, by App.');
    this.#logins = new Counter({
      name: 'gavel_logins_total',
      help: 'Members that joined a room, by App.',
      labelNames: ['app'],
      registers,
    });
    this.#exits = new Counter({
      name: 'gavel_exits_total',
      help: 'Members that left, by App and cause.',
      labelNames: ['app', 'cause'],
      registers,
    });
    this.#streams = new Counter({
      name: 'gavel_streams_ended_total',
      help: 'Streams that ended, by App and cause.',
      labelNames: ['app', 'cause'],
      registers,
    });
    this.#messages = new Counter({
      name: 'gavel_messages_total',
      help: 'Messages sent to rooms, by App and kind.',
      labelNames: ['app', 'kind'],
      registers,
    });
  }

  handle({ key, events }: EventBatch): void {
    const app = String(key.appId);
    for (const event of events) {
      switch (event.type) {
        case 'roomCreated':
          this.#rooms.add(app, 1);
          break;
        case 'roomClosed':
          this.#rooms.add(app, -1);
          break;
        case 'memberJoined':
          this.#logins.inc({ app });
          this.#members.add(app, 1);
          break;
        case 'memberLeft':
          this.#exits.inc({ app, cause: event.cause });
          this.#members.add(app, -1);
          break;
        case 'streamRemoved':
          this.#streams.inc({ app, cause: event.cause });
          break;
        case 'message':
          this.#messages.inc({ app, kind: event.kind });
          break;
      }
    }
  }
}
