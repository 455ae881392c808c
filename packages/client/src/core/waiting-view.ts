/**
 * The waiting list of the room, if this client may see it.
 *
 * @module
 */

import type { EventFrame, LoginResult, WireWaiting } from '@gavel/protocol';

type WaitingFrame = Extract<EventFrame, { readonly event: 'waitingAdded' | 'waitingRemoved' }>;

/** Receives additions to and removals from the waiting list. */
export interface WaitingListener {
  added(waiting: WireWaiting): void;
  removed(waiting: WireWaiting): void;
}

/** The waiting list, kept up to date from events; a repeated event changes nothing. */
export class WaitingView {
  readonly #listener: WaitingListener;
  readonly #waiting = new Map<string, WireWaiting>();

  constructor(listener: WaitingListener) {
    this.#listener = listener;
  }

  /** By member id, in the order of arrival. */
  get all(): ReadonlyMap<string, WireWaiting> {
    return this.#waiting;
  }

  /** Replaces the list with the one in an answer, if it has one; the returned function emits the difference. */
  replace({ waitingList }: Pick<LoginResult, 'waitingList'> = {}): () => void {
    if (!waitingList) return () => {};
    const before = new Map(this.#waiting);
    this.#waiting.clear();
    for (const waiting of waitingList) this.#waiting.set(waiting.memberId, waiting);
    return () => {
      for (const [id, waiting] of before) if (!this.#waiting.has(id)) this.#listener.removed(waiting);
      for (const waiting of waitingList) if (!before.has(waiting.memberId)) this.#listener.added(waiting);
    };
  }

  handle(frame: WaitingFrame): void {
    const memberId = frame.event === 'waitingAdded' ? frame.waiting.memberId : frame.memberId;
    const known = this.#waiting.get(memberId);
    if (frame.event === 'waitingRemoved') {
      this.#waiting.delete(memberId);
      if (known) this.#listener.removed(known);
    } else {
      this.#waiting.set(memberId, frame.waiting);
      if (!known) this.#listener.added(frame.waiting);
    }
  }
}
