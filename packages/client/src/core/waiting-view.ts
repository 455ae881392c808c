/**
 * Those who wait to be let in, as far as this client may know of them.
 *
 * @module
 */

import type { EventFrame, LoginResult, WireWaiting } from '@gavel/protocol';

type WaitingFrame = Extract<EventFrame, { readonly event: 'waitingAdded' | 'waitingRemoved' }>;

/** Is told who came and who went. */
export interface WaitingListener {
  added(waiting: WireWaiting): void;
  removed(waiting: WireWaiting): void;
}

/** The waiting list, kept from events; to hear twice of somebody changes nothing. */
export class WaitingView {
  readonly #listener: WaitingListener;
  readonly #waiting = new Map<string, WireWaiting>();

  constructor(listener: WaitingListener) {
    this.#listener = listener;
  }

  /** By member id, in the order of asking. */
  get all(): ReadonlyMap<string, WireWaiting> {
    return this.#waiting;
  }

  /** Takes the whole list of an answer, where it has one, in place of the known one; what it gives tells the difference. */
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
