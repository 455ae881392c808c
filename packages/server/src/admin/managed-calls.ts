/**
 * Calls by which an owner manages the server: Apps and their secrets, tokens, callbacks. Each has an audit row (AUDIT-2).
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import type { FastifyRequest } from 'fastify';
import { auditRowOf, type CommandScope, outcomeOf } from '../journal/audit-rows.ts';
import type { Clock } from '../rooms/clock.ts';
import type { NumberedRows } from '../store/journal.ts';
import { originOf } from './act-origin.ts';
import { AdminError } from './errors.ts';

/** The scope of what concerns no single App: its rows have 0 for the App. */
export const SERVER_SCOPE: CommandScope = { appId: 0 as AppId, environment: 'production' };

/** The dependencies of managed calls. */
export interface ManagedCallsDeps {
  readonly journal: { append(rows: NumberedRows): Promise<void> };
  readonly clock: Pick<Clock, 'now'>;
}

/** What the audit row of a call says. */
export interface ManagedCall {
  /** Absent if the call concerns no single App. */
  readonly appId?: AppId;
  /** Such as `token/mia`. */
  readonly target?: string;
  /** Never contains a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Executes managed calls. */
export class ManagedCalls {
  readonly #deps: ManagedCallsDeps;

  constructor(deps: ManagedCallsDeps) {
    this.#deps = deps;
  }

  /**
   * Returns what `work` returns, after the audit row is stored. The action of the row is that of the route.
   *
   * @param describe what the row says; it gets the result, which is undefined if the call was refused or failed
   * @throws the error of `work`, or of the store
   */
  async run<T>(
    request: FastifyRequest,
    describe: (result: T | undefined) => ManagedCall,
    work: () => Promise<T>,
  ): Promise<T> {
    let result: T;
    try {
      result = await work();
    } catch (error) {
      const refused = error instanceof AdminError && ({ outcome: 'refused', errorCode: error.code } as const);
      await this.#store(request, describe(undefined), refused || outcomeOf(error));
      throw error;
    }
    await this.#store(request, describe(result), { outcome: 'done' });
    return result;
  }

  #store(
    request: FastifyRequest,
    { appId, target, details = {} }: ManagedCall,
    outcome: ReturnType<typeof outcomeOf> | { readonly outcome: 'done' },
  ): Promise<void> {
    const { journal, clock } = this.#deps;
    const { action } = request.routeOptions.config;
    if (action === undefined) throw new Error(`the route ${request.routeOptions.url} names no action`);
    const scope = appId === undefined ? SERVER_SCOPE : { ...SERVER_SCOPE, appId };
    const row = auditRowOf(scope, { type: action }, originOf(request), { atMs: clock.now(), ...outcome });
    return journal.append({ audit: [{ ...row, targets: target === undefined ? [] : [target], details }] });
  }
}
