/**
 * The event feed: brings each command's events to the sinks, in the order of the rooms' histories.
 *
 * @module
 */

import { type Epoch, type RoomKey, roomKeyText } from '@gavel/protocol';
import type { Origin } from './commands.ts';
import type { RoomEvent } from './events.ts';

/** Events of one command, as sinks get them. */
export interface EventBatch {
  readonly key: RoomKey;
  readonly epoch: Epoch;
  readonly origin: Origin;
  readonly events: readonly RoomEvent[];
}

/** Handles events. What it returns is waited for before the command's caller gets its answer. */
export interface EventSink {
  handle(batch: EventBatch): void | Promise<void>;
}

/**
 * The sinks by when they are called. `first` are called in the moment of the change and begin at once (media closes), as
 * does `journal`. `after` are called when the journal has kept the events: whatever a client hears of has been kept (CB-3).
 * The caller waits for all of them.
 */
export interface EventSinks {
  readonly first: readonly EventSink[];
  readonly journal?: EventSink;
  readonly after: readonly EventSink[];
}

/** Calls the sinks. Events of one room reach each of them in order; rooms do not wait for each other. */
export class EventFeed {
  readonly #sinks: EventSinks;
  /** For each room with events that wait for the journal: when the sinks have been called for the last of them. Never rejects. */
  readonly #turns = new Map<string, Promise<void>>();

  constructor(sinks: EventSinks) {
    this.#sinks = sinks;
  }

  /**
   * Resolves when every sink has done its part.
   *
   * @throws what a sink threw or rejected with, the journal's error first, after every sink has had its turn (BUS-5). Where
   *   the journal could not keep the events, clients are told all the same: the room has changed, and a kick holds whatever
   *   becomes of its callback.
   */
  async deliver(batch: EventBatch): Promise<void> {
    if (batch.events.length === 0) return;
    const begun = callSinks(this.#sinks.first, batch);
    const [kept] = this.#sinks.journal ? callSinks([this.#sinks.journal], batch) : [];
    const room = roomKeyText(batch.key);
    const before = this.#turns.get(room);
    // Nothing to wait for is the usual case: then everybody is told in the moment of the change.
    const after = kept || before ? await this.#inTurn(room, before, kept, batch) : callSinks(this.#sinks.after, batch);
    for (const result of await Promise.allSettled([kept, ...begun, ...after])) {
      if (result.status === 'rejected') throw result.reason;
    }
  }

  /** Calls the sinks when those have been called for earlier events of the room and these are kept. */
  async #inTurn(
    room: string,
    before: Promise<void> | undefined,
    kept: Promise<void> | undefined,
    batch: EventBatch,
  ): Promise<Promise<void>[]> {
    let results: Promise<void>[] = [];
    const turn = Promise.allSettled([before, kept]).then(() => {
      results = callSinks(this.#sinks.after, batch);
    });
    this.#turns.set(room, turn);
    await turn;
    if (this.#turns.get(room) === turn) this.#turns.delete(room);
    return results;
  }
}

/**
 * Calls every sink, whatever the others do. Gives what is to be waited for; a rejection that is looked at later does not
 * end the process.
 */
function callSinks(sinks: readonly EventSink[], batch: EventBatch): Promise<void>[] {
  return sinks.flatMap((sink) => {
    const result = callSink(sink, batch);
    result?.catch(() => undefined);
    return result ?? [];
  });
}

function callSink(sink: EventSink, batch: EventBatch): Promise<void> | undefined {
  try {
    return sink.handle(batch) ?? undefined;
  } catch (error) {
    return Promise.reject(error);
  }
}
