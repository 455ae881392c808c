/**
 * Repeats: the same call with the same `Idempotency-Key` gets the first answer for 24 hours and changes nothing (IDEM-1).
 *
 * What is stored is the reply of the command, in one transaction with what the command changes: a crash leaves both or neither.
 * The answer is made of the reply, each time again.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { GavelError } from '@gavel/protocol';
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../base/clock.ts';
import { REPLIES_KEPT_MS } from '../journal/command-log.ts';
import type { JournalRepository } from '../store/journal.ts';
import { commandIdOf, readIdempotencyKey } from './act-origin.ts';

/** The dependencies of repeats. */
export interface RepeatsDeps {
  readonly replies: Pick<JournalRepository, 'findReply'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** By what the command log recognises a repeated command; empty for a call without a key. */
export interface RepeatTerms {
  readonly commandId?: string;
  readonly fingerprint?: string;
}

/** What a call does, and what it answers. */
export interface RepeatableCall<Reply, Answer> {
  /** Executes the command under these terms. */
  readonly execute: (terms: RepeatTerms) => Promise<Reply>;
  /** Makes the answer of the reply, and of nothing else that changes. */
  readonly describe: (reply: Reply) => Answer;
}

/** Answers repeated calls. */
export class Repeats {
  readonly #deps: RepeatsDeps;
  /** The calls with a key that are being executed. */
  readonly #running = new Map<string, { readonly fingerprint: string; readonly reply: Promise<unknown> }>();

  constructor(deps: RepeatsDeps) {
    this.#deps = deps;
  }

  /**
   * Executes a call, unless it was done with its key. A call that was refused changed nothing, and is executed again.
   *
   * @throws the error of the call; GavelError `request.id-reused` if another call was made with the key
   */
  async run<Reply, Answer>(request: FastifyRequest, call: RepeatableCall<Reply, Answer>): Promise<Answer> {
    const key = readIdempotencyKey(request);
    if (key === undefined) return call.describe(await call.execute({}));
    const commandId = commandIdOf(request, key);
    const fingerprint = fingerprintOf(request);
    const running = this.#running.get(commandId);
    if (running) {
      requireSame(running, fingerprint);
      return call.describe((await running.reply) as Reply);
    }
    const reply = this.#findOrExecute({ commandId, fingerprint }, call.execute).finally(() =>
      this.#running.delete(commandId),
    );
    this.#running.set(commandId, { fingerprint, reply });
    return call.describe(await reply);
  }

  /** Looks for a reply before the command is made: what a command is made of, such as people of a room, may be gone. */
  async #findOrExecute<Reply>(
    terms: Required<RepeatTerms>,
    execute: RepeatableCall<Reply, unknown>['execute'],
  ): Promise<Reply> {
    const known = await this.#find<Reply>(terms);
    if (known) return known.reply;
    try {
      return await execute(terms);
    } catch (error) {
      // It may be refused because the same call was done at another node meanwhile.
      const done = await this.#find<Reply>(terms);
      if (!done) throw error;
      return done.reply;
    }
  }

  async #find<Reply>({
    commandId,
    fingerprint,
  }: Required<RepeatTerms>): Promise<{ readonly reply: Reply } | undefined> {
    const { replies, clock } = this.#deps;
    const known = await replies.findReply(commandId, clock.now() - REPLIES_KEPT_MS);
    if (!known) return undefined;
    requireSame(known, fingerprint);
    return { reply: JSON.parse(known.reply) as Reply };
  }
}

/** @throws GavelError `request.id-reused` for another call */
function requireSame(first: { readonly fingerprint: string }, fingerprint: string): void {
  if (first.fingerprint !== fingerprint) throw new GavelError('request.id-reused');
}

/** Returns a hash of what a call asks for. */
function fingerprintOf({ method, url, body }: FastifyRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([method, url, body]))
    .digest('base64url');
}
