/**
 * A typed event emitter: an event map gives each event's arguments as a tuple.
 *
 * @example
 * class Door extends Emitter<{ opened: [byWhom: string] }> {}
 * new Door().on('opened', (byWhom) => console.log(byWhom));
 *
 * @module
 */

/** A handler of one event. */
export type Handler<Args extends unknown[]> = (...args: Args) => void;

/** Emits typed events to handlers, in the order in which they were added. */
export class Emitter<Events extends { [E in keyof Events]: unknown[] }> {
  readonly #handlers: { [E in keyof Events]?: Set<Handler<Events[E]>> } = {};

  /** Adds a handler; gives false where it is there already. */
  on<E extends keyof Events>(event: E, handler: Handler<Events[E]>): boolean {
    let handlers = this.#handlers[event];
    if (!handlers) {
      handlers = new Set();
      this.#handlers[event] = handlers;
    }
    if (handlers.has(handler)) return false;
    handlers.add(handler);
    return true;
  }

  /** Removes a handler, or all of the event's where none is given; gives false where there was none. */
  off<E extends keyof Events>(event: E, handler?: Handler<Events[E]>): boolean {
    const handlers = this.#handlers[event];
    if (!handlers) return false;
    if (handler) return handlers.delete(handler);
    delete this.#handlers[event];
    return handlers.size > 0;
  }

  /** Calls the event's handlers. One that throws does not keep the others from being called. */
  protected emit<E extends keyof Events>(event: E, ...args: Events[E]): void {
    const handlers = this.#handlers[event];
    if (!handlers) return;
    for (const handler of [...handlers]) {
      try {
        handler(...args);
      } catch (error) {
        // The application's fault must come to light, but not inside ours.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
