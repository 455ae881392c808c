/**
 * Calls that change records of the server rather than a room or a rule: Apps, secrets, tokens, callbacks. Each has an audit row
 * (AUDIT-2).
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { Origin } from '../rooms/commands.ts';
import type { NumberedRows } from '../store/journal.ts';
import { auditRowOf, type CommandScope, outcomeOf } from './audit-rows.ts';

/** The scope of what concerns no single App: its rows have 0 for the App. */
export const SERVER_SCOPE: CommandScope = { appId: 0 as AppId, environment: 'production' };

/** The dependencies of audited calls. */
export interface AuditedCallsDeps {
  readonly journal: { append(rows: NumberedRows): Promise<void> };
  readonly clock: Pick<Clock, 'now'>;
  /** Returns the code of an error by which the door refuses a call; undefined for other errors. */
  readonly refusalCodeOf: (error: unknown) => string | undefined;
}

/** Who makes a call, and what it does. */
export interface CallOrigin {
  readonly origin: Origin;
  /** Such as `createApp`. */
  readonly action: string;
}

/** What the audit row of a call says. */
export interface AuditedCall {
  /** Absent if the call concerns no single App. */
  readonly appId?: AppId;
  /** Such as `token/mia`. */
  readonly target?: string;
  /** Never contains a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Executes audited calls. */
export class AuditedCalls {
  readonly #deps: AuditedCallsDeps;

  constructor(deps: AuditedCallsDeps) {
    this.#deps = deps;
  }

  /**
   * Returns what `work` returns, after the audit row is stored.
   *
   * @param describe what the row says; it gets the result, which is undefined if the call was refused or failed
   * @throws the error of `work`, or of the store
   */
  async run<T>(call: CallOrigin, describe: (result: T | undefined) => AuditedCall, work: () => Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await work();
    } catch (error) {
      const errorCode = this.#deps.refusalCodeOf(error);
      const outcome = errorCode === undefined ? outcomeOf(error) : ({ outcome: 'refused', errorCode } as const);
      await this.#store(call, describe(undefined), outcome);
      throw error;
    }
    await this.#store(call, describe(result), { outcome: 'done' });
    return result;
  }

  #store(
    { origin, action }: CallOrigin,
    { appId, target, details = {} }: AuditedCall,
    outcome: ReturnType<typeof outcomeOf> | { readonly outcome: 'done' },
  ): Promise<void> {
    const { journal, clock } = this.#deps;
    const scope = appId === undefined ? SERVER_SCOPE : { ...SERVER_SCOPE, appId };
    const row = auditRowOf(scope, { type: action }, origin, { atMs: clock.now(), ...outcome });
    return journal.append({ audit: [{ ...row, targets: target === undefined ? [] : [target], details }] });
  }
}
