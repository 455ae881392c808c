/**
 * Authentication and authorisation of calls: the Bearer token, and the account and App of the path (RTK-1, RTK-7).
 *
 * @module
 */

import type { App, Apps } from '../apps/app.ts';
import type { ApiGrant, ApiTokens } from './api-tokens.ts';
import { ApiError, badRequest, notFound } from './envelope.ts';

/** A refused token: answered with both envelopes. */
export class AuthError extends ApiError {
  declare readonly status: 401 | 403;
}

/** The authorised caller. */
export interface Caller {
  readonly grant: ApiGrant;
  /** The account of the path, which the token may access. */
  readonly accountId: string;
  /** The App of the path, if the path has one; the token may access it. */
  readonly app: App | undefined;
}

/** The ids in a path, by parameter name. */
export type PathIds = Readonly<Record<string, string | undefined>>;

const MAX_ACCOUNT_ID_LENGTH = 32;
const MAX_ID_LENGTH = 36;

/** Authenticates the caller. @throws AuthError 401 if the token is missing, malformed or unknown */
export async function authenticate(header: string | undefined, apiTokens: ApiTokens): Promise<ApiGrant> {
  const grant = await apiTokens.find(readBearer(header));
  if (!grant) throw new AuthError(401, 'The API token is not valid');
  return grant;
}

/**
 * Checks a call before its body is read: the ids of the path, then whether the token may access them.
 *
 * @throws AuthError 403 for a token of another account or App
 * @throws ApiError 400 for an id that is too long; 404 for an App that does not exist
 */
export function authorise(grant: ApiGrant, ids: PathIds, apps: Apps): Caller {
  refuseLongIds(ids);
  const accountId = ids.account_id ?? '';
  if (grant.accountId !== accountId) throw new AuthError(403, `The API token is not valid for account ${accountId}`);
  const app = ids.app_id === undefined ? undefined : requireApp(ids.app_id, grant, apps);
  return { grant, accountId, app };
}

function readBearer(header: string | undefined): string {
  if (header === undefined) throw new AuthError(401, 'The Authorization header is missing');
  const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(header)?.[1];
  if (token === undefined) throw new AuthError(401, 'The Authorization header is malformed');
  return token;
}

function refuseLongIds(ids: PathIds): void {
  for (const [name, id = ''] of Object.entries(ids)) {
    const limit = name === 'account_id' ? MAX_ACCOUNT_ID_LENGTH : MAX_ID_LENGTH;
    if (id.length > limit && name !== '*') {
      throw badRequest(`"${name}" length must be less than or equal to ${limit} characters long`);
    }
  }
}

function requireApp(rtkAppId: string, grant: ApiGrant, apps: Apps): App {
  const isLimited = grant.rtkAppIds !== undefined && !grant.rtkAppIds.includes(rtkAppId);
  const app = apps.findByRtkId(rtkAppId);
  // A limited token must not reveal whether other Apps exist.
  if (isLimited || (app && app.accountId !== grant.accountId)) {
    throw new AuthError(403, `The API token is not valid for app ${rtkAppId}`);
  }
  if (!app) throw notFound('app', rtkAppId);
  return app;
}
