/**
 * A bus that measures the commands that remove somebody or something.
 *
 * @module
 */

import type { Clock } from '../base/clock.ts';
import type { AnswerOf, Query, SubjectOf } from '../owner/queries.ts';
import type { Bus, Command, Envelope, ReplyOf, Subscriber } from './bus.ts';

/** The commands that are measured. */
const MEASURED: ReadonlySet<Command['type']> = new Set(['kick', 'close', 'deleteStream'] as const);

/** Receives the duration of a measured command that succeeded. */
export type RecordDuration = (command: Command['type'], durationMs: number) => void;

/** Passes everything to another bus, and measures from the command to its reply: when it resolves, media is closed. */
export class TimedBus implements Bus {
  readonly #bus: Bus;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #record: RecordDuration;

  constructor(bus: Bus, clock: Pick<Clock, 'monotonicMs'>, record: RecordDuration) {
    this.#bus = bus;
    this.#clock = clock;
    this.#record = record;
  }

  call<C extends Command>(envelope: Envelope<C>): Promise<ReplyOf<C>> {
    return MEASURED.has(envelope.command.type) ? this.#measure(envelope) : this.#bus.call(envelope);
  }

  query<Q extends Query>(subject: SubjectOf<Q>, query: Q): Promise<AnswerOf<Q>> {
    return this.#bus.query(subject, query);
  }

  subscribe(subscriber: Subscriber): () => void {
    return this.#bus.subscribe(subscriber);
  }

  async #measure<C extends Command>(envelope: Envelope<C>): Promise<ReplyOf<C>> {
    const startedAtMs = this.#clock.monotonicMs();
    const reply = await this.#bus.call(envelope);
    const durationMs = this.#clock.monotonicMs() - startedAtMs;
    // After the caller's answer, which is sent in this turn of the event loop.
    setImmediate(() => this.#record(envelope.command.type, durationMs));
    return reply;
  }
}
