/**
 * Apps in the admin API: the list of Apps, a new App, the keys of one App, and a new secret (SEC-1).
 *
 * An App that was created by `POST /apps` of the meetings API gets keys for the other APIs; its owner reads them here.
 *
 * @module
 */

import {
  APP_KEYS,
  APP_LIST,
  APP_LIST_QUERY,
  APP_PATH,
  type AppItem,
  type AppKeys,
  type AppList,
  type AppListQuery,
  type AppPath,
  CREATED_APP,
  type CreatedApp,
  NEW_APP,
  NEW_SECRET,
  type NewApp,
  type NewSecret,
} from '@gavel/protocol/admin';
import type { FastifyInstance } from 'fastify';
import type { App, Apps } from '../apps/app.ts';
import type { Clock } from '../rooms/clock.ts';
import { hashApiToken } from '../store/api-token-hash.ts';
import { callerOf } from './caller.ts';
import { AdminError } from './errors.ts';
import { describeResponses } from './responses.ts';
import { mayAccessApp } from './roles.ts';

/** The dependencies of the routes. */
export interface AppRouteDeps {
  readonly apps: Pick<Apps, 'all' | 'create' | 'find' | 'replaceSecret'>;
  readonly clock: Pick<Clock, 'now'>;
}

const KEY_ID_LENGTH = 8;

/** Adds the routes below `/apps`. */
export function addAppRoutes(scope: FastifyInstance, { apps, clock }: AppRouteDeps): void {
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
      config: { right: 'manage' },
      schema: {
        summary: 'Creates an App with new keys',
        body: NEW_APP,
        response: describeResponses('The new App with its keys.', CREATED_APP),
      },
    },
    async (request, reply): Promise<CreatedApp> => {
      const { accountId, name } = request.body as NewApp;
      const app = await apps.create(accountId, name);
      reply.header('cache-control', 'no-store');
      return { ...describeApp(app), ...describeKeys(app, clock.now()) };
    },
  );

  scope.get(
    '/apps/:appId/keys',
    {
      config: { right: 'manage' },
      schema: {
        summary: 'Returns the keys of an App',
        params: APP_PATH,
        response: describeResponses('The keys.', APP_KEYS),
      },
    },
    async (request, reply): Promise<AppKeys> => {
      const { appId } = request.params as AppPath;
      const app = apps.find(appId);
      if (!app) throw new AdminError('not-found', `No App has the id ${appId}`);
      reply.header('cache-control', 'no-store');
      return describeKeys(app, clock.now());
    },
  );

  scope.post(
    '/apps/:appId/keys',
    {
      config: { right: 'manage' },
      schema: {
        summary: 'Gives an App a new server secret, beside which the one before stays valid for some time',
        params: APP_PATH,
        body: NEW_SECRET,
        response: describeResponses('The keys.', APP_KEYS),
      },
    },
    async (request, reply): Promise<AppKeys> => {
      const { appId } = request.params as AppPath;
      const { overlapSeconds } = request.body as NewSecret;
      if (!apps.find(appId)) throw new AdminError('not-found', `No App has the id ${appId}`);
      const app = await apps.replaceSecret(appId, overlapSeconds * 1000);
      if (!app) throw new AdminError('conflict', 'The configuration defines the App and its secret; change it there');
      reply.header('cache-control', 'no-store');
      return describeKeys(app, clock.now());
    },
  );
}

const describeApp = ({ appId, rtkAppId, accountId, name, createdAtMs }: App): AppItem => ({
  appId,
  rtkAppId,
  accountId,
  name,
  createdAtMs,
});

function describeKeys({ appId, serverSecret, callbackSecret, earlierSecrets = [] }: App, nowMs: number): AppKeys {
  const earlier = earlierSecrets
    .filter(({ validUntilMs }) => validUntilMs > nowMs)
    .map(({ serverSecret: secret, validUntilMs }) => ({ keyId: keyIdOf(secret), validUntilMs }));
  return { appId, keyId: keyIdOf(serverSecret), serverSecret, callbackSecret, earlier };
}

const keyIdOf = (secret: string): string => hashApiToken(secret).slice(0, KEY_ID_LENGTH);
