/**
 * An App: a tenant, with its keys and limits.
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import type { EarlierSecret } from '../store/store.ts';

/** Limits of an Action that replace the defaults, in calls per second. */
export interface RateLimit {
  readonly production?: number;
  readonly test?: number;
}

/** The URLs of an App's callbacks, by group; a group without a URL is not sent. */
export interface CallbackUrls {
  readonly roomUrl?: string;
  readonly userUrl?: string;
  readonly streamUrl?: string;
}

/** STUN and TURN servers for clients, and the credentials that they get. */
export interface TurnServers {
  readonly urls: readonly string[];
  /** The shared secret of the TURN servers. Absent if there are only STUN servers. */
  readonly secret?: string;
  /** How long credentials can open a new allocation. */
  readonly ttlSeconds: number;
}

/** A tenant. Its secrets are never logged; only the admin API returns them, to the owner. */
export interface App {
  readonly appId: AppId;
  readonly name: string;
  /** 32 ASCII characters: signs API calls and login tokens. */
  readonly serverSecret: string;
  /** Server secrets that were replaced, and sign beside the new one for some time (SEC-1). */
  readonly earlierSecrets?: readonly EarlierSecret[];
  /** Signs callbacks. */
  readonly callbackSecret: string;
  /** Absent if it has no callbacks. */
  readonly callbacks?: CallbackUrls;
  /** The account that it belongs to, at most 32 characters; API tokens are valid for an account. */
  readonly accountId: string;
  /** A UUID: the App's id at the meetings API. */
  readonly rtkAppId: string;
  /** Whether logins without a token are admitted (AUTH-3). */
  readonly allowNoToken: boolean;
  /** Whether a signature is valid for only one mutating call (ACC-7). */
  readonly rejectReplays: boolean;
  /** Its own STUN and TURN servers; absent: those of the server. */
  readonly turn?: TurnServers;
  /** By Action. */
  readonly rateLimits: Readonly<Record<string, RateLimit>>;
  readonly createdAtMs: number;
}

/** Finds Apps. All of them are in memory, so that a login or a kick does not wait for the store. */
export interface Apps {
  find(appId: number): App | undefined;
  findByRtkId(rtkAppId: string): App | undefined;
  /** Returns all Apps, oldest first. */
  all(): readonly App[];
  /** Returns the Apps of an account, oldest first. */
  ofAccount(accountId: string): readonly App[];
  /** Creates an App with new ids and secrets, and stores it. */
  create(accountId: string, name: string): Promise<App>;
  /**
   * Gives an App a new server secret; the one before stays valid for some time (SEC-1). Returns undefined, without a change,
   * if there is no such App, or the configuration defines it, and with it its secret.
   */
  replaceSecret(appId: number, overlapMs: number): Promise<App | undefined>;
}

/** Returns the server secrets of an App that are valid at a time, the newest first. */
export function validSecretsOf({ serverSecret, earlierSecrets = [] }: App, nowMs: number): readonly string[] {
  const earlier = earlierSecrets.filter(({ validUntilMs }) => validUntilMs > nowMs);
  return [serverSecret, ...earlier.map((each) => each.serverSecret)];
}
