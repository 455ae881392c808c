/**
 * Apps in the admin API: the list of Apps, a new App, the keys of one App, a new secret, and login tokens (SEC-1 to SEC-3).
 *
 * @module
 */

import { type AppId, parseUserId } from '@gavel/protocol';
import {
  APP_KEYS,
  APP_LIST,
  APP_LIST_QUERY,
  APP_PATH,
  APP_SECRETS,
  type AppItem,
  type AppKeys,
  type AppList,
  type AppListQuery,
  type AppPath,
  type AppSecrets,
  CREATED_APP,
  type CreatedApp,
  LOGIN_TOKEN,
  type LoginToken,
  NEW_APP,
  NEW_LOGIN_TOKEN,
  NEW_SECRET,
  type NewApp,
  type NewLoginToken,
  type NewSecret,
} from '@gavel/protocol/admin';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { App, Apps } from '../apps/app.ts';
import type { Clock } from '../base/clock.ts';
import { hashApiToken } from '../store/api-token-hash.ts';
import { callerOf } from './caller.ts';
import { AdminError } from './errors.ts';
import type { ManagedCalls } from './managed-calls.ts';
import { describeResponses } from './responses.ts';
import { mayAccessApp } from './roles.ts';

/** What a login token says. */
export interface LoginTokenFacts {
  readonly appId: AppId;
  readonly userId: string;
  /** The server secret of the App. */
  readonly secret: string;
  readonly lifetimeSeconds: number;
  /** Privileges, as JSON; empty if there are none. */
  readonly payload: string;
  readonly nowMs: number;
}

/** The dependencies of the routes. */
export interface AppRouteDeps {
  readonly apps: Pick<Apps, 'all' | 'create' | 'find' | 'isConfigured' | 'replaceSecret' | 'showSecrets'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Makes the token by which a user of an App logs in. */
  readonly createLoginToken: (facts: LoginTokenFacts) => string;
  readonly managed: ManagedCalls;
}

const KEY_ID_LENGTH = 8;

/** Adds the routes below `/apps`. */
export function addAppRoutes(scope: FastifyInstance, deps: AppRouteDeps): void {
  addAppList(scope, deps);
  addAppKeys(scope, deps);
  addLoginTokens(scope, deps);
}

function addAppList(scope: FastifyInstance, { apps, clock, managed }: AppRouteDeps): void {
  scope.get(
    '/apps',
    {
      config: { right: 'read' },
      schema: {
        summary: 'Lists Apps, oldest first, without their keys',
        querystring: APP_LIST_QUERY,
        response: describeResponses('The Apps.', APP_LIST),
      },
    },
    async (request): Promise<AppList> => {
      const { accountId } = request.query as AppListQuery;
      const caller = callerOf(request);
      const shown = apps
        .all()
        .filter((app) => mayAccessApp(caller, app.appId) && (accountId === undefined || app.accountId === accountId));
      return { apps: shown.map(describeApp) };
    },
  );

  scope.post(
    '/apps',
    {
      config: { right: 'manage', action: 'createApp' },
      schema: {
        summary: 'Creates an App, and returns its secrets, which no later answer has',
        body: NEW_APP,
        response: describeResponses('The new App with its secrets.', CREATED_APP),
      },
    },
    async (request, reply): Promise<CreatedApp> => {
      const { accountId, name } = request.body as NewApp;
      const app = await managed.run(
        request,
        (made?: App) => ({ ...(made && { appId: made.appId }), target: `app/${name}`, details: { accountId } }),
        () => apps.create(accountId, name, true),
      );
      forbidCaching(reply);
      const { serverSecret, callbackSecret } = app;
      return { ...describeApp(app), ...describeKeys(app, apps, clock.now()), serverSecret, callbackSecret };
    },
  );
}

