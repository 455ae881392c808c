/**
 * A member's profile in this dialect.
 *
 * @module
 */

import type { WireProfile, WireUser } from '@gavel/protocol';
import { asDeclared } from './declared.ts';

/** The data of a person in a meeting, without media. */
export interface PersonFields {
  /** The participant record's id; the same for all of the participant's connections. */
  readonly userId: string;
  readonly name: string;
  /** Undefined if there is none, as the following two. */
  readonly picture: string;
  readonly customParticipantId: string;
  readonly presetName: string;
}

/** Reads a text field of a profile. */
export function profileText(profile: WireProfile | undefined, key: string): string | undefined {
  const value = profile?.[key];
  return typeof value === 'string' ? value : undefined;
}

/** Returns the data of a person; a member of another dialect has only an id and a name (RTK-6). */
export function toPersonFields(user: WireUser, profile: WireProfile | undefined): PersonFields {
  return {
    userId: profileText(profile, 'participantId') ?? user.id,
    name: user.name,
    picture: asDeclared(profileText(profile, 'picture')),
    customParticipantId: asDeclared(profileText(profile, 'customParticipantId')),
    presetName: asDeclared(profileText(profile, 'presetName')),
  };
}

/** Returns the id of the stream in which a member of this dialect publishes its camera: letters, digits, `-` and `_` only. */
export function streamIdOf(memberId: string): string {
  return `rtk-${memberId.replace(/[^A-Za-z0-9_-]/g, '_')}`;
}

/** Returns the id of the stream in which a member of this dialect shares its screen. */
export function screenIdOf(memberId: string): string {
  return `${streamIdOf(memberId)}-screen`;
}
