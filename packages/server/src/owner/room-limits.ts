/**
 * Fixed limits of rooms.
 *
 * @module
 */

import type { Environment, RoomKey } from '@gavel/protocol';
import type { LoginCommand } from '../rooms/commands.ts';

/** Limits of one scope; `Infinity` means no limit. */
export interface EnvironmentLimits {
  /** Maximum number of members of a room. */
  readonly maxMembers: number;
  /** Maximum number of simultaneous rooms. */
  readonly maxRooms: number;
}

/** Production has no limits of its own; the test environment has small ones (TEST-1, TEST-2). */
export const ENVIRONMENT_LIMITS: Readonly<Record<Environment, EnvironmentLimits>> = {
  production: { maxMembers: Number.POSITIVE_INFINITY, maxRooms: Number.POSITIVE_INFINITY },
  test: { maxMembers: 50, maxRooms: 10 },
};

/** Whether the number of rooms is limited where this one is. */
export const isLimited = ({ environment }: RoomKey): boolean =>
  Number.isFinite(ENVIRONMENT_LIMITS[environment].maxRooms);

/** Returns the login with the room's limit of members: the smaller one of the login's and the scope's (TEST-1). */
export function withEnvironmentCap(key: RoomKey, command: LoginCommand): LoginCommand {
  const { maxMembers } = ENVIRONMENT_LIMITS[key.environment];
  if (!Number.isFinite(maxMembers)) return command;
  return { ...command, maxMemberCount: Math.min(command.maxMemberCount || maxMembers, maxMembers) };
}
