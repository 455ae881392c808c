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

/** Takes events on. What it returns is waited for before the command's caller gets its answer. */
export interface EventSink {
  handle(batch: EventBatch): void | Promise<void>;
}

/**
 * The sinks by what they owe. `first` are told in the moment of the change, and begin at once (media closes). What they
 * return, and that `journal` has kept the events, is waited for by the caller; `journal` alone is waited for before
 * anybody else is told: whatever a client hears of has been kept (CB-3).
 */
export interface EventSinks {
  readonly first: readonly EventSink[];
  readonly journal?: EventSink;
  readonly after: readonly EventSink[];
}

/** Tells the sinks. Events of one room reach each of them in order; rooms do not wait for each other. */
export class EventFeed {
  readonly #sinks: EventSinks;
  /** For each room with events that wait for the journal: when the last of them have had their turn. Never rejects. */
  readonly #turns = new Map<string, Promise<void>>();

  constructor(sinks: EventSinks) {
    this.#sinks = sinks;
  }

  /**
   * Resolves when every sink has done its part.
   *
   * @throws what a sink threw. Where the journal could not keep the events, clients are told all the same: the room has
   *   changed, and a kick holds whatever becomes of its callback. The caller hears of it.
   */
  async deliver(batch: EventBatch): Promise<void> {
    if (batch.events.length === 0) return;
    const begun = tell(this.#sinks.first, batch);
    const kept = this.#sinks.journal?.handle(batch);
    const room = roomKeyText(batch.key);
    const before = this.#turns.get(room);
    // Nothing to wait for is the usual case: then everybody is told in the moment of the change.
    const told = kept || before ? await this.#inTurn(room, before, kept, batch) : tell(this.#sinks.after, batch);
    await Promise.all([kept, ...begun, ...told]);
  }

  /** Tells the sinks when earlier events of the room have been told and these are kept. */
  async #inTurn(
    room: string,
    before: Promise<void> | undefined,
    kept: void | Promise<void>,
    batch: EventBatch,
  ): Promise<Promise<void>[]> {
    let told: Promise<void>[] = [];
    const turn = Promise.allSettled([before, kept]).then(() => {
      told = tell(this.#sinks.after, batch);
    });
    const settled = turn.catch(() => undefined);
    this.#turns.set(room, settled);
    await turn;
    if (this.#turns.get(room) === settled) this.#turns.delete(room);
    return told;
  }
}

function tell(sinks: readonly EventSink[], batch: EventBatch): Promise<void>[] {
  return sinks.flatMap((sink) => sink.handle(batch) ?? []);
}
