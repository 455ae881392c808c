/**
 * A bus that sends everything through JSON and delays every message, as a bus between processes does (BUS-1, BUS-4).
 *
 * @module
 */

import { GavelError, isGavelError, type RoomKey, roomKeyText } from '@gavel/protocol';
import type { AnswerOf, Bus, Command, Envelope, Notice, Query, ReplyOf, SubjectOf, Subscriber } from '@gavel/server';
import { DelayedChannels, type Delays } from './delayed-channels.ts';
import { throughJson } from './through-json.ts';

/**
 * A bus in front of another one. Requests for one room arrive in the order in which they were sent, and its batches in the
 * order of its events; answers arrive in any order.
 */
export class SerialisingBus implements Bus {
  readonly #inner: Bus;
  readonly #channels: DelayedChannels;
  #answers = 0;
  #subscribers = 0;

  constructor(inner: Bus, delays: Delays) {
    this.#inner = inner;
    this.#channels = new DelayedChannels(delays);
  }

  call<C extends Command>(envelope: Envelope<C>): Promise<ReplyOf<C>> {
    const sent = throughJson(envelope);
    return this.#request(envelope.key, () => this.#inner.call(sent));
  }

  query<Q extends Query>(subject: SubjectOf<Q>, query: Q): Promise<AnswerOf<Q>> {
    const [subjectSent, querySent] = throughJson([subject, query] as const);
    return this.#request(subject, () => this.#inner.query(subjectSent, querySent));
  }

  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers += 1;
    const channel = `to subscriber ${this.#subscribers} of`;
    const arrive = (key: RoomKey): Promise<void> => this.#channels.pass(`${channel} ${roomKeyText(key)}`);
    return this.#inner.subscribe({
      handle: async (batch) => {
        const sent = throughJson(batch);
        await arrive(batch.key);
        await subscriber.handle(sent);
      },
      notify: (notice: Notice) => {
        const sent = throughJson(notice);
        void arrive(notice.key).then(() => subscriber.notify?.(sent));
      },
    });
  }

  async #request<T>(subject: object, send: () => Promise<T>): Promise<T> {
    await this.#channels.pass(`requests of ${textOf(subject)}`);
    let answer: T;
    try {
      answer = throughJson(await send());
    } catch (error) {
      throw errorThroughJson(error);
    } finally {
      this.#answers += 1;
      await this.#channels.pass(`answer ${this.#answers}`);
    }
    return answer;
  }
}

const textOf = (subject: object): string => ('roomId' in subject ? roomKeyText(subject as RoomKey) : 'worlds');

/** Returns the error that a caller in another process gets. */
function errorThroughJson(error: unknown): Error {
  if (!isGavelError(error)) return new Error(error instanceof Error ? error.message : String(error));
  const { code, message, details } = throughJson({
    code: error.code,
    message: error.message,
    ...(error.details && { details: error.details }),
  });
  return new GavelError(code, message, details);
}
