/**
 * Outcomes: the result of a command for its caller.
 *
 * @module
 */

import type { RoomEvent } from './events.ts';
import type { Room } from './room.ts';
import type { Session } from './views.ts';
import type { Waiting } from './waiting.ts';

/** The result of a command. */
export interface Outcome {
  readonly events: readonly RoomEvent[];
  /** After `login` and `resume`: a snapshot taken synchronously, so that no event is missed. */
  readonly session?: Session;
  /** After a `login` that has to wait; nothing else has changed. */
  readonly waiting?: Waiting;
  /** The waiting users that this `kick` removed. */
  readonly turnedAway?: readonly Waiting[];
}

/** Returns the session of a login or resume that has just been applied; undefined after any other command. */
export function sessionOf(room: Room, events: readonly RoomEvent[]): Session | undefined {
  const last = events.at(-1);
  if (last?.type !== 'memberJoined' && last?.type !== 'memberResumed') return undefined;
  const { member } = last;
  const ticket = room.findMember(member.memberId)?.ticket;
  if (ticket === undefined) return undefined;
  return { member, ticket, room: room.snapshot({ withMembers: member.wantsMembers }) };
}

/** @throws Error if a login has no session, which is a bug */
export function requireSession({ session }: Outcome): Session {
  if (!session) throw new Error('login returned no session');
  return session;
}
