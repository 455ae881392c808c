/**
 * The event emitter of this dialect: the methods of Node's `EventEmitter`, and the event `*`, which receives every event.
 *
 * @example
 * meeting.self.on('roomLeft', ({ state }) => console.log(state));
 * meeting.participants.joined.on('*', (event, ...args) => console.log(event, args));
 *
 * @module
 */

/** A handler of one event. */
export type Handler<Args extends unknown[]> = (...args: Args) => void;

/** The name of every event and of `*`. */
export type EventName<Events> = Extract<keyof Events, string> | '*';

/** The handler of each event; the handler of `*` receives the name of the event, then its arguments. */
export type Handlers<Events extends { [E in keyof Events]: unknown[] }> = {
  [E in keyof Events]: Handler<Events[E]>;
} & {
  // biome-ignore lint/suspicious/noExplicitAny: the arguments of `*` differ from event to event
  '*': (event: string, ...args: any[]) => void;
};

/**
 * What may be registered for each event: `Handlers` with optional members, so that an emitter with more events than the
 * vendor's is assignable to it.
 */
export type Listeners<Events extends { [E in keyof Events]: unknown[] }> = Partial<Handlers<Events>>;

/** One registration of a handler. */
interface Registration {
  readonly handler: Handler<unknown[]>;
  /** Whether it is removed before its first call. */
  readonly once: boolean;
}

/** What Node warns about is a leak; this emitter does not warn, and only stores the number. */
const DEFAULT_MAX_LISTENERS = 10;

/**
 * Emits typed events to handlers, in the order in which they were added. A handler that is added twice is called twice. If a
 * handler throws, the others are still called, and the error is reported as an uncaught one.
 */
export class EventEmitter<Events extends { [E in keyof Events]: unknown[] }> {
  readonly #registrations = new Map<string, readonly Registration[]>();
  #maxListeners = DEFAULT_MAX_LISTENERS;

  /** The vendor's log; this client has none here. */
  get logger(): undefined {
    return undefined;
  }

  /** The vendor's telemetry; this client sends none. */
  // biome-ignore lint/suspicious/noExplicitAny: applications compile with whatever they read of it
  get telemetry(): any {
    return undefined;
  }

  /** Adds a handler. @throws TypeError if the handler is not a function */
  on<E extends EventName<Events>>(event: E, handler: Listeners<Events>[E]): this {
    return this.#add(event, handler, { once: false, first: false });
  }

  /** Adds a handler that is called once; throws as `on` does. */
  once<E extends EventName<Events>>(event: E, handler: Listeners<Events>[E]): this {
    return this.#add(event, handler, { once: true, first: false });
  }

  /** The same as `on`. */
  addListener<E extends EventName<Events>>(event: E, handler: Listeners<Events>[E]): this {
    return this.on(event, handler);
  }

  /** Adds a handler before all others; throws as `on` does. */
  prependListener<E extends EventName<Events>>(event: E, handler: Listeners<Events>[E]): this {
    return this.#add(event, handler, { once: false, first: true });
  }

  /** Adds a handler before all others that is called once; throws as `on` does. */
  prependOnceListener<E extends EventName<Events>>(event: E, handler: Listeners<Events>[E]): this {
    return this.#add(event, handler, { once: true, first: true });
  }

  /** Removes the latest registration of a handler; does nothing if there is none. */
  off<E extends EventName<Events>>(event: E, handler: Listeners<Events>[E]): this {
    const before = this.#of(event);
    const latest = before.map((registration) => registration.handler as unknown).lastIndexOf(handler);
    this.#set(
      event,
      before.filter((_, index) => index !== latest),
    );
    return this;
  }

  /** The same as `off`. */
  removeListener<E extends EventName<Events>>(event: E, handler: Listeners<Events>[E]): this {
    return this.off(event, handler);
  }

  /** Removes all handlers of an event, or of all events if none is given. */
  removeAllListeners<E extends EventName<Events>>(event?: E): this {
    if (event === undefined) this.#registrations.clear();
    else this.#registrations.delete(event);
    return this;
  }

  /** The number of handlers of an event. */
  listenerCount<E extends EventName<Events>>(event: E): number {
    return this.#of(event).length;
  }

  /** The handlers of an event, in the order of their calls. */
  listeners<E extends EventName<Events>>(event: E): Handlers<Events>[E][] {
    return this.#of(event).map(({ handler }) => handler as Handlers<Events>[E]);
  }

  /** The same as `listeners`. */
  rawListeners<E extends EventName<Events>>(event: E): Handlers<Events>[E][] {
    return this.listeners(event);
  }

  /** The events that have handlers. */
  eventNames(): string[] {
    return [...this.#registrations.keys()];
  }

  /** The number that was set, or 10; nothing is limited by it. */
  getMaxListeners(): number {
    return this.#maxListeners;
  }

  /** Sets the number that `getMaxListeners` returns. */
  setMaxListeners(count: number): this {
    this.#maxListeners = count;
    return this;
  }

  /** Calls the handlers of an event, then those of `*`. Returns whether there was one. */
  emit<E extends EventName<Events>>(event: E, ...args: Parameters<Handlers<Events>[E]>): boolean {
    const hasOwn = this.#call(event, args);
    const hasAny = this.#call('*', [event, ...args]);
    return hasOwn || hasAny;
  }

  #add(event: string, handler: unknown, { once, first }: { once: boolean; first: boolean }): this {
    requireFunction(handler);
    const registration = { handler, once };
    const before = this.#of(event);
    this.#set(event, first ? [registration, ...before] : [...before, registration]);
    return this;
  }

  #call(event: string, args: unknown[]): boolean {
    const registrations = this.#of(event);
    for (const registration of registrations) {
      if (registration.once && !this.#forget(event, registration)) continue;
      try {
        registration.handler(...args);
      } catch (error) {
        // Rethrow the application's error asynchronously: it stays visible and does not interrupt the client.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    return registrations.length > 0;
  }

  /** Removes a registration; returns false if a handler before it has removed it, or emitted the event and so used it. */
  #forget(event: string, registration: Registration): boolean {
    const before = this.#of(event);
    this.#set(
      event,
      before.filter((other) => other !== registration),
    );
    return before.includes(registration);
  }

  #of(event: string): readonly Registration[] {
    return this.#registrations.get(event) ?? [];
  }

  #set(event: string, registrations: readonly Registration[]): void {
    if (registrations.length > 0) this.#registrations.set(event, registrations);
    else this.#registrations.delete(event);
  }
}

function requireFunction(handler: unknown): asserts handler is Handler<unknown[]> {
  if (typeof handler !== 'function') throw new TypeError(`a handler must be a function, not ${typeof handler}`);
}
