import type { AppId } from '@gavel/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../base/clock.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { validCallbackSecretsOf, validSecretsOf } from './app.ts';
import { type AppDefinition, AppRegistry } from './app-registry.ts';

const definition: AppDefinition = {
  appId: 7,
  name: 'mine',
  serverSecret: 's'.repeat(32),
  callbackSecret: 'c',
  accountId: 'account-1',
  rtkAppId: '3f2b1c9e-7a54-4c1d-9e61-0c6f2a8d5b70',
  allowNoToken: true,
  rejectReplays: true,
  rateLimits: { CloseRoom: { production: 2 } },
};
const presets = [{ name: 'host', definition: { a: 1 } }];

let store: Store;
let nowMs = 1_000;
const clock: Clock = { now: () => nowMs, monotonicMs: () => nowMs, every: () => () => {}, after: () => () => {} };
const open = (...configured: AppDefinition[]) => AppRegistry.open({ store, clock, configured, presets });

beforeEach(async () => {
  nowMs = 1_000;
  store = await openSqliteStore(':memory:');
});
afterEach(() => store.close());

describe('an App of the configuration', () => {
  it('is found by both its ids, as it was defined', async () => {
    const apps = await open(definition);
    const expected = { ...definition, createdAtMs: 1_000 };
    expect(apps.find(7)).toEqual(expected);
    expect(apps.findByRtkId(definition.rtkAppId)).toEqual(expected);
    expect(apps.find(8)).toBeUndefined();
    expect(apps.findByRtkId('other')).toBeUndefined();
  });

  it('has its presets from the first start on, and its time of creation for good', async () => {
    await open(definition);
    nowMs = 2_000;
    const apps = await open({ ...definition, name: 'renamed' });
    expect(apps.find(7)).toMatchObject({ name: 'renamed', createdAtMs: 1_000 });
    const { items } = await store.presets.list(7 as AppId, undefined, { offset: 0, limit: 9 });
    expect(items).toMatchObject([{ name: 'host', definition: { a: 1 }, createdAtMs: 1_000 }]);
  });

  it('is stored once by nodes that start at the same time (CLUS-1)', async () => {
    const registries = await Promise.all([open(definition), open(definition), open(definition)]);
    for (const apps of registries) expect(apps.find(7)).toMatchObject({ name: 'mine' });
    expect(await store.apps.all()).toHaveLength(1);
    const { totalCount } = await store.presets.list(7 as AppId, undefined, { offset: 0, limit: 9 });
    expect(totalCount).toBe(1);
  });

  it('leaves no secret in the store', async () => {
    await open(definition);
    expect(JSON.stringify(await store.apps.all())).not.toMatch(/sss|"c"/);
  });

  it('is gone when the configuration has it no more, and its id stays taken', async () => {
    await open(definition);
    const apps = await open();
    expect(apps.find(7)).toBeUndefined();
    expect(apps.ofAccount('account-1')).toEqual([]);
    expect((await open(definition)).find(7)).toBeDefined();
  });

  it('is refused when another has one of its ids', async () => {
    await expect(open(definition, { ...definition, rtkAppId: 'other' })).rejects.toThrow('Two Apps have the appId 7');
    await expect(open(definition, { ...definition, appId: 8 })).rejects.toThrow(/Two Apps have the rtkAppId/);
    await expect(open({ ...definition, appId: 0 })).rejects.toThrow('0 is not an App id');
  });
});

describe('Apps of the configuration that are replaced while the server runs', () => {
  const other = { ...definition, appId: 8, rtkAppId: '00000000-0000-4000-8000-000000000008', name: 'other' };

  it('are added, changed and removed; those that the API created stay (START-4)', async () => {
    const apps = await open(definition);
    const created = await apps.create('account-1', 'made');
    nowMs = 2_000;
    await apps.configure([{ ...other }]);
    expect(apps.find(7)).toBeUndefined();
    expect(apps.findByRtkId(definition.rtkAppId)).toBeUndefined();
    expect(apps.find(8)).toMatchObject({ name: 'other', createdAtMs: 2_000 });
    expect(apps.find(created.appId)).toEqual(created);
    await apps.configure([{ ...definition, serverSecret: 'n'.repeat(32) }, other]);
    expect(apps.find(7)).toMatchObject({ serverSecret: 'n'.repeat(32), createdAtMs: 1_000 });
    expect(apps.size).toBe(3);
  });

  it('are as before when the new ones are refused, also for what is created at the same time', async () => {
    const apps = await open(definition);
    const refused = apps.configure([definition, { ...other, rtkAppId: definition.rtkAppId }]);
    const creating = apps.create('account-1', 'made');
    await expect(refused).rejects.toThrow(/Two Apps have the rtkAppId/);
    const created = await creating;
    expect([apps.find(7)?.name, apps.find(8), apps.find(created.appId)]).toEqual(['mine', undefined, created]);
  });
});

