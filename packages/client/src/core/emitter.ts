/**
 * A typed event emitter: an event map defines each event's arguments as a tuple.
 *
 * @example
 * class Door extends Emitter<{ opened: [byWhom: string] }> {}
 * new Door().on('opened', (byWhom) => console.log(byWhom));
 *
 * @module
 */

/** A handler of one event. */
export type Handler<Args extends unknown[]> = (...args: Args) => void;

/** The handler of each event. */
export type Handlers<Events extends { [E in keyof Events]: unknown[] }> = { [E in keyof Events]: Handler<Events[E]> };

/** Emits typed events to handlers, in the order in which they were added. */
export class Emitter<Events extends { [E in keyof Events]: unknown[] }> {
  readonly #handlers: { [E in keyof Events]?: Set<Handler<Events[E]>> } = {};

  /** Adds a handler; returns false if it was added before, or is not a function. */
  on<E extends keyof Events>(event: E, handler: Handlers<Events>[E]): boolean {
    // A call from JavaScript may pass anything.
    if (typeof handler !== 'function') return false;
    let handlers = this.#handlers[event];
    if (!handlers) {
      handlers = new Set();
      this.#handlers[event] = handlers;
    }
    if (handlers.has(handler)) return false;
    handlers.add(handler);
    return true;
  }

  /** Removes a handler, or all handlers of the event if none is given; returns false if there was none. */
  off<E extends keyof Events>(event: E, handler?: Handlers<Events>[E]): boolean {
    const handlers = this.#handlers[event];
    if (!handlers) return false;
    if (handler) return handlers.delete(handler);
    delete this.#handlers[event];
    return handlers.size > 0;
  }

  /** Calls the event's handlers. If one throws, the others are still called. */
  protected emit<E extends keyof Events>(event: E, ...args: Events[E]): void {
    const handlers = this.#handlers[event];
    if (!handlers) return;
    for (const handler of [...handlers]) {
      try {
        handler(...args);
      } catch (error) {
        // Rethrow the application's error asynchronously: it stays visible and does not interrupt the SDK.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
