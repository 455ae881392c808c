/**
 * Live events in the admin API, as server-sent events (`text/event-stream`).
 *
 * @module
 */

import type { AdminIdentity, EventsQuery, LiveEvent } from '@gavel/protocol/admin';
import { EVENTS_QUERY } from '@gavel/protocol/admin';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../base/clock.ts';
import { callerOf, judgeAgain } from './caller.ts';
import { AdminError } from './errors.ts';
import { summariseRooms } from './live-events.ts';
import { mayAccessApp, maySeeAddresses } from './roles.ts';
import type { SharedLiveEvents } from './shared-live-events.ts';

/** The dependencies of the routes. */
export interface EventRouteDeps {
  readonly live: Pick<SharedLiveEvents, 'read' | 'subscribe'>;
  readonly clock: Clock;
}

/** Maximum number of open streams. */
const MAX_STREAMS = 200;
/** Interval at which a stream is kept open, and at which its caller is judged again, in milliseconds. */
const HEARTBEAT_MS = 15_000;
/** A stream whose client has not read this many bytes is closed; the client comes back and continues. */
const MAX_UNREAD_BYTES = 1024 * 1024;

/** Adds `/events`. */
export function addEventRoutes(scope: FastifyInstance, { live, clock }: EventRouteDeps): void {
  let streamCount = 0;
  scope.get(
    '/events',
    {
      config: { right: 'read' },
      schema: {
        summary:
          'Streams what changes in rooms, as server-sent events. A client that sends `Last-Event-ID` continues there; the event `reset` says that events are missing, so that lists must be read again',
        querystring: EVENTS_QUERY,
        produces: ['text/event-stream'],
      },
    },
    async (request, reply) => {
      const query = request.query as EventsQuery;
      if (query.roomId !== undefined && query.appId === undefined) {
        throw new AdminError('invalid-request', 'roomId: needs appId');
      }
      if (streamCount >= MAX_STREAMS) throw new AdminError('limited', `There are ${MAX_STREAMS} streams already`);
      const caller = callerOf(request);
      const lastId = request.headers['last-event-id'] ?? query.lastEventId;
      const resumed = typeof lastId === 'string' ? lastId : undefined;
      const { isComplete, lastId: newestId } = await live.read(resumed);
      const first = isComplete && resumed !== undefined ? resumed : newestId;
      const { raw } = reply;
      reply.hijack();
      if (raw.destroyed) return;

      streamCount += 1;
      raw.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      const kind = isComplete ? 'ready' : 'reset';
      raw.write(`retry: 2000\nid: ${first}\nevent: ${kind}\ndata: {}\n\n`);

      const write = (text: string): void => {
        if (raw.writableLength > MAX_UNREAD_BYTES) raw.destroy();
        else raw.write(text);
      };
      const stream = {
        handle: (events: readonly LiveEvent[], id: string) =>
          write(printEvents(selectEvents(events, query, caller), id)),
        end: () => void raw.end(),
      };
      const unsubscribe = live.subscribe(stream, first);
      const stopHeartbeat = clock.every(HEARTBEAT_MS, () => {
        // A revoked or expired token ends its streams, too.
        judgeAgain(request).then(
          () => write(': heartbeat\n\n'),
          () => raw.end(),
        );
      });
      raw.on('close', () => {
        streamCount -= 1;
        unsubscribe();
        stopHeartbeat();
      });
    },
  );
}

/** Returns the events that a stream shows, as the caller may see them. */
function selectEvents(events: readonly LiveEvent[], query: EventsQuery, caller: AdminIdentity): LiveEvent[] {
  const { appId, environment, roomId, detail = roomId === undefined ? 'rooms' : 'people' } = query;
  const own = events.filter(
    (event) =>
      mayAccessApp(caller, event.appId) &&
      (appId === undefined || event.appId === appId) &&
      (environment === undefined || event.environment === environment) &&
      (roomId === undefined || event.roomId === roomId),
  );
  if (detail === 'rooms') return summariseRooms(own);
  return own.map((event) => (maySeeAddresses(caller) ? event : withoutAddress(event)));
}

function withoutAddress({ address: _address, ...event }: LiveEvent): LiveEvent {
  return event;
}

/** Prints events; the last one has the id, so that a client that loses the connection within a batch gets all of it again. */
function printEvents(events: readonly LiveEvent[], id: string): string {
  if (events.length === 0) return `id: ${id}\n\n`;
  return events
    .map((event, index) => {
      const last = index === events.length - 1 ? `id: ${id}\n` : '';
      return `${last}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
    })
    .join('');
}
