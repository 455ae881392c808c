/**
 * Repeats: the same call with the same `Idempotency-Key` gets the first answer for 24 hours and changes nothing (IDEM-1).
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { GavelError } from '@gavel/protocol';
import type { FastifyRequest } from 'fastify';
import { REPLIES_KEPT_MS } from '../journal/command-log.ts';
import type { Clock } from '../rooms/clock.ts';
import type { JournalRepository, NumberedRows } from '../store/journal.ts';
import { commandIdOf, readIdempotencyKey } from './act-origin.ts';

/** The dependencies of repeats. */
export interface RepeatsDeps {
  readonly journal: { append(rows: NumberedRows): Promise<void> };
  readonly replies: Pick<JournalRepository, 'findReply'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Answers repeated calls. */
export class Repeats {
  readonly #deps: RepeatsDeps;
  /** The calls with a key that are being executed. */
  readonly #running = new Map<string, { readonly fingerprint: string; readonly answer: Promise<unknown> }>();

  constructor(deps: RepeatsDeps) {
    this.#deps = deps;
  }

  /**
   * Executes a call, unless it was done with its key. A call that was refused changed nothing, and is executed again.
   *
   * @throws the error of `work`; GavelError `request.id-reused` if another call was made with the key
   */
  async run<T>(request: FastifyRequest, work: () => Promise<T>): Promise<T> {
    const key = readIdempotencyKey(request);
    if (key === undefined) return work();
    const commandId = commandIdOf(request, key);
    const fingerprint = fingerprintOf(request);
    const running = this.#running.get(commandId);
    if (running) {
      if (running.fingerprint !== fingerprint) throw new GavelError('request.id-reused');
      return running.answer as Promise<T>;
    }
    const answer = this.#runOnce(commandId, fingerprint, work).finally(() => this.#running.delete(commandId));
    this.#running.set(commandId, { fingerprint, answer });
    return answer;
  }

  async #runOnce<T>(commandId: string, fingerprint: string, work: () => Promise<T>): Promise<T> {
    const { journal, replies, clock } = this.#deps;
    const known = await replies.findReply(commandId, clock.now() - REPLIES_KEPT_MS);
    if (known) {
      if (known.fingerprint !== fingerprint) throw new GavelError('request.id-reused');
      return JSON.parse(known.reply) as T;
    }
    const answer = await work();
    await journal.append({
      replies: [{ commandId, fingerprint, reply: JSON.stringify(answer), doneAtMs: clock.now() }],
    });
    return answer;
  }
}

/** Returns a hash of what a call asks for. */
function fingerprintOf({ method, url, body }: FastifyRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([method, url, body]))
    .digest('base64url');
}
