/**
 * What rules need of a store, so that they outlive the process. Rooms read them from memory alone.
 *
 * @module
 */

import type { AppId, Environment } from '@gavel/protocol';

/** One of an App's two worlds of rooms. Rules of one are never seen from the other. */
export interface World {
  readonly appId: AppId;
  readonly environment: Environment;
}

/** Gives a world as one string, for maps. */
export const worldText = ({ appId, environment }: World): string => `${appId}/${environment}`;

/** Names a rule: there is one of a kind for a subject. */
export interface RuleName extends World {
  /** What sort of rule it is; each kind is read by the module that wrote it. */
  readonly kind: string;
  /** What it is about. */
  readonly subject: string;
}

/** A rule as it is kept. */
export interface KeptRule extends RuleName {
  /** JSON that its kind alone understands. */
  readonly definition: Readonly<Record<string, unknown>>;
  /** Milliseconds since the Unix epoch. */
  readonly createdAtMs: number;
  /** From this time on it is not in force; absent where it has no end. */
  readonly untilMs?: number;
}

/** Keeps rules. A call that fails throws, and has changed nothing. */
export interface RuleKeeper {
  /** Every rule of a kind, in the order in which they were made. */
  all(kind: string): Promise<readonly KeptRule[]>;
  /** Keeps rules, all or none, each in place of the one of the same name. */
  put(rules: readonly KeptRule[]): Promise<void>;
  /** Forgets rules, all or none; those that are not there are passed over. */
  delete(names: readonly RuleName[]): Promise<void>;
  /** Forgets every rule whose end has come. */
  deleteEnded(nowMs: number): Promise<void>;
}
