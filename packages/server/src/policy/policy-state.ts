/**
 * The rules of one App and environment in memory. Only events change them, so that the state is the same wherever the
 * same events are followed.
 *
 * @module
 */

import type { RoomId, RoomKey, StreamId } from '@gavel/protocol';
import type { BanPrivilege, Identity } from '../rooms/bans.ts';
import { BanIndex } from './ban-index.ts';
import type { PolicyEvent } from './commands.ts';
import {
  type Ban,
  type BanList,
  isInForce,
  listOf,
  type NewRule,
  type Rule,
  type RuleList,
  type StreamBlock,
  subjectTextOf,
} from './rule.ts';

/** How long a rule that has ended at its time stays in memory, in milliseconds: one day (BAN-2). */
export const ENDED_LISTED_MS = 86_400_000;
/** Maximum number of ended rules of one list in memory. */
const MAX_ENDED = 1000;

/** The rules that are in force, and those that ended at their time within the last day. */
export class PolicyState {
  /** By list, and by subject or, if it stands alone, by id. */
  readonly #lists = new Map<RuleList, Map<string, Rule>>();
  readonly #byId = new Map<string, Rule>();
  readonly #bans = new BanIndex();
  #version: number;

  /** @param version of the last change before the first event */
  constructor(version = 0) {
    this.#version = version;
  }

  /** Version of the last change. */
  get version(): number {
    return this.#version;
  }

  /** Changes the rules as an event says: the only change. */
  evolve({ type, rule, seq, atMs }: PolicyEvent): void {
    this.#version = Math.max(this.#version, seq);
    this.#forget(rule);
    if (type === 'ruleSet') this.#add(rule);
    this.#dropEnded(listOf(rule), atMs);
  }

  /** Returns a rule that is in force. */
  find(reference: { readonly id: string } | { readonly like: NewRule }, nowMs: number): Rule | undefined {
    const rule = 'id' in reference ? this.#byId.get(reference.id) : this.#findLike(reference.like);
    return rule && isInForce(rule, nowMs) ? rule : undefined;
  }

  #findLike(rule: NewRule): Rule | undefined {
    const subject = subjectTextOf(rule);
    return subject === undefined ? undefined : this.#lists.get(listOf(rule))?.get(subject);
  }

  /** Returns the rules of a list that are in force, or ended within the last day, in the order in which they were set. */
  list(list: RuleList, nowMs: number): readonly Rule[] {
    return this.#rulesOf(list).filter((rule) => endOf(rule) > nowMs - ENDED_LISTED_MS);
  }

  /** Returns the bans of a list, as `list` does. */
  bans(list: BanList, nowMs: number): readonly Ban[] {
    return this.list(list, nowMs).filter((rule) => rule.kind === 'ban');
  }

  /** Returns every block of a stream in memory. */
  blocks(): readonly StreamBlock[] {
    return this.#rulesOf('stream-block').filter((rule) => rule.kind === 'stream-block');
  }

  /** Returns the ban in force that revokes a privilege of a user in a room for the longest time. */
  findBan(roomId: RoomId, identity: Identity, privilege: BanPrivilege, nowMs: number): Ban | undefined {
    return this.#bans.find(roomId, identity, privilege, nowMs);
  }

  /** Returns the block of a stream in a room that is in force. */
  findBlock({ roomId }: Pick<RoomKey, 'roomId'>, streamId: StreamId, nowMs: number): StreamBlock | undefined {
    const rule = this.#lists.get('stream-block')?.get(JSON.stringify([roomId, streamId]));
    return rule?.kind === 'stream-block' && isInForce(rule, nowMs) ? rule : undefined;
  }

  /** Returns whether a stream id is forbidden. */
  isForbidden(streamId: StreamId, nowMs: number): boolean {
    const rule = this.#lists.get('forbidden-stream')?.get(streamId);
    return rule !== undefined && isInForce(rule, nowMs);
  }

  #rulesOf(list: RuleList): Rule[] {
    return [...(this.#lists.get(list)?.values() ?? [])];
  }

  #add(rule: Rule): void {
    const name = listOf(rule);
    const list = this.#lists.get(name) ?? new Map<string, Rule>();
    this.#lists.set(name, list);
    const place = placeOf(rule);
    const before = list.get(place);
    if (before) this.#forget(before);
    list.set(place, rule);
    this.#byId.set(rule.id, rule);
    if (rule.kind === 'ban') this.#bans.add(rule);
  }

  #forget({ id }: Rule): void {
    const rule = this.#byId.get(id);
    if (!rule) return;
    this.#byId.delete(id);
    this.#lists.get(listOf(rule))?.delete(placeOf(rule));
    if (rule.kind === 'ban') this.#bans.delete(rule);
  }

  /** Forgets the rules that ended more than a day ago, and the oldest ended ones beyond `MAX_ENDED`. */
  #dropEnded(list: RuleList, nowMs: number): void {
    const ended = this.#rulesOf(list).filter((rule) => endOf(rule) <= nowMs);
    if (ended.length === 0) return;
    ended.sort((left, right) => endOf(right) - endOf(left));
    for (const [index, rule] of ended.entries()) {
      if (index >= MAX_ENDED || endOf(rule) <= nowMs - ENDED_LISTED_MS) this.#forget(rule);
    }
  }
}

const endOf = ({ untilMs }: Rule): number => untilMs ?? Number.POSITIVE_INFINITY;
const placeOf = (rule: Rule): string => subjectTextOf(rule) ?? rule.id;
