/**
 * Rules: bans, blocks of kinds of a stream, and forbidden streams. A rule is a versioned row that is never deleted by
 * lifting it: it says who set it, when and why, until when it is in force, and who lifted it (BAN-9).
 *
 * @module
 */

import type { RoomId, StreamId } from '@gavel/protocol';
import type { AppScope } from '../base/app-scope.ts';
import type { NewBan } from '../rooms/bans.ts';
import type { BlockedKinds } from '../rooms/stream-rules.ts';

/**
 * The list that a ban is in. The lists other than `moderation` have one ban per subject and small limits, as backends
 * know them (BAN-5, BAN-6); in `moderation` every ban stands alone, and is lifted by its id.
 */
export type BanList = 'address' | 'room' | 'user' | 'room-user' | 'moderation';

/** A ban to be set. */
export interface NewBanRule extends NewBan {
  readonly kind: 'ban';
  readonly list: BanList;
}

/** Holds back kinds of one stream in one room, even if it is published later (RULE-2). One per stream and room. */
export interface NewStreamBlock {
  readonly kind: 'stream-block';
  readonly roomId: RoomId;
  readonly streamId: StreamId;
  readonly blocked: BlockedKinds;
  /** In force before this time, in milliseconds since the Unix epoch; undefined: for good. */
  readonly untilMs?: number;
  readonly reason: string;
}

/** Forbids a stream id in every room of its scope (FORB-1). One per stream id. */
export interface NewForbiddenStream {
  readonly kind: 'forbidden-stream';
  readonly streamId: StreamId;
  /** In force before this time, in milliseconds since the Unix epoch; undefined: for good. */
  readonly untilMs?: number;
  readonly reason: string;
}

/** A rule to be set. */
export type NewRule = NewBanRule | NewStreamBlock | NewForbiddenStream;

/** How a rule ended before its time. */
export interface Lifting {
  readonly atMs: number;
  /** The user, token or App that lifted it; `replaced` if a later rule about the same subject took its place. */
  readonly by: string;
  /** The caller's text, unchanged. */
  readonly reason: string;
}

/** What the server adds to a rule. */
export interface RuleFacts extends AppScope {
  /** Random; unique over all Apps. */
  readonly id: string;
  /** The number of the change that wrote this row; it rises with every change of its scope, without gaps. */
  readonly version: number;
  /** The user, token or App that set it. */
  readonly author: string;
  /** When it began, in milliseconds since the Unix epoch. */
  readonly createdAtMs: number;
  readonly lifted?: Lifting;
}

/** A ban (BAN). */
export type Ban = NewBanRule & RuleFacts;
/** A block of kinds of a stream (RULE). */
export type StreamBlock = NewStreamBlock & RuleFacts;
/** A forbidden stream id (FORB). */
export type ForbiddenStream = NewForbiddenStream & RuleFacts;
/** A rule, in force or ended. */
export type Rule = Ban | StreamBlock | ForbiddenStream;

/** A list of rules, which has its own limit. */
export type RuleList = BanList | 'stream-block' | 'forbidden-stream';

/** Maximum number of rules in force in each list of a scope (BAN-5). */
export const MAX_RULES: Readonly<Record<RuleList, number>> = {
  address: 100,
  room: 200,
  user: 200,
  'room-user': 200,
  moderation: 10_000,
  'stream-block': 10_000,
  'forbidden-stream': 100_000,
};

/** Returns the list of a rule. */
export const listOf = (rule: NewRule): RuleList => (rule.kind === 'ban' ? rule.list : rule.kind);

/** Returns whether a rule is in force at a time. */
export const isInForce = (rule: Rule, nowMs: number): boolean =>
  rule.lifted === undefined && (rule.untilMs ?? Number.POSITIVE_INFINITY) > nowMs;

/**
 * Returns what a rule is about: in its list, a rule replaces the one with the same text. Undefined for a ban that stands
 * alone.
 */
export function subjectTextOf(rule: NewRule): string | undefined {
  switch (rule.kind) {
    case 'ban': {
      if (rule.list === 'moderation') return undefined;
      const { userId = null, addresses = null } = rule.subject;
      // A JSON array, so that two different subjects never have the same text.
      return JSON.stringify([rule.roomId ?? null, userId, addresses]);
    }
    case 'stream-block':
      return JSON.stringify([rule.roomId, rule.streamId]);
    case 'forbidden-stream':
      return rule.streamId;
  }
}
