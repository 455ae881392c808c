/**
 * Calls by which an owner manages the server: Apps and their secrets, tokens, callbacks. Each has an audit row (AUDIT-2).
 *
 * @module
 */

import type { FastifyRequest } from 'fastify';
import { type AuditedCall, AuditedCalls, type AuditedCallsDeps } from '../journal/audited-calls.ts';
import { originOf } from './act-origin.ts';
import { AdminError } from './errors.ts';

/** The dependencies of managed calls. */
export type ManagedCallsDeps = Omit<AuditedCallsDeps, 'refusalCodeOf'>;

/** Executes managed calls. */
export class ManagedCalls {
  readonly #calls: AuditedCalls;

  constructor({ journal, clock }: ManagedCallsDeps) {
    const refusalCodeOf = (error: unknown) => (error instanceof AdminError ? error.code : undefined);
    this.#calls = new AuditedCalls({ journal, clock, refusalCodeOf });
  }

  /** As `AuditedCalls.run`. The action of the row is that of the route. */
  async run<T>(
    request: FastifyRequest,
    describe: (result: T | undefined) => AuditedCall,
    work: () => Promise<T>,
  ): Promise<T> {
    const { action } = request.routeOptions.config;
    if (action === undefined) throw new Error(`the route ${request.routeOptions.url} names no action`);
    return this.#calls.run({ origin: originOf(request), action }, describe, work);
  }
}
