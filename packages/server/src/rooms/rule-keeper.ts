/**
 * The store interface for rules, which persist across restarts. Rooms read rules only from memory.
 *
 * @module
 */

import type { AppId, Environment } from '@gavel/protocol';

/** One environment of an App. The rules of one environment do not apply in the other. */
export interface World {
  readonly appId: AppId;
  readonly environment: Environment;
}

/** Returns a world as a string key for maps. */
export const worldText = ({ appId, environment }: World): string => `${appId}/${environment}`;

/** Identifies a rule: there is at most one of a kind per subject. */
export interface RuleName extends World {
  /** The kind of the rule. Each kind is read only by the module that writes it. */
  readonly kind: string;
  /** The subject of the rule. */
  readonly subject: string;
}

/** A rule as it is stored. */
export interface KeptRule extends RuleName {
  /** JSON, whose format depends on the kind. */
  readonly definition: Readonly<Record<string, unknown>>;
  /** Milliseconds since the Unix epoch. */
  readonly createdAtMs: number;
  /** The rule is in force before this time; absent if it has no end. */
  readonly untilMs?: number;
}

/** Stores rules. A call that fails throws without a change. */
export interface RuleKeeper {
  /** Returns every rule of a kind, in the order of creation. */
  all(kind: string): Promise<readonly KeptRule[]>;
  /** Stores rules atomically. A rule replaces the one of the same name. */
  put(rules: readonly KeptRule[]): Promise<void>;
  /** Deletes rules atomically. Names without a rule are ignored. */
  delete(names: readonly RuleName[]): Promise<void>;
  /** Deletes every rule that has ended. */
  deleteEnded(nowMs: number): Promise<void>;
}
