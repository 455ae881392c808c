/**
 * Random calls by random roles against a model of the rules: nobody may do what the model forbids.
 */

import type { AdminRole } from '@gavel/protocol/admin';
import { TEST_API_TOKEN, TEST_APP } from '@gavel/testkit';
import { createRandom } from '@gavel/testkit/random';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AdminStage, startAdminStage } from './harness.ts';

const CALLS = 1000;
const SEED = 17;

type Right = 'none' | 'read' | 'moderate' | 'manage';

/** Every route with the right that it needs; a path is filled in with an App. */
const RIGHTS: Readonly<Record<string, Right>> = {
  'GET /me': 'read',
  'POST /session': 'none',
  'GET /session': 'none',
  'DELETE /session': 'read',
  'GET /overview': 'read',
  'GET /rooms': 'read',
  'GET /people': 'read',
  'GET /events': 'read',
  'GET /rooms/{appId}/{environment}/{roomId}': 'read',
  'GET /rooms/{appId}/{environment}/{roomId}/people': 'read',
  'POST /rooms/{appId}/{environment}/{roomId}/kick': 'moderate',
  'POST /rooms/{appId}/{environment}/{roomId}/close': 'moderate',
  'POST /rooms/{appId}/{environment}/{roomId}/mute': 'moderate',
  'POST /rooms/{appId}/{environment}/{roomId}/streams/{streamId}/delete': 'moderate',
  'GET /bans/{appId}/{environment}': 'read',
  'POST /bans/{appId}/{environment}': 'moderate',
  'POST /bans/{appId}/{environment}/{id}/lift': 'moderate',
  'GET /audit': 'read',
  'GET /audit/export': 'read',
  'GET /callbacks': 'read',
  'POST /callbacks/{id}/replay': 'manage',
  'POST /callbacks/replay': 'manage',
  'GET /admin-tokens': 'manage',
  'POST /admin-tokens': 'manage',
  'DELETE /admin-tokens/{id}': 'manage',
  'GET /api-tokens': 'manage',
  'POST /api-tokens': 'manage',
  'DELETE /api-tokens/{id}': 'manage',
  'GET /apps': 'read',
  'POST /apps': 'manage',
  'GET /apps/{appId}/keys': 'manage',
  'POST /apps/{appId}/keys': 'manage',
  'POST /apps/{appId}/keys/show': 'manage',
  'POST /apps/{appId}/login-tokens': 'manage',
  'GET /presets': 'read',
  'GET /nodes': 'read',
  'POST /nodes/{node}/drain': 'manage',
};

const RIGHTS_OF: Readonly<Record<AdminRole, readonly Right[]>> = {
  owner: ['read', 'moderate', 'manage'],
  moderator: ['read', 'moderate'],
  viewer: ['read'],
};

interface Caller {
  readonly token: string;
  readonly role?: AdminRole;
  readonly appIds?: readonly number[];
}

let stage: AdminStage;
let callers: Caller[];
let appIds: number[];
beforeAll(async () => {
  stage = await startAdminStage();
  const other = await stage.server.apps.create(TEST_APP.accountId, 'other');
  appIds = [TEST_APP.appId, other.appId, 7];
  const limited = async (role: AdminRole, ...ids: number[]): Promise<Caller> => ({
    token: await stage.tokenOf(role, ids),
    role,
    appIds: ids,
  });
  callers = [
    { token: 'unknown' },
    { token: TEST_API_TOKEN, role: 'owner' },
    { token: await stage.tokenOf('owner'), role: 'owner' },
    { token: await stage.tokenOf('viewer'), role: 'viewer' },
    await limited('viewer', TEST_APP.appId),
    await limited('moderator', TEST_APP.appId),
    await limited('moderator', other.appId),
    await limited('moderator', TEST_APP.appId, other.appId),
  ];
  for (const userId of ['anna', 'bob']) await (await stage.connect()).login(TEST_APP.appId, 'lobby', userId);
});
afterAll(() => stage.close());

/** Returns the status that the rules demand; undefined if the call is allowed. */
function refusalOf(right: Right, { role, appIds: own }: Caller, appId: number | undefined): 401 | 403 | undefined {
  if (right === 'none') return undefined;
  if (!role) return 401;
  const isInScope = appId === undefined || !own || own.includes(appId);
  return RIGHTS_OF[role].includes(right) && isInScope ? undefined : 403;
}

test('the model knows every route', async () => {
  const { body } = await stage.admin('GET', '/openapi.json');
  const routes = Object.entries(body.paths as Record<string, object>).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace('/admin/v1', '')}`),
  );
  expect(routes.toSorted()).toEqual(Object.keys(RIGHTS).toSorted());
});

test(`nobody may do what the rules forbid, in ${CALLS} calls (ROLE-1)`, async () => {
  const random = createRandom(SEED);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  // A stream of events does not end, and the answers of the other routes say whether a call was allowed.
  const routes = Object.entries(RIGHTS).filter(([route]) => !route.startsWith('GET /events'));
  const counts = { refused: 0, allowed: 0 };
  for (let call = 0; call < CALLS; call += 1) {
    const [route, right] = pick(routes);
    const caller = pick(callers);
    const appId = pick(appIds);
    const [method = '', template = ''] = route.split(' ');
    const path = template
      .replace('{appId}', String(appId))
      .replace('{environment}', pick(['production', 'test']))
      .replace('{roomId}', pick(['lobby', 'nowhere']))
      .replace(/\{\w+\}/, 'a'.repeat(64));
    const hasApp = template.includes('{appId}');
    // Every body is refused as malformed or is a dry run, so that the state stays as it is.
    const body = { userIds: ['anna'], reason: 'test', dryRun: true };
    const { status } = await stage.admin(method, path, { token: caller.token, ...(method === 'POST' && { body }) });
    const refusal = refusalOf(right, caller, hasApp ? appId : undefined);
    const seen = `${call}: ${method} ${path} by ${caller.role} of ${caller.appIds}: ${status}`;
    if (refusal !== undefined) expect(status, seen).toBe(refusal);
    else if (route !== 'POST /session') expect([401, 403], seen).not.toContain(status);
    counts[refusal === undefined ? 'allowed' : 'refused'] += 1;
  }
  expect(counts.refused).toBeGreaterThan(200);
  expect(counts.allowed).toBeGreaterThan(200);
  const people = (await stage.admin('GET', `/rooms/${TEST_APP.appId}/production/lobby/people`)).body.people;
  expect(people).toHaveLength(2);
}, 120_000);
