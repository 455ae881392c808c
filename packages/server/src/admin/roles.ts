/**
 * Roles of the admin API: what each one may do, and in which Apps (ROLE-1).
 *
 * @module
 */

import type { AdminIdentity, AdminRole } from '@gavel/protocol/admin';
import { AdminError } from './errors.ts';

/** What a call needs. `moderate`: act on rooms, people, streams and bans. `manage`: Apps, keys, tokens, callbacks. */
export type AdminRight = 'read' | 'moderate' | 'manage';

/** The rights of each role. */
export const RIGHTS_OF_ROLE: Readonly<Record<AdminRole, readonly AdminRight[]>> = {
  owner: ['read', 'moderate', 'manage'],
  moderator: ['read', 'moderate'],
  viewer: ['read'],
};

/** Returns whether a caller may access an App. */
export function mayAccessApp({ appIds }: AdminIdentity, appId: number): boolean {
  return appIds === undefined || appIds.includes(appId);
}

/** Returns whether a caller may see the IP addresses of people: those who may ban them. */
export function maySeeAddresses({ role }: AdminIdentity): boolean {
  return RIGHTS_OF_ROLE[role].includes('moderate');
}

/** @throws AdminError `forbidden` if the caller's role does not have the right */
export function requireRight({ role }: AdminIdentity, right: AdminRight): void {
  if (RIGHTS_OF_ROLE[role].includes(right)) return;
  throw new AdminError('forbidden', `The role ${role} does not allow this call.`);
}

/** @throws AdminError `forbidden` if the caller may not access the App, whether or not it exists */
export function requireApp(caller: AdminIdentity, appId: number): void {
  if (mayAccessApp(caller, appId)) return;
  throw new AdminError('forbidden', `The token is not valid for the App ${appId}.`);
}
