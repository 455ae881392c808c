/**
 * The authenticator of scheme `app-token`: logins by App, user id and room id, with a Token04 (AUTH-1, AUTH-3).
 *
 * @module
 */

import {
  type Environment,
  GavelError,
  isLongerThan,
  MAX_BYTES,
  type Params,
  parseRoomId,
  parseUserId,
  type RoomKey,
} from '@gavel/protocol';
import { type App, type Apps, validSecretsOf } from '../apps/app.ts';
import type { Clock } from '../base/clock.ts';
import type { Admission, Authenticator } from '../entry/admission.ts';
import type { PublishRights, User } from '../rooms/member.ts';
import { type Privileges, parsePrivileges } from './privileges.ts';
import { openToken04 } from './token04.ts';

interface Granted {
  readonly privileges: Privileges;
  readonly tokenExpiresAtMs?: number;
}

const EVERYTHING: Granted = { privileges: { mayLogin: true, mayPublish: true } };

/** Opens a token with the secret that it was made with. @throws the error of the last secret */
function openWithAny(token: string, secrets: readonly string[]): ReturnType<typeof openToken04> {
  const [secret = '', ...others] = secrets;
  if (others.length === 0) return openToken04(token, secret);
  try {
    return openToken04(token, secret);
  } catch {
    return openWithAny(token, others);
  }
}

/** Creates the authenticator; a login replaces the user's earlier one, in this and every other room of the App. */
export function createAppTokenAuthenticator({ apps, clock }: { apps: Apps; clock: Clock }): Authenticator {
  function requireApp(appId: number | undefined): App {
    const app = appId === undefined ? undefined : apps.find(appId);
    if (!app) throw new GavelError('login.unknown-app');
    return app;
  }

  function checkToken(app: App, token: string, user: User, key: RoomKey): Granted {
    const claims = openWithAny(token, validSecretsOf(app, clock.now()));
    if (claims.appId !== app.appId || claims.userId !== user.id) {
      throw new GavelError('login.bad-credential', 'The token was issued for another App or user.');
    }
    const tokenExpiresAtMs = claims.expiresAt * 1000;
    if (tokenExpiresAtMs <= clock.now()) throw new GavelError('login.token-expired');
    const privileges = parsePrivileges(claims.payload);
    if (privileges.roomId !== undefined && privileges.roomId !== key.roomId) {
      throw new GavelError('login.not-allowed', 'The token is for another room.');
    }
    if (!privileges.mayLogin) throw new GavelError('login.not-allowed', 'The token does not permit login.');
    return { privileges, tokenExpiresAtMs };
  }

  function checkLogin(app: App, token: string | undefined, user: User, key: RoomKey): Granted {
    if (token) return checkToken(app, token, user, key);
    if (app.allowNoToken) return EVERYTHING;
    throw new GavelError('login.bad-credential', 'This App does not allow logins without a token.');
  }

  return {
    scheme: 'app-token',

    async admit(login) {
      const { appId, environment = 'production', token } = login.credential;
      const app = requireApp(appId);
      const key = requireKey(app, environment, login);
      const user = requireUser(login);
      const { privileges, tokenExpiresAtMs } = checkLogin(app, token, user, key);
      return {
        key,
        user,
        onDuplicate: 'replace',
        permissions: publishRightsOf(privileges),
        maxMemberCount: login.maxMemberCount ?? 0,
        ...(tokenExpiresAtMs !== undefined && { tokenExpiresAtMs }),
      } satisfies Admission;
    },

    async renew(admission, token) {
      const app = requireApp(admission.key.appId);
      const { privileges, tokenExpiresAtMs } = checkToken(app, token, admission.user, admission.key);
      const publishing = publishRightsOf(privileges);
      return { publishing, ...(tokenExpiresAtMs !== undefined && { tokenExpiresAtMs }) };
    },
  };
}

function publishRightsOf({ mayPublish, streamIds }: Privileges): PublishRights {
  return {
    publishAudio: mayPublish,
    publishVideo: mayPublish,
    ...(streamIds && { publishStreamIds: streamIds }),
  };
}

function requireKey(app: App, environment: Environment, login: Params<'login'>): RoomKey {
  const roomId = parseRoomId(login.roomId ?? '');
  if (!roomId) throw new GavelError('login.bad-room-id');
  return { appId: app.appId, environment, roomId };
}

/** Returns the user of a login. The user name defaults to the user id. */
function requireUser(login: Params<'login'>): User {
  const id = parseUserId(login.userId ?? '');
  if (!id) throw new GavelError('login.bad-user-id');
  const name = login.userName || id;
  if (isLongerThan(name, MAX_BYTES.userName)) throw new GavelError('login.bad-user-name');
  return { id, name };
}
