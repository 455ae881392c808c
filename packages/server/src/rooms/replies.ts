/**
 * Replies: what a command answers to its caller. A caller needs no event to know what its command did.
 *
 * @module
 */

import type { SetBan } from './bans.ts';
import type { RoomCommand } from './commands.ts';
import type { RoomPosition } from './ended-tickets.ts';
import { eventsOf, type RoomEvent } from './events.ts';
import { type MemberInfo, mayLetIn } from './member.ts';
import type { PollInfo } from './polls.ts';
import type { Room } from './room.ts';
import type { StreamInfo } from './stream.ts';
import type { BlockedKinds } from './stream-rules.ts';
import type { Session } from './views.ts';
import type { Waiting } from './waiting.ts';

/** The reply of a login: the user is in the room, or waits for it. */
export type LoginReply =
  | { readonly session: Session; readonly waiting?: never; readonly position?: never }
  | {
      readonly session?: never;
      readonly waiting: Waiting;
      /** The position of the room, or after the end of its last life. */
      readonly position: RoomPosition;
    };

/** The reply of a resume. */
export interface ResumeReply {
  readonly session: Session;
  /** The events that the client has missed, up to the resume; absent if some are no longer stored. */
  readonly missed?: readonly RoomEvent[];
}

/** The members that a command has removed or muted. */
export interface MembersReply {
  readonly members: readonly MemberInfo[];
}

/** The reply of a kick. */
export interface KickReply extends MembersReply {
  /** The removed users that were waiting. */
  readonly waiting: readonly Waiting[];
  /** The bans that it has set; absent if it carried none. */
  readonly bans?: readonly SetBan[];
}

/** The reply of a reservation. */
export interface ReservedStream {
  readonly stream: StreamInfo;
  readonly live: boolean;
  /** The kinds that its publisher may send now. */
  readonly allowed: BlockedKinds;
}

/** The reply of each kind of command; a kind that is not listed has an empty reply. */
export interface Replies {
  readonly login: LoginReply;
  readonly resume: ResumeReply;
  readonly touch: {
    /** Number of members, without hidden ones; absent if there is no room. */
    readonly memberCount?: number;
  };
  readonly kick: KickReply;
  readonly close: MembersReply;
  readonly mute: MembersReply;
  readonly reserveStream: ReservedStream;
  readonly send: { readonly messageId: number; readonly absent: readonly MemberInfo['user']['id'][] };
  readonly createPoll: { readonly poll: PollInfo };
}

/** The reply of a command that has nothing to answer. */
export type Done = Readonly<Record<string, never>>;

/** The empty reply. */
export const DONE: Done = {};

/** The reply of a command. */
export type ReplyOf<C extends RoomCommand> = C extends RoomCommand
  ? C['type'] extends keyof Replies
    ? Replies[C['type']]
    : Done
  : never;

/** What a reply is made of, when the command has taken effect. */
export interface ReplySource {
  /** The room that has applied the command, or its part of it. */
  readonly room: Room | undefined;
  readonly waiting: () => readonly Waiting[];
  /** The position of the room, or after the end of its last life. */
  readonly position: () => RoomPosition;
}

/** Returns the reply of a command that has just been applied. @throws Error if its event is missing, which is a bug */
export function replyOf(command: RoomCommand, source: ReplySource, events: readonly RoomEvent[]): ReplyOf<RoomCommand> {
  switch (command.type) {
    case 'login': {
      const [added] = eventsOf(events, 'waitingAdded');
      if (added) return { waiting: added.waiting, position: source.position() };
      return { session: sessionOf(source, requireEvent(events, 'memberJoined').member) };
    }
    case 'resume': {
      const { member } = requireEvent(events, 'memberResumed');
      const missed = source.room?.eventsAfter(command.after);
      return { session: sessionOf(source, member), ...(missed && { missed }) };
    }
    case 'kick':
      return {
        ...membersLeft(events),
        waiting: eventsOf(events, 'waitingRemoved').map(({ waiting }) => waiting),
      };
    case 'close':
      return membersLeft(events);
    case 'mute':
      return { members: requireEvent(events, 'membersMuted').members };
    case 'reserveStream': {
      const { stream, live, allowed } = requireEvent(events, 'streamReserved');
      return { stream, live, allowed };
    }
    case 'send': {
      const { messageId, absent } = requireEvent(events, 'message');
      return { messageId, absent };
    }
    case 'createPoll':
      return { poll: requireEvent(events, 'pollUpdated').poll };
    default:
      return DONE;
  }
}

/**
 * Returns a member's view of the room; it includes the list of members only if the login requested it, and the waiting
 * users only if the member may admit them: it receives later changes as events.
 */
function sessionOf({ room, waiting }: ReplySource, member: MemberInfo): Session {
  const ticket = room?.findMember(member.memberId)?.ticket;
  if (!room || ticket === undefined) throw new Error('the member of a new session is not in the room');
  const session = { member, ticket, room: room.snapshot({ withMembers: member.wantsMembers }) };
  return mayLetIn(member) ? { ...session, waiting: waiting() } : session;
}

const membersLeft = (events: readonly RoomEvent[]): MembersReply => ({
  members: eventsOf(events, 'memberLeft').map(({ member }) => member),
});

function requireEvent<T extends RoomEvent['type']>(events: readonly RoomEvent[], type: T) {
  const event = eventsOf(events, type).at(-1);
  if (!event) throw new Error(`a command emitted no event of type ${type}`);
  return event;
}
