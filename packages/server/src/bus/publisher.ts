/**
 * The publisher: hands what happens in an owner's rooms to the subscribers of a bus.
 *
 * @module
 */

import type { EventBatch, EventSink } from '../owner/rooms.ts';
import type { Notice, Notifier, Subscriber } from './bus.ts';

/** A sink of the owner's event feed. A batch counts as handled when every subscriber has handled it. */
export class Publisher implements EventSink, Notifier {
  readonly #subscribers = new Set<Subscriber>();

  /** Calls the subscriber from now on. Returns a function that ends it. */
  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => void this.#subscribers.delete(subscriber);
  }

  /** @throws the first error of a subscriber, after every one was called (BUS-5) */
  handle(batch: EventBatch): void | Promise<void> {
    const pending: Promise<void>[] = [];
    for (const subscriber of this.#subscribers) {
      const handled = callSubscriber(subscriber, batch);
      if (handled) pending.push(handled);
    }
    // Usually no subscriber waits: then the event feed need not wait either.
    if (pending.length > 0) return settleAll(pending);
  }

  notify(notice: Notice): void {
    for (const subscriber of this.#subscribers) subscriber.notify?.(notice);
  }
}

function callSubscriber(subscriber: Subscriber, batch: EventBatch): Promise<void> | undefined {
  try {
    return subscriber.handle(batch) ?? undefined;
  } catch (error) {
    return Promise.reject(error);
  }
}

async function settleAll(pending: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(pending)) if (result.status === 'rejected') throw result.reason;
}
