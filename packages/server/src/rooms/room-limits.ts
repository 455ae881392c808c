/**
 * Fixed limits of rooms.
 *
 * @module
 */

import type { Environment, RoomKey } from '@gavel/protocol';
import type { LoginCommand } from './commands.ts';

/** Limits of one world (App and environment); `Infinity` means no limit. */
export interface WorldLimits {
  /** Maximum number of members of a room. */
  readonly maxMembers: number;
  /** Maximum number of simultaneous rooms. */
  readonly maxRooms: number;
}

/** Production has no limits of its own; the test environment has small ones (TEST-1, TEST-2). */
export const WORLD_LIMITS: Readonly<Record<Environment, WorldLimits>> = {
  production: { maxMembers: Number.POSITIVE_INFINITY, maxRooms: Number.POSITIVE_INFINITY },
  test: { maxMembers: 50, maxRooms: 10 },
};

/** Returns the login with the room's limit of members: the smaller one of the login's and the world's (TEST-1). */
export function withWorldCap(key: RoomKey, command: LoginCommand): LoginCommand {
  const { maxMembers } = WORLD_LIMITS[key.environment];
  if (!Number.isFinite(maxMembers)) return command;
  return { ...command, maxMemberCount: Math.min(command.maxMemberCount || maxMembers, maxMembers) };
}
