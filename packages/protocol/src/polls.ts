/**
 * Polls: what members may ask about them, and what they are told.
 *
 * @module
 */

import { Type } from 'typebox';
import type { WireUser } from './wire.ts';

/** Bounds of polls (POLL-6). */
export const POLL_LIMITS = {
  /** Most bytes of a question, in UTF-8. */
  questionBytes: 512,
  /** Most bytes of an option, in UTF-8. */
  optionBytes: 256,
  options: 20,
  /** Most polls in one life of a room. */
  polls: 50,
  /** So many voters of a poll are shown by name: the first. Counts have no such bound. */
  namedVoters: 100,
} as const;

const closed = { additionalProperties: false } as const;
const text = Type.String({ maxLength: 4096 });
const pollId = Type.String({ minLength: 1, maxLength: 128 });

/** The parameters of `createPoll`; bounds are the room's to judge. */
export const createPoll = Type.Object(
  {
    question: text,
    options: Type.Array(text, { maxItems: 100 }),
    /** Whether nobody is shown who voted; default false. */
    anonymous: Type.Optional(Type.Boolean()),
    /** Whether votes are shown only to who has voted, and to who made the poll; default false. */
    hideVotes: Type.Optional(Type.Boolean()),
  },
  closed,
);

/** The parameters of `vote`. */
export const vote = Type.Object(
  {
    pollId,
    /** Which option, from 0. */
    option: Type.Integer({ minimum: 0, maximum: 1000 }),
  },
  closed,
);

/** A change of what a member may do with polls; what is left out stays. */
export const pollRightsChange = Type.Object(
  { create: Type.Optional(Type.Boolean()), vote: Type.Optional(Type.Boolean()), view: Type.Optional(Type.Boolean()) },
  closed,
);

/** One option of a poll. */
export interface WirePollOption {
  readonly text: string;
  /** How many chose it; absent where this member is not shown the votes (POLL-4). */
  readonly count?: number;
  /** Who chose it, in the order of the votes; absent where that is not shown (POLL-3, POLL-4). */
  readonly votes?: readonly WireUser[];
}

/** A poll as one member sees it. */
export interface WirePoll {
  readonly pollId: string;
  readonly question: string;
  readonly options: readonly WirePollOption[];
  readonly anonymous: boolean;
  readonly hideVotes: boolean;
  /** Who made it; absent where the App's backend did. */
  readonly creator?: WireUser;
  /** Milliseconds since the Unix epoch. */
  readonly createdAtMs: number;
  /** Whether the member's own user has voted. */
  readonly hasVoted: boolean;
}

/** What members are told of polls. */
export type PollEventFrame =
  /** A poll is new, or the member's own user has voted in it: all of it, as the member sees it now. */
  | { readonly event: 'pollUpdated'; readonly seq: number; readonly poll: WirePoll }
  /** Somebody else has voted; told to those who are shown the votes. */
  | {
      readonly event: 'pollVoted';
      readonly seq: number;
      readonly pollId: string;
      /** Which option, from 0. */
      readonly option: number;
      /** How many have chosen it now. */
      readonly count: number;
      /** Absent where that is not shown. */
      readonly voter?: WireUser;
    };