describe('an App made by the API', () => {
  it('gets an App id, a UUID, two secrets of 32 hex digits, and the presets', async () => {
    const app = await (await open()).create('account-1', 'made');
    expect(app).toMatchObject({ accountId: 'account-1', name: 'made', allowNoToken: false, rejectReplays: false });
    expect(app.appId).toBeGreaterThan(0);
    expect(app.appId).toBeLessThan(2 ** 32);
    expect(app.rtkAppId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(app.serverSecret).toMatch(/^[0-9a-f]{32}$/);
    expect(app.callbackSecret).toMatch(/^[0-9a-f]{32}$/);
    expect(app.serverSecret).not.toBe(app.callbackSecret);
    expect(await store.presets.findByName(app.appId, 'host')).toBeDefined();
  });

  it('is the same after a restart', async () => {
    const app = await (await open(definition)).create('account-1', 'made');
    const apps = await open(definition);
    expect(apps.find(app.appId)).toEqual(app);
    expect(apps.findByRtkId(app.rtkAppId)).toEqual(app);
    expect(apps.ofAccount('account-1').map((each) => each.name)).toEqual(['mine', 'made']);
    expect(apps.ofAccount('account-2')).toEqual([]);
  });

  it('gets a new secret beside which the one before is valid for a time, also after a restart (SEC-1)', async () => {
    const apps = await open(definition);
    const made = await apps.create('account-1', 'made');
    const first = await apps.replaceSecret(made.appId, 'server', 1_000);
    const second = await apps.replaceSecret(made.appId, 'server', 5_000);
    if (!first || !second) throw new Error('no new secret');
    expect(new Set([made, first, second].map(({ serverSecret }) => serverSecret)).size).toBe(3);
    expect(second.callbackSecret).toBe(made.callbackSecret);
    const restarted = (await open(definition)).find(made.appId);
    for (const app of [apps.find(made.appId), restarted]) {
      expect(app && validSecretsOf(app, nowMs)).toEqual([second, first, made].map(({ serverSecret }) => serverSecret));
      expect(app && validSecretsOf(app, nowMs + 1_000)).toEqual([second.serverSecret, first.serverSecret]);
      expect(app && validSecretsOf(app, nowMs + 5_000)).toEqual([second.serverSecret]);
    }
  });

  it('gets a new callback secret beside which the one before is valid for a time, apart from the server secret (SEC-2)', async () => {
    const apps = await open(definition);
    const made = await apps.create('account-1', 'made');
    await apps.replaceSecret(made.appId, 'server', 1_000);
    const next = await apps.replaceSecret(made.appId, 'callback', 2_000);
    if (!next) throw new Error('no new secret');
    for (const app of [next, (await open(definition)).find(made.appId) ?? next]) {
      expect(validCallbackSecretsOf(app, nowMs)).toEqual([next.callbackSecret, made.callbackSecret]);
      expect(validSecretsOf(app, nowMs)).toEqual([next.serverSecret, made.serverSecret]);
      expect(validCallbackSecretsOf(app, nowMs + 2_000)).toEqual([next.callbackSecret]);
    }
  });

  it('gives its secrets to be shown once, also after a restart, and not if its creator was shown them (SEC-3)', async () => {
    const apps = await open(definition);
    const made = await apps.create('account-1', 'made');
    const seen = await apps.create('account-1', 'seen', true);
    const [first, second] = await Promise.all([apps.showSecrets(made.appId), apps.showSecrets(made.appId)]);
    expect([first?.serverSecret, second]).toEqual([made.serverSecret, undefined]);
    const restarted = await open(definition);
    for (const appId of [made.appId, seen.appId, 7, 8]) expect(await restarted.showSecrets(appId)).toBeUndefined();
    await restarted.replaceSecret(made.appId, 'server', 0);
    expect(await restarted.showSecrets(made.appId)).toBeUndefined();
  });

  it('gets no new secret if the configuration defines it, or it does not exist', async () => {
    const apps = await open(definition);
    expect([await apps.replaceSecret(7, 'server', 0), await apps.replaceSecret(8, 'callback', 0)]).toEqual([
      undefined,
      undefined,
    ]);
    expect(apps.find(7)?.serverSecret).toBe(definition.serverSecret);
  });

  it('can be taken over by the configuration, secrets and all', async () => {
    const app = await (await open()).create('account-1', 'made');
    const mine = { ...definition, appId: app.appId, rtkAppId: app.rtkAppId };
    expect((await open(mine)).find(app.appId)).toEqual({ ...mine, createdAtMs: 1_000 });
  });

  it('does not exist when the store refused it', async () => {
    const apps = await open();
    const failing: AppRegistry = await AppRegistry.open({
      store: { apps: { ...store.apps, all: async () => [], add: () => Promise.reject(new Error('disk full')) } },
      clock,
      configured: [],
      presets,
    });
    await expect(failing.create('account-1', 'made')).rejects.toThrow('disk full');
    expect(failing.ofAccount('account-1')).toEqual([]);
    expect(apps.ofAccount('account-1')).toEqual([]);
  });
});
