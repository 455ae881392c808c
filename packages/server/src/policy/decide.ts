/**
 * Decides commands of a policy. Nothing changes: the events are the change, and a dry run only decides.
 *
 * @module
 */

import { GavelError } from '@gavel/protocol';
import type { AppScope } from '../base/app-scope.ts';
import { parseRange } from './address-range.ts';
import type { PolicyCommand, PolicyEvent, PolicyReply } from './commands.ts';
import type { PolicyState } from './policy-state.ts';
import { isInForce, listOf, MAX_RULES, type NewRule, type Rule, subjectTextOf } from './rule.ts';

/** The shortest prefixes of ranges of addresses that can be banned (BAN-10). */
export interface RangeLimits {
  readonly minPrefixIpv4: number;
  readonly minPrefixIpv6: number;
}

/** What a decision needs to know besides the state. */
export interface PolicyFacts {
  readonly scope: AppScope;
  readonly nowMs: number;
  /** The user, token or App that sent the command. */
  readonly author: string;
  /** The id for each of `distinctRules`: unused, or that of a rule that the same command has set before. */
  readonly ids: readonly string[];
  /** By its id: a stored rule that the same command has set before. It is not set again; by default there is none. */
  readonly earlier?: ReadonlyMap<string, Rule>;
  readonly limits: RangeLimits;
}

/** The result of a command. */
export interface PolicyDecision {
  readonly events: readonly PolicyEvent[];
  readonly reply: PolicyReply;
}

/** Decides a command. @throws GavelError as the command documents */
export function decidePolicy(state: PolicyState, command: PolicyCommand, facts: PolicyFacts): PolicyDecision {
  const events: PolicyEvent[] = [];
  const { nowMs, author, earlier } = facts;
  const emit = (type: PolicyEvent['type'], rule: Rule): Rule => {
    const seq = state.version + events.length + 1;
    const versioned = { ...rule, version: seq };
    events.push({ type, rule: versioned, seq, atMs: nowMs });
    return versioned;
  };
  if (command.type === 'liftRules') {
    const found = new Set(command.rules.flatMap((reference) => state.find(reference, nowMs) ?? []));
    const lifted = { atMs: nowMs, by: author, reason: command.reason };
    return { reply: { rules: [...found].map((rule) => emit('ruleLifted', { ...rule, lifted })) }, events };
  }
  const rules = distinctRules(command.rules);
  const isNew = (_rule: NewRule, index: number): boolean => !earlier?.has(facts.ids[index] ?? '');
  for (const rule of rules) checkRule(rule, facts.limits);
  checkCounts(state, rules.filter(isNew), nowMs);
  const { appId, environment } = facts.scope;
  const set = rules.map((rule, index) => {
    const known = earlier?.get(facts.ids[index] ?? '');
    // The node that has stored it may have told nobody.
    if (known) return isInForce(known, nowMs) && !state.find(known, nowMs) ? emit('ruleSet', known) : known;
    const before = state.find({ like: rule }, nowMs);
    if (before) emit('ruleLifted', { ...before, lifted: { atMs: nowMs, by: 'replaced', reason: '' } });
    const id = facts.ids[index] ?? '';
    return emit('ruleSet', { ...rule, appId, environment, id, version: 0, author, createdAtMs: nowMs });
  });
  return { reply: { rules: set }, events };
}

/** Returns the rules that a command sets: of several about one subject, the last one counts. */
export function distinctRules(rules: readonly NewRule[]): NewRule[] {
  const bySubject = new Map<string, NewRule>();
  for (const [index, rule] of rules.entries()) {
    const subject = subjectTextOf(rule);
    bySubject.set(subject === undefined ? String(index) : `${listOf(rule)} ${subject}`, rule);
  }
  return [...bySubject.values()];
}

/** @throws GavelError `policy.bad-rule` */
function checkRule(rule: NewRule, limits: RangeLimits): void {
  if (rule.kind !== 'ban') return;
  const { userId, addresses } = rule.subject;
  if (rule.privileges.length === 0) throw new GavelError('policy.bad-rule', 'A ban revokes at least one privilege.');
  if (userId === undefined && addresses === undefined && rule.roomId === undefined) {
    throw new GavelError('policy.bad-rule', 'A ban needs a user, an address or a room.');
  }
  if (addresses === undefined) return;
  if (parseRange(addresses) !== addresses) {
    throw new GavelError('policy.bad-rule', 'The address of a ban is not an address or range in canonical form.');
  }
  const minPrefix = addresses.includes(':') ? limits.minPrefixIpv6 : limits.minPrefixIpv4;
  const [, prefix] = addresses.split('/');
  if (prefix !== undefined && Number(prefix) < minPrefix) {
    throw new GavelError('policy.range-too-wide', `A ban covers at most a range with a prefix of ${minPrefix}.`, {
      minPrefix,
    });
  }
}

/** @throws GavelError `policy.too-many-rules` */
function checkCounts(state: PolicyState, rules: readonly NewRule[], nowMs: number): void {
  for (const list of new Set(rules.map(listOf))) {
    const added = rules.filter((rule) => listOf(rule) === list);
    const replaced = added.filter((rule) => state.find({ like: rule }, nowMs) !== undefined).length;
    const inForce = state.list(list, nowMs).filter((rule) => isInForce(rule, nowMs)).length;
    if (inForce - replaced + added.length > MAX_RULES[list]) {
      throw new GavelError('policy.too-many-rules', `At most ${MAX_RULES[list]} rules of this kind can be in force.`);
    }
  }
}
