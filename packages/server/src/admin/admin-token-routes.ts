/**
 * Tokens of the admin API itself: creates, lists and revokes the tokens of persons (ROLE-1).
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { type AppId, parseAppId } from '@gavel/protocol';
import {
  ADMIN_IDENTITY,
  ADMIN_TOKEN_LIST,
  type AdminToken,
  CLOSED,
  CREATED_ADMIN_TOKEN,
  NEW_ADMIN_TOKEN,
  type NewAdminToken,
} from '@gavel/protocol/admin';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Apps } from '../apps/app.ts';
import type { Clock } from '../base/clock.ts';
import type { AdminTokenRecord, AdminTokenRepository } from '../store/admin-tokens.ts';
import { hashApiToken } from '../store/api-token-hash.ts';
import { ADMIN_KEY_NAME } from './authenticator.ts';
import { callerOf } from './caller.ts';
import { AdminError } from './errors.ts';
import type { ManagedCalls } from './managed-calls.ts';
import { describeResponses } from './responses.ts';

/** The dependencies of the routes. */
export interface AdminTokenRouteDeps {
  readonly adminTokens: AdminTokenRepository;
  readonly apps: Pick<Apps, 'find'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly managed: ManagedCalls;
}

const ID_PATH = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'The SHA-256.' }) }, CLOSED);
const REVOKED = Type.Object({ id: Type.String() });

/** Adds `/me` and the routes below `/admin-tokens`. */
export function addAdminTokenRoutes(scope: FastifyInstance, deps: AdminTokenRouteDeps): void {
  const { adminTokens, apps, clock, managed } = deps;
  scope.get(
    '/me',
    {
      config: { right: 'read' },
      schema: {
        summary: 'Returns who makes the call, and what it may access',
        response: describeResponses('The caller.', ADMIN_IDENTITY),
      },
    },
    async (request) => callerOf(request),
  );

  scope.post(
    '/admin-tokens',
    {
      config: { right: 'manage', action: 'createAdminToken' },
      schema: {
        summary: 'Creates a token of the admin API for a person',
        body: NEW_ADMIN_TOKEN,
        response: describeResponses('The new token.', CREATED_ADMIN_TOKEN),
      },
    },
    async (request) => {
      const body = request.body as NewAdminToken;
      refuseBadScope(body);
      const token = randomBytes(32).toString('base64url');
      const { name, role, appIds, expiresInSeconds } = body;
      const createdAtMs = clock.now();
      const record: AdminTokenRecord = {
        tokenHash: hashApiToken(token),
        name,
        role,
        ...(appIds && { appIds: appIds.map((appId) => requireExistingApp(appId, apps)) }),
        createdBy: callerOf(request).name,
        createdAtMs,
        ...(expiresInSeconds !== undefined && { expiresAtMs: createdAtMs + expiresInSeconds * 1000 }),
      };
      await managed.run(
        request,
        () => ({ target: `admin-token/${name}`, details: { role, ...(appIds && { appIds }) } }),
        async () => {
          if (name !== ADMIN_KEY_NAME && (await adminTokens.add(record))) return;
          throw new AdminError('conflict', `A token with the name ${name} exists already`);
        },
      );
      return { ...describe(record), token };
    },
  );

  scope.get(
    '/admin-tokens',
    {
      config: { right: 'manage' },
      schema: {
        summary: 'Lists the tokens of the admin API, oldest first; the key of the configuration is not included',
        response: describeResponses('The tokens.', ADMIN_TOKEN_LIST),
      },
    },
    async () => ({ adminTokens: (await adminTokens.all()).map(describe) }),
  );

  scope.delete(
    '/admin-tokens/:id',
    {
      config: { right: 'manage', action: 'revokeAdminToken' },
      schema: {
        summary: 'Revokes a token of the admin API immediately',
        params: ID_PATH,
        response: describeResponses('The token is revoked.', REVOKED),
      },
    },
    async (request) => {
      const { id } = request.params as Static<typeof ID_PATH>;
      await managed.run(
        request,
        () => ({ target: `admin-token/${id}` }),
        async () => {
          if (!(await adminTokens.delete(id))) throw new AdminError('not-found', `No token has the id ${id}`);
        },
      );
      return { id };
    },
  );
}

/** @throws AdminError `invalid-request` if the role needs Apps and none are named, or the other way round */
function refuseBadScope({ role, appIds }: NewAdminToken): void {
  if (role === 'owner' && appIds) throw new AdminError('invalid-request', 'appIds: an owner may access all Apps');
  if (role === 'moderator' && !appIds) throw new AdminError('invalid-request', 'appIds: a moderator needs Apps');
}

function requireExistingApp(value: number, apps: Pick<Apps, 'find'>): AppId {
  const appId = parseAppId(value);
  if (appId === undefined || !apps.find(appId)) throw new AdminError('invalid-request', `appIds: no App ${value}`);
  return appId;
}

function describe({ tokenHash, appIds, ...facts }: AdminTokenRecord): AdminToken {
  return { id: tokenHash, ...facts, ...(appIds && { appIds: [...appIds] }) };
}
