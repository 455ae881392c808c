/**
 * A map that emits its changes and the events of its values.
 *
 * @module
 */

import { EventEmitter, type EventName, type Handlers, type Listeners } from './event-emitter.ts';
import { Logger } from './internals.ts';

const LOGGER = new Logger();

/** A map by id with the methods of an `EventEmitter`. */
export class EmittingMap<Value, Events extends { [E in keyof Events]: unknown[] }> extends Map<string, Value> {
  readonly #emitter = new EventEmitter<Events>();

  /** Writes to the browser's console. */
  get logger(): Logger {
    return LOGGER;
  }

  /** Returns all values, in the order of addition. */
  toArray(): Value[] {
    return [...this.values()];
  }

  /** Adds a handler. @throws TypeError if the handler is not a function */
  on<E extends EventName<Events>>(event: E, handler: Listeners<Events>[E]): this {
    this.#emitter.on(event, handler);
    return this;
  }

  /** Adds a handler that is called once; throws as `on` does. */
  once<E extends EventName<Events>>(event: E, handler: Listeners<Events>[E]): this {
    this.#emitter.once(event, handler);
    return this;
  }

  /** The same as `on`. */
  addListener<E extends EventName<Events>>(event: E, handler: Listeners<Events>[E]): this {
    return this.on(event, handler);
  }

  /** Adds a handler before all others; throws as `on` does. */
  prependListener<E extends EventName<Events>>(event: E, handler: Listeners<Events>[E]): this {
    this.#emitter.prependListener(event, handler);
    return this;
  }

  /** Adds a handler before all others that is called once; throws as `on` does. */
  prependOnceListener<E extends EventName<Events>>(event: E, handler: Listeners<Events>[E]): this {
    this.#emitter.prependOnceListener(event, handler);
    return this;
  }

  /** Removes the latest registration of a handler; does nothing if there is none. */
  off<E extends EventName<Events>>(event: E, handler: Listeners<Events>[E]): this {
    this.#emitter.off(event, handler);
    return this;
  }

  /** The same as `off`. */
  removeListener<E extends EventName<Events>>(event: E, handler: Listeners<Events>[E]): this {
    return this.off(event, handler);
  }

  /** Removes all handlers of an event, or of all events if none is given. */
  removeAllListeners<E extends EventName<Events>>(event?: E): this {
    this.#emitter.removeAllListeners(event);
    return this;
  }

  /** The number of handlers of an event. */
  listenerCount<E extends EventName<Events>>(event: E): number {
    return this.#emitter.listenerCount(event);
  }

  /** The handlers of an event, in the order of their calls. */
  listeners<E extends EventName<Events>>(event: E): Handlers<Events>[E][] {
    return this.#emitter.listeners(event);
  }

  /** The events that have handlers. */
  eventNames(): string[] {
    return this.#emitter.eventNames();
  }

  /** The number that was set, or 10; nothing is limited by it. */
  getMaxListeners(): number {
    return this.#emitter.getMaxListeners();
  }

  /** Sets the number that `getMaxListeners` returns. */
  setMaxListeners(count: number): this {
    this.#emitter.setMaxListeners(count);
    return this;
  }

  /** Calls the handlers of an event, then those of `*`. Returns whether there was one. */
  emit<E extends EventName<Events>>(event: E, ...args: Parameters<Handlers<Events>[E]>): boolean {
    return this.#emitter.emit(event, ...args);
  }
}
