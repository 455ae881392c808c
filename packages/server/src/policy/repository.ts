/**
 * The store interface for rules. Rooms never read it: they ask the rules in memory.
 *
 * @module
 */

import type { AppScope } from '../base/app-scope.ts';
import type { Rule } from './rule.ts';

/** The command by which rules change, as the command log knows it. */
export interface RuleCall {
  readonly callId: string;
  /** The reply of the command; absent if it does more after the change of rules. */
  readonly reply?: unknown;
}

/** Stores changes of rules, with the audit row and the reply of their command (BUS-6). */
export interface RuleKeeper {
  /** Stores rules as `RuleRepository.put`. */
  put(rules: readonly Rule[], call?: RuleCall): Promise<void>;
}

/** Stores rules. A call that fails throws without a change. */
export interface RuleRepository {
  /** Returns every rule that was not lifted and had not ended before a time, in the order of their versions. */
  current(endedAfterMs: number): Promise<readonly Rule[]>;
  /** Returns the highest version of each scope. */
  versions(): Promise<readonly (AppScope & { readonly version: number })[]>;
  /** Stores rules atomically; a rule replaces the row with its id. */
  put(rules: readonly Rule[]): Promise<void>;
  /** Returns a rule, in force or ended. */
  find(scope: AppScope, id: string): Promise<Rule | undefined>;
  /** Returns the bans of a scope, in force and ended, latest version first; at most `limit` with a version below `before`. */
  bans(scope: AppScope, page: { readonly before?: number; readonly limit: number }): Promise<readonly Rule[]>;
  /** Deletes every rule that was lifted or had ended before a time. */
  deleteEnded(beforeMs: number): Promise<void>;
}
