/**
 * The publisher: hands the events of an owner's rooms to the subscribers of a bus.
 *
 * @module
 */

import type { EventBatch, EventSink } from '../rooms/rooms.ts';
import type { BatchHandler } from './bus.ts';

/** A sink of the owner's event feed. A batch counts as handled when every subscriber has handled it. */
export class Publisher implements EventSink {
  readonly #handlers = new Set<BatchHandler>();

  /** Calls the handler with the events from now on. Returns a function that ends it. */
  subscribe(handler: BatchHandler): () => void {
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }

  /** @throws the first error of a handler, after every handler was called (BUS-5) */
  handle(batch: EventBatch): void | Promise<void> {
    const pending: Promise<void>[] = [];
    for (const handler of this.#handlers) {
      const handled = callHandler(handler, batch);
      if (handled) pending.push(handled);
    }
    // Usually no handler waits: then nothing is allocated for it.
    if (pending.length > 0) return settleAll(pending);
  }
}

function callHandler(handler: BatchHandler, batch: EventBatch): Promise<void> | undefined {
  try {
    return handler(batch) ?? undefined;
  } catch (error) {
    return Promise.reject(error);
  }
}

async function settleAll(pending: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(pending)) if (result.status === 'rejected') throw result.reason;
}
