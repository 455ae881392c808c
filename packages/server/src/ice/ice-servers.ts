/**
 * STUN and TURN servers for clients, with credentials for one login (ICE-1).
 *
 * The credentials are those of coturn's `use-auth-secret`: the user name contains the expiry, and the password is its
 * HMAC, so the TURN server needs no list of users.
 *
 * @module
 */

import { createHmac } from 'node:crypto';
import type { AppId, UserId, WireIce } from '@gavel/protocol';
import type { Apps, TurnServers } from '../apps/app.ts';
import type { Clock } from '../base/clock.ts';

/** Dependencies of the ICE servers. */
export interface IceServersDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly apps: Pick<Apps, 'find'>;
  /** Returns the servers for Apps without their own. */
  readonly settings: () => TurnServers;
}

/** Creates the ICE servers of logins. */
export class IceServers {
  readonly #deps: IceServersDeps;

  constructor(deps: IceServersDeps) {
    this.#deps = deps;
  }

  /** Returns the ICE servers for a user with new credentials, or undefined if the App has no servers. */
  issue(appId: AppId, userId: UserId): WireIce | undefined {
    const { urls, secret, ttlSeconds } = this.#deps.apps.find(appId)?.turn ?? this.#deps.settings();
    const stun = urls.filter((url) => url.startsWith('stun:'));
    const turn = urls.filter((url) => !url.startsWith('stun:'));
    if (urls.length === 0) return undefined;
    const plain = stun.length > 0 ? [{ urls: stun }] : [];
    // The configuration is refused if there are TURN servers and no secret.
    if (turn.length === 0 || secret === undefined) return { servers: plain };
    const expiresAtSeconds = Math.floor(this.#deps.clock.now() / 1000) + ttlSeconds;
    const credentials = createTurnCredentials(secret, userId, expiresAtSeconds);
    return { servers: [...plain, { urls: turn, ...credentials }], validForMs: ttlSeconds * 1000 };
  }
}

/**
 * Creates the credentials that coturn accepts until the expiry.
 *
 * The user id is percent-encoded, because coturn refuses user names with spaces, quotes or backslashes.
 *
 * @param expiresAtSeconds Unix time in seconds
 */
export function createTurnCredentials(
  secret: string,
  userId: string,
  expiresAtSeconds: number,
): { readonly username: string; readonly credential: string } {
  const username = `${expiresAtSeconds}:${encodeURIComponent(userId).replaceAll("'", '%27')}`;
  return { username, credential: createHmac('sha1', secret).update(username).digest('base64') };
}
