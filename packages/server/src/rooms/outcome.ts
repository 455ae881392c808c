/**
 * Outcomes: what a command did, as its caller gets it.
 *
 * @module
 */

import type { RoomEvent } from './events.ts';
import type { Room } from './room.ts';
import type { Session } from './views.ts';
import type { Waiting } from './waiting.ts';

/** What a command did. */
export interface Outcome {
  readonly events: readonly RoomEvent[];
  /** After `login` and `resume`: taken in the same moment, so that no event lies between. */
  readonly session?: Session;
  /** After a `login` that has to wait; then nothing else has happened. */
  readonly waiting?: Waiting;
  /** Who waited to be let in, and was put out by this `kick`. */
  readonly turnedAway?: readonly Waiting[];
}

/** Gives the session of a login or resume that has just been applied; undefined after any other command. */
export function sessionOf(room: Room, events: readonly RoomEvent[]): Session | undefined {
  const last = events.at(-1);
  if (last?.type !== 'memberJoined' && last?.type !== 'memberResumed') return undefined;
  const { member } = last;
  const ticket = room.findMember(member.memberId)?.ticket;
  if (ticket === undefined) return undefined;
  return { member, ticket, room: room.snapshot({ withMembers: member.wantsMembers }) };
}

/** @throws Error where a login was refused without a word: a fault */
export function requireSession({ session }: Outcome): Session {
  if (!session) throw new Error('a login made no session');
  return session;
}
