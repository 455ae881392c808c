/**
 * Apps in the admin API: the list of an account's Apps, and the keys of one App.
 *
 * An App that was created by `POST /apps` of the meetings API gets keys for the other APIs; its owner reads them here.
 *
 * @module
 */

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { App, Apps } from '../apps/app.ts';
import { callerOf } from './caller.ts';
import { AdminError } from './errors.ts';
import { describeResponses } from './responses.ts';
import { mayAccessApp } from './roles.ts';

/** The dependencies of the routes. */
export interface AppRouteDeps {
  readonly apps: Pick<Apps, 'find' | 'all' | 'ofAccount'>;
}

const closed = { additionalProperties: false } as const;
const APP_ID = Type.Integer({ minimum: 1, maximum: 0xffff_ffff, description: 'The App id.' });
const ACCOUNT_ID = Type.String({ minLength: 1, maxLength: 32, description: 'The account of the Apps.' });

const LIST_QUERY = Type.Object({ accountId: Type.Optional(ACCOUNT_ID) }, closed);
const APP_PATH = Type.Object({ appId: APP_ID }, closed);

const FACTS = {
  appId: APP_ID,
  rtkAppId: Type.String({ description: 'The id of the App at the meetings API.' }),
  accountId: ACCOUNT_ID,
  name: Type.String(),
  createdAtMs: Type.Integer({ description: 'Milliseconds since the Unix epoch.' }),
};
const LIST = Type.Object({ apps: Type.Array(Type.Object(FACTS)) });
const KEYS = Type.Object({
  appId: APP_ID,
  serverSecret: Type.String({ description: 'Signs API calls and login tokens.' }),
  callbackSecret: Type.String({ description: 'Signs callbacks.' }),
});
/** Adds the routes below `/apps`. */
export function addAppRoutes(scope: FastifyInstance, { apps }: AppRouteDeps): void {
  scope.get(
    '/apps',
    {
      config: { right: 'read' },
      schema: {
        summary: 'Lists the Apps, or those of one account, oldest first, without their keys',
        querystring: LIST_QUERY,
        response: describeResponses('The Apps.', LIST),
      },
    },
    async (request) => {
      const { accountId } = request.query as Static<typeof LIST_QUERY>;
      const caller = callerOf(request);
      return {
        apps: (accountId === undefined ? apps.all() : apps.ofAccount(accountId))
          .filter(({ appId }) => mayAccessApp(caller, appId))
          .map(describeApp),
      };
    },
  );

  scope.get(
    '/apps/:appId/keys',
    {
      config: { right: 'manage' },
      schema: {
        summary: 'Returns the keys of an App',
        params: APP_PATH,
        response: describeResponses('The keys.', KEYS),
      },
    },
    async (request, reply) => {
      const { appId } = request.params as Static<typeof APP_PATH>;
      const app = apps.find(appId);
      if (!app) throw new AdminError('not-found', `No App has the id ${appId}`);
      reply.header('cache-control', 'no-store');
      return { appId: app.appId, serverSecret: app.serverSecret, callbackSecret: app.callbackSecret };
    },
  );
}

const describeApp = ({ appId, rtkAppId, accountId, name, createdAtMs }: App) => ({
  appId,
  rtkAppId,
  accountId,
  name,
  createdAtMs,
});
