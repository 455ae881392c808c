import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtRoutes } from '../../../packages/server/src/realtimekit/resources/routes.ts';
import type { ResourceDeps, Route } from '../../../packages/server/src/realtimekit/route.ts';
import { ACCOUNT, APP, type Harness, NOBODY, startHarness } from './harness.ts';
import { badBodies, badQueries, type SchemaNode, sampleOf } from './schema-cases.ts';

// Only handlers use the dependencies.
const routes = builtRoutes({} as ResourceDeps);
const nameOf = ({ method, path }: Route): string => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`;
const named = (some: readonly Route[]) => some.map((route) => [nameOf(route), route] as const);
const bodyOf = (route: Route) => route.body as unknown as SchemaNode | undefined;
const takesBody = (route: Route) => bodyOf(route)?.type === 'object';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

/** Returns the path of a route, with valid ids of no object. */
const addressOf = ({ path }: Route, change: Readonly<Record<string, string>> = {}): string => {
  const ids = path.replace(/:(\w+)/g, (_, name: string) => change[name] ?? (name === 'app_id' ? APP : NOBODY));
  return `/accounts/${ACCOUNT}/realtime/kit${ids}`;
};
const send = (route: Route, body: unknown, address = addressOf(route)) =>
  harness.request(route.method, address, { contentType: 'application/json', body: JSON.stringify(body) });
/** A refusal that names a field; a numeric name is written as an index. */
const refusedFor = (field: string) => {
  const name = field.replace(/\.(\d+)/g, '[$1]').replace(/[.[\]]/g, '\\$&');
  const message = expect.stringMatching(new RegExp(`^BAD_REQUEST: "${name}["[. ]`));
  return { status: 400, body: { success: false, error: { code: 400, message } } };
};

describe('every route', () => {
  const withIds = routes.filter(({ path }) => /:(?!app_id)\w+/.test(path));

  it.each(named(withIds.filter(({ path }) => !path.includes('/active-session'))))(
    '%s refuses ids that are no UUIDs (RTK-7, RTK-2)',
    async (_, route) => {
      for (const [, name = ''] of route.path.matchAll(/:(?!app_id)(\w+)/g)) {
        const body = route.method === 'GET' ? {} : { contentType: 'application/json', body: '{}' };
        for (const id of ['x', `${NOBODY.slice(0, -1)}g`, NOBODY.replaceAll('-', '0'), '%00']) {
          const answer = await harness.request(route.method, addressOf(route, { [name]: id }), body);
          expect(answer).toMatchObject(refusedFor(name));
        }
      }
    },
  );

  it.each(named(withIds))('%s refuses ids that are too long (RTK-7)', async (_, route) => {
    for (const [, name = ''] of route.path.matchAll(/:(\w+)/g)) {
      const answer = await harness.request(route.method, addressOf(route, { [name]: 'x'.repeat(37) }));
      expect(answer).toMatchObject(refusedFor(name));
    }
  });

  it.each(named(routes.filter(({ method }) => method !== 'GET')))(
    '%s refuses a body of 2 MB by 413, one that is no JSON, and one of another type (RTK-2)',
    async (_, route) => {
      const address = addressOf(route);
      const large = { contentType: 'application/json', body: JSON.stringify({ x: 'x'.repeat(2_000_000) }) };
      expect(await harness.request(route.method, address, large)).toMatchObject({
        status: 413,
        body: { success: false, error: { code: 413 } },
      });
      for (const body of ['{', '{"a":1}}', new Uint8Array([0x22, 0xff, 0x22])]) {
        const answer = await harness.request(route.method, address, { contentType: 'application/json', body });
        expect(answer).toMatchObject(refusedFor('body'));
      }
      const form = { contentType: 'application/x-www-form-urlencoded', body: 'a=1' };
      expect(await harness.request(route.method, address, form)).toMatchObject(refusedFor('content-type'));
    },
  );
});

describe('a route that takes no body', () => {
  it.each(named(routes.filter((route) => route.method !== 'GET' && !route.body)))(
    '%s refuses one, but for an empty object (RTK-2)',
    async (_, route) => {
      expect(await send(route, { unknown_key: 1 })).toMatchObject(refusedFor('unknown_key'));
      for (const body of [[], 'x', 1, null]) expect(await send(route, body)).toMatchObject(refusedFor('body'));
      expect((await send(route, {})).status).not.toBe(400);
      expect((await harness.request(route.method, addressOf(route))).status).not.toBe(400);
    },
  );
});

describe('a route that takes a body', () => {
  it.each(named(routes.filter(takesBody)))('%s refuses none (RTK-2)', async (_, route) => {
    const answer = await harness.request(route.method, addressOf(route));
    expect(answer.body.error).toEqual({ code: 400, message: 'BAD_REQUEST: "body" is required' });
  });

  it.each(named(routes.filter(takesBody)))(
    '%s refuses each field that is unknown, missing, of another type, or out of its bounds (RTK-2, RTK-9)',
    async (_, route) => {
      const schema = bodyOf(route) ?? {};
      const cases = badBodies(schema);
      expect(cases.length).toBeGreaterThan(5);
      for (const { what, field, value } of cases) {
        const answer = await send(route, value);
        expect({ what, ...answer }).toMatchObject({ what, ...refusedFor(field) });
      }
      // A valid request is looked up or accepted: each case fails only because of its one field.
      const { status, body } = await send(route, sampleOf(schema));
      expect({ status, message: body.error?.message }).not.toMatchObject({
        message: expect.stringMatching(/is not allowed|must be (a|an|of|one)/),
      });
    },
  );
});

describe('a route that takes a query', () => {
  it.each(named(routes.filter(({ query }) => query)))(
    '%s refuses each parameter that is wrong, absurd or given twice (RTK-2)',
    async (_, route) => {
      for (const { what, field, value } of badQueries((route.query ?? {}) as SchemaNode)) {
        const answer = await harness.request(route.method, `${addressOf(route)}?${value}`);
        expect({ what, ...answer }).toMatchObject({ what, ...refusedFor(field) });
      }
    },
  );

  it.each(named(routes.filter(({ query }) => query)))('%s leaves others alone (RTK-2)', async (_, route) => {
    const { status } = await harness.request(route.method, `${addressOf(route)}?unknown=1&unknown=2`);
    expect([200, 404]).toContain(status);
  });
});

describe('all of that', () => {
  it('breaks nothing inside (RTK-2)', () => {
    expect(harness.errors).toEqual([]);
  });
});
