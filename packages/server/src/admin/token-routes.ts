/**
 * API tokens in the admin API: creates, lists and revokes the tokens in the store.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Apps } from '../apps/app.ts';
import type { Clock } from '../base/clock.ts';
import { hashApiToken } from '../store/api-token-hash.ts';
import type { ApiTokenRecord, Store } from '../store/store.ts';
import { AdminError } from './errors.ts';
import type { ManagedCalls } from './managed-calls.ts';
import { describeResponses } from './responses.ts';

/** The dependencies of the routes. */
export interface TokenRouteDeps {
  readonly apiTokens: Store['apiTokens'];
  readonly apps: Pick<Apps, 'findByRtkId'>;
  readonly clock: Clock;
  readonly managed: ManagedCalls;
}

const closed = { additionalProperties: false } as const;
const accountId = Type.String({ minLength: 1, maxLength: 32, description: 'The account that the token is valid for.' });
const name = Type.String({ minLength: 1, maxLength: 100, description: 'Appears in the audit log.' });
const appIds = Type.Optional(
  Type.Array(Type.String({ minLength: 1, maxLength: 36 }), {
    minItems: 1,
    maxItems: 100,
    uniqueItems: true,
    description: 'The Apps (`rtkAppId`) that the token is valid for. Default: all Apps of the account.',
  }),
);

const CREATE_BODY = Type.Object({ name, accountId, appIds }, closed);
const LIST_QUERY = Type.Object({ accountId }, closed);
const ID_PATH = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'The SHA-256.' }) }, closed);

const shown = {
  id: Type.String({ description: 'SHA-256 of the token. It identifies the token and is not a credential.' }),
  name,
  accountId,
  appIds,
  createdAtMs: Type.Integer({ description: 'Milliseconds since the Unix epoch.' }),
};
const TOKEN = Type.Object(shown);
const CREATED = Type.Object({
  ...shown,
  token: Type.String({ description: 'The token itself. It is returned only once and is not stored.' }),
});
const LIST = Type.Object({ apiTokens: Type.Array(TOKEN) });
const REVOKED = Type.Object({ id: Type.String() });
/** Adds the routes below `/api-tokens`. */
export function addTokenRoutes(scope: FastifyInstance, { apiTokens, apps, clock, managed }: TokenRouteDeps): void {
  scope.post(
    '/api-tokens',
    {
      config: { right: 'manage', action: 'createApiToken' },
      schema: {
        summary: 'Creates an API token',
        body: CREATE_BODY,
        response: describeResponses('The new token.', CREATED),
      },
    },
    async (request) => {
      const { appIds: rtkAppIds, ...facts } = request.body as Static<typeof CREATE_BODY>;
      for (const id of rtkAppIds ?? []) {
        if (apps.findByRtkId(id)?.accountId === facts.accountId) continue;
        throw new AdminError('invalid-request', `appIds: the account has no App ${id}`);
      }
      const token = randomBytes(32).toString('base64url');
      const record = {
        ...facts,
        ...(rtkAppIds && { rtkAppIds }),
        tokenHash: hashApiToken(token),
        createdAtMs: clock.now(),
      };
      const { name, accountId } = facts;
      await managed.run(
        request,
        () => ({ target: `api-token/${name}`, details: { accountId, ...(rtkAppIds && { appIds: rtkAppIds }) } }),
        async () => {
          if (await apiTokens.add(record)) return;
          throw new AdminError('conflict', `The account already has an API token with the name ${name}`);
        },
      );
      return { ...describe(record), token };
    },
  );

  scope.get(
    '/api-tokens',
    {
      config: { right: 'manage' },
      schema: {
        summary: 'Lists the API tokens of an account, oldest first; tokens of the configuration are not included',
        querystring: LIST_QUERY,
        response: describeResponses('The tokens.', LIST),
      },
    },
    async (request) => {
      const query = request.query as Static<typeof LIST_QUERY>;
      return { apiTokens: (await apiTokens.ofAccount(query.accountId)).map(describe) };
    },
  );

  scope.delete(
    '/api-tokens/:id',
    {
      config: { right: 'manage', action: 'revokeApiToken' },
      schema: {
        summary: 'Revokes an API token immediately',
        params: ID_PATH,
        response: describeResponses('The token is revoked.', REVOKED),
      },
    },
    async (request) => {
      const { id } = request.params as Static<typeof ID_PATH>;
      await managed.run(
        request,
        () => ({ target: `api-token/${id}` }),
        async () => {
          if (!(await apiTokens.delete(id))) throw new AdminError('not-found', `No API token has the id ${id}`);
        },
      );
      return { id };
    },
  );
}

function describe({ tokenHash, rtkAppIds, ...facts }: ApiTokenRecord) {
  return { id: tokenHash, ...facts, ...(rtkAppIds && { appIds: [...rtkAppIds] }) };
}
