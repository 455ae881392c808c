/**
 * The metrics of rooms, from their events.
 *
 * @module
 */

import { Counter, Gauge, type Registry } from 'prom-client';
import type { EventBatch, EventSink } from '../owner/rooms.ts';

/** Counts what happens in all rooms, by App. */
export class RoomMetrics implements EventSink {
  readonly #rooms: Gauge<'app'>;
  readonly #members: Gauge<'app'>;
  readonly #logins: Counter<'app'>;
  readonly #exits: Counter<'app' | 'cause'>;
  readonly #streams: Counter<'app' | 'cause'>;
  readonly #messages: Counter<'app' | 'kind'>;

  constructor(registry: Registry) {
    const registers = [registry];
    const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames: ['app'] as const, registers });
    this.#rooms = gauge('gavel_rooms', 'Current rooms, by App.');
    this.#members = gauge('gavel_members', 'Current members of rooms, by App.');
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
          this.#rooms.inc({ app });
          break;
        case 'roomClosed':
          this.#rooms.dec({ app });
          break;
        case 'memberJoined':
          this.#logins.inc({ app });
          this.#members.inc({ app });
          break;
        case 'memberLeft':
          this.#exits.inc({ app, cause: event.cause });
          this.#members.dec({ app });
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
