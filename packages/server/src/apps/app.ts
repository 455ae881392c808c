/**
 * An App: a tenant, with its keys and limits.
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import type { EarlierSecret, SecretKind } from '../store/store.ts';

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
  /** Signs callbacks. */
  readonly callbackSecret: string;
  /** Secrets that were replaced, and are valid beside the new ones for some time, the latest first (SEC-1, SEC-2). */
  readonly earlierSecrets?: readonly EarlierSecret[];
  /** When an owner was shown the secrets (SEC-3); absent if nobody was. */
  readonly secretsShownAtMs?: number;
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
  /** Returns whether the configuration defines an App, and with it its secrets. */
  isConfigured(appId: number): boolean;
  /**
   * Creates an App with new ids and secrets, and stores it.
   *
   * @param isShown whether the caller shows its secrets to an owner
   */
  create(accountId: string, name: string, isShown?: boolean): Promise<App>;
  /**
   * Gives an App a new secret; the one before stays valid for some time (SEC-1, SEC-2). Returns undefined, without a change,
   * if there is no such App, or the configuration defines it.
   */
  replaceSecret(appId: number, kind: SecretKind, overlapMs: number): Promise<App | undefined>;
  /**
   * Returns an App whose secrets nobody was shown before, and stores that they are shown now (SEC-3). Returns undefined if
   * they were shown, there is no such App, or the configuration defines it.
   */
  showSecrets(appId: number): Promise<App | undefined>;
}

/** Returns the server secrets of an App that are valid at a time, the newest first. */
export function validSecretsOf(app: App, nowMs: number): readonly string[] {
  return [app.serverSecret, ...earlierSecretsOf(app, 'server', nowMs)];
}

/** Returns the callback secrets of an App that are valid at a time, the newest first. */
export function validCallbackSecretsOf(app: App, nowMs: number): readonly [string, ...string[]] {
  return [app.callbackSecret, ...earlierSecretsOf(app, 'callback', nowMs)];
}

function earlierSecretsOf({ earlierSecrets = [] }: App, kind: SecretKind, nowMs: number): readonly string[] {
  return earlierSecrets.filter((each) => each.kind === kind && each.validUntilMs > nowMs).map(({ secret }) => secret);
}
