/**
 * Polls: the parameters of their requests, and their events.
 *
 * @module
 */

import { Type } from 'typebox';
import type { WireUser } from './wire.ts';

/** Bounds of polls (POLL-6). */
export const POLL_LIMITS = {
  /** Maximum length of a question in bytes of UTF-8. */
  questionBytes: 512,
  /** Maximum length of an option in bytes of UTF-8. */
  optionBytes: 256,
  options: 20,
  /** Maximum number of polls in one life of a room. */
  polls: 50,
  /** How many voters of a poll are listed by name, the first ones. The counts include every voter. */
  namedVoters: 100,
} as const;

const closed = { additionalProperties: false } as const;
const text = Type.String({ maxLength: 4096 });
const pollId = Type.String({ minLength: 1, maxLength: 128 });

/** The parameters of `createPoll`; the room checks the limits (POLL-6). */
export const createPoll = Type.Object(
  {
    question: text,
    options: Type.Array(text, { maxItems: 100 }),
    /** Whether the voters' names are hidden from everybody; default false. */
    anonymous: Type.Optional(Type.Boolean()),
    /** Whether only users who have voted, and the poll's creator, see the votes; default false. */
    hideVotes: Type.Optional(Type.Boolean()),
  },
  closed,
);

/** The parameters of `vote`. */
export const vote = Type.Object(
  {
    pollId,
    /** The index of the option, from 0. */
    option: Type.Integer({ minimum: 0, maximum: 1000 }),
  },
  closed,
);

/** A change of a member's poll permissions; absent fields stay as they are. */
export const pollRightsChange = Type.Object(
  { create: Type.Optional(Type.Boolean()), vote: Type.Optional(Type.Boolean()), view: Type.Optional(Type.Boolean()) },
  closed,
);

/** One option of a poll. */
export interface WirePollOption {
  readonly text: string;
  /** The number of votes for it; absent if this member may not see the votes (POLL-4). */
  readonly count?: number;
  /** The users who voted for it, in the order of their votes; absent if hidden (POLL-3, POLL-4). */
  readonly votes?: readonly WireUser[];
}

/** A poll as one member sees it. */
export interface WirePoll {
  readonly pollId: string;
  readonly question: string;
  readonly options: readonly WirePollOption[];
  readonly anonymous: boolean;
  readonly hideVotes: boolean;
  /** The user who created it; absent if the App's backend did. */
  readonly creator?: WireUser;
  /** Milliseconds since the Unix epoch. */
  readonly createdAtMs: number;
  /** Whether this member's user has voted. */
  readonly hasVoted: boolean;
}

/** The events of polls. */
export type PollEventFrame =
  /** A poll was created, or this member's user has voted: the whole poll as this member sees it. */
  | { readonly event: 'pollUpdated'; readonly seq: number; readonly poll: WirePoll }
  /** Another user has voted; sent to members who may see the votes. */
  | {
      readonly event: 'pollVoted';
      readonly seq: number;
      readonly pollId: string;
      /** The index of the option, from 0. */
      readonly option: number;
      /** The number of votes for it now. */
      readonly count: number;
      /** Absent if voters are hidden. */
      readonly voter?: WireUser;
    };
