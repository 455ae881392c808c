/**
 * Commands of the policy of one App and environment, their replies and events: everything that can be done to its rules.
 * They are JSON (BUS-1).
 *
 * - Set a ban (BAN-9): `{ type: 'setRules', rules: [{ kind: 'ban', list: 'moderation', subject, privileges: ['login'], ... }] }`;
 *   the reply has its id. With `removesPresent`, whoever it covers is also put out.
 * - Lift it: `{ type: 'liftRules', rules: [{ id }], reason }`; the row stays.
 * - Kick and ban at once (BAN-8): the room command `kick` with `ban`.
 *
 * `PolicyService.execute` answers when the change is stored and enforced; `PolicyService.preview` tells whom it would hit.
 *
 * @module
 */

import type { AppScope } from '../base/app-scope.ts';
import type { Person } from '../owner/people.ts';
import type { CallTerms, Origin } from '../rooms/commands.ts';
import type { NewRule, Rule } from './rule.ts';

/** Names a rule: by its id, or by what it is about, in a list with one rule per subject. */
export type RuleReference = { readonly id: string } | { readonly like: NewRule };

/** A change of rules. */
export type PolicyCommand =
  /**
   * Sets rules, all or none. A rule replaces the one about the same subject, unless its list is `moderation`.
   *
   * @throws `policy.too-many-rules`, `policy.bad-rule`, `policy.range-too-wide`
   */
  | {
      readonly type: 'setRules';
      readonly rules: readonly NewRule[];
      /** Members and waiting users that a new login ban covers are put out, with the cause `kicked`; default: they stay (BAN-4). */
      readonly removesPresent?: boolean;
    }
  /** Lifts rules; those that are not in force are ignored. */
  | { readonly type: 'liftRules'; readonly rules: readonly RuleReference[]; readonly reason: string };

/** How a command is recognised when it is repeated, and what its reply has. */
export interface PolicyTerms extends Pick<CallTerms, 'commandId' | 'fingerprint' | 'isRetried'> {
  /** Whether the reply has the people whom the new bans cover. */
  readonly wantsCovered?: boolean;
}

/** The reply of a command: the rules that it has set or lifted. */
export interface PolicyReply {
  readonly rules: readonly Rule[];
  /** Members and waiting users whom the bans cover, each once, as they were before the bans; absent if not wanted. */
  readonly covered?: readonly Person[];
}

/** One change of a rule: a complete fact. */
export interface PolicyEvent {
  readonly type: 'ruleSet' | 'ruleLifted';
  readonly rule: Rule;
  /** The number of the change in its scope, without gaps; also the rule's version. */
  readonly seq: number;
  readonly atMs: number;
}

/** The events of one command. */
export interface PolicyBatch {
  readonly scope: AppScope;
  readonly origin: Origin;
  readonly events: readonly PolicyEvent[];
}

/** Handles the events of commands, in the order of each scope. The returned promise is awaited before the answer. */
export interface PolicySink {
  handlePolicy(batch: PolicyBatch): void | Promise<void>;
}
