/**
 * People whom a call hits, as the admin API shows them.
 *
 * @module
 */

import { GavelError, type MemberId, type RoomKey, type UserId } from '@gavel/protocol';
import type { AffectedPerson } from '@gavel/protocol/admin';
import type { Bus } from '../bus/bus.ts';
import type { Person } from '../owner/people.ts';
import type { KickTarget } from '../rooms/commands.ts';
import type { MemberInfo } from '../rooms/member.ts';
import type { Waiting } from '../rooms/waiting.ts';

/** Users with all of their logins, and single logins. */
export interface NamedPeople {
  readonly userIds?: readonly string[];
  readonly memberIds?: readonly string[];
}

/** Returns the members and the waiting users of a room; none if it does not exist. */
export async function findPeople(bus: Pick<Bus, 'query'>, key: RoomKey): Promise<readonly Person[]> {
  const { appId, environment, roomId } = key;
  return (await bus.query({ appId, environment }, { type: 'people', roomId })).people;
}

/** Returns the members and the waiting users of a room. @throws GavelError `room.not-found` if there are none */
export async function requirePeople(bus: Pick<Bus, 'query'>, key: RoomKey): Promise<readonly Person[]> {
  const people = await findPeople(bus, key);
  return people.length > 0 ? people : fail('room.not-found');
}

/** @throws GavelError `room.member-not-found` if there is nobody, as the command would */
export function requireSome<T>(people: readonly T[]): readonly T[] {
  return people.length > 0 ? people : fail('room.member-not-found');
}

function fail(code: 'room.not-found' | 'room.member-not-found'): never {
  throw new GavelError(code);
}

/** Returns the targets of a command. */
export function targetsOf({ userIds = [], memberIds = [] }: NamedPeople): KickTarget[] {
  return [
    ...userIds.map((userId) => ({ label: userId, userIds: [userId as UserId] })),
    ...memberIds.map((memberId) => ({ label: memberId, userIds: [], memberIds: [memberId as MemberId] })),
  ];
}

/** Returns whether a person matches one of the targets. */
export function isNamed({ user, memberId }: Person, targets: readonly KickTarget[]): boolean {
  return targets.some((target) => target.userIds.includes(user.id) || target.memberIds?.includes(memberId));
}

/** Returns a person whom a call hits, or would. */
export function describePerson({ key, memberId, user, address, isWaiting }: Person): AffectedPerson {
  return { ...key, memberId, userId: user.id, userName: user.name, address, isWaiting };
}

/** Returns a member whom a call has hit. */
export function describeMember(key: RoomKey, { memberId, user, address }: MemberInfo): AffectedPerson {
  return describePerson({ key, memberId, user, address, isWaiting: false });
}

/** Returns a user who waited for admission, and whom a call has hit. */
export function describeWaiting(key: RoomKey, { memberId, user }: Waiting): AffectedPerson {
  return { ...key, memberId, userId: user.id, userName: user.name, isWaiting: true };
}