function addAppKeys(scope: FastifyInstance, { apps, clock, managed }: AppRouteDeps): void {
  scope.get(
    '/apps/:appId/keys',
    {
      config: { right: 'manage' },
      schema: {
        summary: 'Returns the ids of the secrets of an App, without the secrets',
        params: APP_PATH,
        response: describeResponses('The keys.', APP_KEYS),
      },
    },
    async (request): Promise<AppKeys> => describeKeys(requireApp(apps, request), apps, clock.now()),
  );

  scope.post(
    '/apps/:appId/keys/show',
    {
      config: { right: 'manage', action: 'showSecrets' },
      schema: {
        summary: 'Shows the secrets of an App that the RealtimeKit API created; once',
        params: APP_PATH,
        response: describeResponses('The secrets.', APP_SECRETS),
      },
    },
    async (request, reply): Promise<AppSecrets> => {
      const { appId } = requireApp(apps, request);
      const app = await managed.run(
        request,
        () => ({ appId }),
        async () => {
          refuseConfigured(apps, appId);
          const shown = await apps.showSecrets(appId);
          if (shown) return shown;
          throw new AdminError('conflict', 'The secrets were shown before; make a new one if they are lost');
        },
      );
      forbidCaching(reply);
      const { serverSecret, callbackSecret } = app;
      return { ...describeKeys(app, apps, clock.now()), serverSecret, callbackSecret };
    },
  );

  scope.post(
    '/apps/:appId/keys',
    {
      config: { right: 'manage', action: 'replaceSecret' },
      schema: {
        summary: 'Gives an App a new secret, beside which the one before stays valid for some time',
        params: APP_PATH,
        body: NEW_SECRET,
        response: describeResponses('The keys, with the new secret, which no later answer has.', APP_SECRETS),
      },
    },
    async (request, reply): Promise<AppSecrets> => {
      const { appId } = requireApp(apps, request);
      const { kind = 'server', overlapSeconds } = request.body as NewSecret;
      const app = await managed.run(
        request,
        () => ({ appId, target: `secret/${kind}`, details: { overlapSeconds } }),
        async () => {
          refuseConfigured(apps, appId);
          const changed = await apps.replaceSecret(appId, kind, overlapSeconds * 1000);
          if (changed) return changed;
          throw new AdminError('not-found', `No App has the id ${appId}`);
        },
      );
      forbidCaching(reply);
      const { serverSecret, callbackSecret } = app;
      return {
        ...describeKeys(app, apps, clock.now()),
        ...(kind === 'server' ? { serverSecret } : { callbackSecret }),
      };
    },
  );
}

function addLoginTokens(scope: FastifyInstance, { apps, clock, managed, createLoginToken }: AppRouteDeps): void {
  scope.post(
    '/apps/:appId/login-tokens',
    {
      config: { right: 'manage', action: 'createLoginToken' },
      schema: {
        summary: 'Makes the token by which a user logs in, as a backend would with the server secret',
        params: APP_PATH,
        body: NEW_LOGIN_TOKEN,
        response: describeResponses('The token.', LOGIN_TOKEN),
      },
    },
    async (request, reply): Promise<LoginToken> => {
      const { appId, serverSecret: secret } = requireApp(apps, request);
      const { userId, expiresInSeconds: lifetimeSeconds, payload = '' } = request.body as NewLoginToken;
      if (parseUserId(userId) === undefined) throw new AdminError('invalid-request', 'userId: is not a user id');
      const token = await managed.run(
        request,
        () => ({ appId, target: `user/${userId}`, details: { expiresInSeconds: lifetimeSeconds } }),
        async () => createLoginToken({ appId, userId, secret, lifetimeSeconds, payload, nowMs: clock.now() }),
      );
      forbidCaching(reply);
      return { token };
    },
  );
}

/** Returns the App of a path. @throws AdminError `not-found` */
function requireApp(apps: Pick<Apps, 'find'>, request: FastifyRequest): App {
  const { appId } = request.params as AppPath;
  const app = apps.find(appId);
  if (!app) throw new AdminError('not-found', `No App has the id ${appId}`);
  return app;
}

/** @throws AdminError `conflict` */
function refuseConfigured(apps: Pick<Apps, 'isConfigured'>, appId: AppId): void {
  if (!apps.isConfigured(appId)) return;
  throw new AdminError(
    'conflict',
    'The configuration defines the App and its secrets; they are read and changed there',
  );
}

const forbidCaching = (reply: FastifyReply): void => void reply.header('cache-control', 'no-store');

const describeApp = ({ appId, rtkAppId, accountId, name, createdAtMs }: App): AppItem => ({
  appId,
  rtkAppId,
  accountId,
  name,
  createdAtMs,
});

function describeKeys(app: App, apps: Pick<Apps, 'isConfigured'>, nowMs: number): AppKeys {
  const { appId, serverSecret, callbackSecret, earlierSecrets = [], secretsShownAtMs } = app;
  const earlier = earlierSecrets
    .filter(({ validUntilMs }) => validUntilMs > nowMs)
    .map(({ kind, secret, validUntilMs }) => ({ kind, keyId: keyIdOf(secret), validUntilMs }));
  return {
    appId,
    isConfigured: apps.isConfigured(appId),
    areShown: secretsShownAtMs !== undefined,
    keyId: keyIdOf(serverSecret),
    callbackKeyId: keyIdOf(callbackSecret),
    earlier,
  };
}

const keyIdOf = (secret: string): string => hashApiToken(secret).slice(0, KEY_ID_LENGTH);
