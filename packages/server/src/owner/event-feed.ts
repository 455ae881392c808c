/**
 * The event feed: delivers each command's events to the sinks, in the order of each room's events.
 *
 * @module
 */

import { type Epoch, GavelError, type RoomKey, roomKeyText } from '@gavel/protocol';
import { KeyedQueue } from '../base/keyed-queue.ts';
import type { Origin } from '../rooms/commands.ts';
import type { RoomEvent } from '../rooms/events.ts';

/** The events of one command. */
export interface EventBatch {
  readonly key: RoomKey;
  readonly epoch: Epoch;
  readonly origin: Origin;
  readonly events: readonly RoomEvent[];
  /** What the command did, if it has an audit row or its reply is kept (AUDIT-1, BUS-2). */
  readonly done?: { readonly callId: string; readonly reply: unknown };
}

/** Handles events. The returned promise is awaited before the command's caller gets its answer. */
export interface EventSink {
  handle(batch: EventBatch): void | Promise<void>;
}

/** Whether events may be delivered: a promise if that is not known yet. */
export type DeliveryVerdict = true | Promise<boolean>;

/**
 * The sinks, by the time at which they are called. `first` (media closes) and `journal` are called synchronously with
 * the change. `after` are called when the journal has stored the events: everything that a client receives has been
 * stored (CB-3). The caller waits for all of them.
 */
export interface EventSinks {
  readonly first: readonly EventSink[];
  readonly journal?: EventSink;
  readonly after: readonly EventSink[];
  /**
   * Called when events of a room were decided; the result is called when the journal has stored them. In a cluster, a node that may
   * have lost the room meanwhile delivers nothing. By default everything is delivered.
   */
  readonly begin?: (key: RoomKey) => () => DeliveryVerdict;
}

/** Calls the sinks. Each sink gets the events of one room in order; rooms do not wait for each other. */
export class EventFeed {
  readonly #sinks: EventSinks;
  /** By room: the deliveries to the `after` sinks that wait for the journal. */
  readonly #waiting = new KeyedQueue();

  constructor(sinks: EventSinks) {
    this.#sinks = sinks;
  }

  /**
   * Delivers events. Resolves when every sink has handled them.
   *
   * @throws the error of a sink, the journal's first, after every sink was called (BUS-5). If the journal failed to
   *   store the events, clients still receive them: the room has changed, and a kick takes effect even if its callback
   *   is lost. GavelError `server.node-unavailable` if it is not known whether they may be delivered
   */
  async deliver(batch: EventBatch): Promise<void> {
    if (batch.events.length === 0) return;
    const { first, journal, after } = this.#sinks;
    const pending = callSinks(first, batch);
    const kept = journal && callSink(journal, batch);
    if (kept) pending.unshift(kept);
    const room = roomKeyText(batch.key);
    const mustWait = kept !== undefined || this.#waiting.has(room);
    // In the usual case there is nothing to wait for: the events are delivered synchronously.
    pending.push(...(mustWait ? await this.#deliverKept(room, kept, batch) : callSinks(after, batch)));
    if (pending.length === 0) return;
    for (const result of await Promise.allSettled(pending)) if (result.status === 'rejected') throw result.reason;
  }

  /** Resolves when the events of a room so far are stored, and the `after` sinks are called with them; undefined if they are. */
  settled(key: RoomKey): Promise<void> | undefined {
    const room = roomKeyText(key);
    return this.#waiting.has(room) ? this.#waiting.settled(room) : undefined;
  }

  /** Calls the `after` sinks when the earlier events of the room are delivered and these events are stored. */
  #deliverKept(room: string, kept: Promise<void> | undefined, batch: EventBatch): Promise<Promise<void>[]> {
    const { begin, after } = this.#sinks;
    const mayDeliver = begin?.(batch.key) ?? (() => true as const);
    const { promise, resolve, reject } = Promise.withResolvers<Promise<void>[]>();
    void this.#waiting.run(room, async () => {
      await Promise.allSettled([kept]);
      const verdict = mayDeliver();
      if (verdict !== true) {
        // The caller does not wait for that, but the later events of the room do.
        reject(
          new GavelError('server.node-unavailable', 'The lease of this node is over: the call may have taken effect.'),
        );
        if (!(await verdict)) return;
      }
      resolve(callSinks(after, batch));
    });
    return promise;
  }
}

/** Calls every sink, even if another one fails. Returns the promises to await. */
function callSinks(sinks: readonly EventSink[], batch: EventBatch): Promise<void>[] {
  const results: Promise<void>[] = [];
  for (const sink of sinks) {
    const result = callSink(sink, batch);
    if (result) results.push(result);
  }
  return results;
}

/** Calls a sink. A promise that rejects before it is awaited causes no unhandled rejection. */
function callSink(sink: EventSink, batch: EventBatch): Promise<void> | undefined {
  let result: Promise<void> | undefined;
  try {
    result = sink.handle(batch) ?? undefined;
  } catch (error) {
    result = Promise.reject(error);
  }
  result?.catch(() => undefined);
  return result;
}
