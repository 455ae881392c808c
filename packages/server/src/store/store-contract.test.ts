/**
 * What every store promises, as one suite that is run on each implementation.
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AppRecord, MeetingRecord, ParticipantRecord, PresetRecord, Store } from './store.ts';
import { describeStores, type TestDatabase } from './testing.ts';

const APP = 1001 as AppId;
const OTHER_APP = 1002 as AppId;
const ALL = { offset: 0, limit: 100 };

const app = (over: Partial<AppRecord> = {}): AppRecord => ({
  appId: APP,
  rtkAppId: `rtk-${over.appId ?? APP}`,
  accountId: 'account-1',
  name: 'First',
  createdAtMs: 1_000,
  ...over,
});
const preset = (over: Partial<PresetRecord> = {}): PresetRecord => ({
  id: 'preset-1',
  appId: APP,
  name: 'host',
  definition: { permissions: { kick: true }, list: [1, 'two', null] },
  createdAtMs: 1_000,
  updatedAtMs: 1_000,
  ...over,
});
const meeting = (over: Partial<MeetingRecord> = {}): MeetingRecord => ({
  id: 'meeting-1',
  appId: APP,
  title: 'Standup',
  status: 'ACTIVE',
  settings: { persist: true, deep: { words: ['a', 'ü'] } },
  createdAtMs: 1_000,
  updatedAtMs: 1_000,
  ...over,
});
const participant = (over: Partial<ParticipantRecord> = {}): ParticipantRecord => ({
  id: 'participant-1',
  meetingId: 'meeting-1',
  customId: 'anna',
  presetId: 'preset-1',
  name: 'Änne "A" O’Neil',
  picture: null,
  createdAtMs: 1_000,
  updatedAtMs: 1_000,
  ...over,
});

describeStores('a store', (createDatabase) => {
  let database: TestDatabase;
  let store: Store;
  beforeEach(async () => {
    database = await createDatabase();
    store = await database.open();
  });
  const addAppWithMeeting = async () => {
    await store.apps.add(app(), [preset()]);
    await store.meetings.add(meeting());
  };

  describe('Apps', () => {
    it('gives Apps in the order in which they were added, with and without secrets', async () => {
      const earlierSecrets = [{ kind: 'callback', secret: 'e', validUntilMs: 9 }] as const;
      const secrets = { serverSecret: 's', callbackSecret: 'c', earlierSecrets, secretsShownAtMs: 5 };
      const made = app({ appId: OTHER_APP, secrets });
      await store.apps.add(made, []);
      await store.apps.add(app(), []);
      expect(await store.apps.all()).toEqual([made, app()]);
    });

    it('adds an App and its presets both or not at all', async () => {
      const presets = [preset(), preset({ id: 'preset-2' })];
      await expect(store.apps.add(app(), presets)).rejects.toThrow();
      expect(await store.apps.all()).toEqual([]);
      expect(await store.presets.find(APP, 'preset-1')).toBeUndefined();
    });

    it('refuses an App id and an rtkAppId that are taken', async () => {
      await store.apps.add(app(), []);
      await expect(store.apps.add(app({ rtkAppId: 'other' }), [])).rejects.toThrow();
      await expect(store.apps.add(app({ appId: OTHER_APP, rtkAppId: app().rtkAppId }), [])).rejects.toThrow();
    });

    it('keeps the time of creation when the rest is updated', async () => {
      await store.apps.add(app(), []);
      await store.apps.update(app({ name: 'Second', rtkAppId: 'new', accountId: 'account-2', createdAtMs: 9 }));
      expect(await store.apps.all()).toEqual([app({ name: 'Second', rtkAppId: 'new', accountId: 'account-2' })]);
    });
  });

  describe('tokens of the admin API', () => {
    const token = { tokenHash: 'h1', name: 'anna', role: 'viewer', createdBy: 'admin key', createdAtMs: 5 } as const;

    it('finds a token by its hash, and forgets one that is deleted', async () => {
      const limited = { ...token, role: 'moderator', appIds: [APP], expiresAtMs: 9 } as const;
      await store.adminTokens.add(limited);
      expect(await store.adminTokens.findByHash('h1')).toEqual(limited);
      expect(await store.adminTokens.delete('h1')).toBe(true);
      expect(await store.adminTokens.delete('h1')).toBe(false);
      expect(await store.adminTokens.findByHash('h1')).toBeUndefined();
    });

    it('adds none of a name that exists, and lists them in order', async () => {
      expect(await store.adminTokens.add({ ...token, name: 'zoe' })).toBe(true);
      expect(await store.adminTokens.add({ ...token, tokenHash: 'h2', name: 'zoe' })).toBe(false);
      expect(await store.adminTokens.add({ ...token, tokenHash: 'h3' })).toBe(true);
      expect((await store.adminTokens.all()).map(({ tokenHash }) => tokenHash)).toEqual(['h1', 'h3']);
    });
  });

  describe('API tokens', () => {
    const token = { tokenHash: 'h1', name: 'backend', accountId: 'account-1', createdAtMs: 5 };

    it('finds a token by its hash, and forgets one that is deleted', async () => {
      await store.apiTokens.add(token);
      expect(await store.apiTokens.findByHash('h1')).toEqual(token);
      expect(await store.apiTokens.delete('h1')).toBe(true);
      expect(await store.apiTokens.delete('h1')).toBe(false);
      expect(await store.apiTokens.findByHash('h1')).toBeUndefined();
    });

    it('adds none of a name that the account has, until that one is deleted', async () => {
      const [same, elsewhere] = [
        { ...token, tokenHash: 'h2' },
        { ...token, tokenHash: 'h3', accountId: 'account-2' },
      ];
      expect(await store.apiTokens.add(token)).toBe(true);
      expect([await store.apiTokens.add(same), await store.apiTokens.findByHash('h2')]).toEqual([false, undefined]);
      expect(await store.apiTokens.add(elsewhere)).toBe(true);
      await store.apiTokens.delete('h1');
      expect(await store.apiTokens.add(same)).toBe(true);
    });

    it('adds one of several that are added with one name at the same time', async () => {
      for (let round = 0; round < 20; round += 1) {
        const tokens = [1, 2, 3, 4].map((count) => ({
          ...token,
          tokenHash: `h${count}`,
          accountId: `account-${round}`,
        }));
        const added = await Promise.all(tokens.map((each) => store.apiTokens.add(each)));
        expect(added.filter(Boolean)).toHaveLength(1);
        for (const { tokenHash } of tokens) await store.apiTokens.delete(tokenHash);
      }
    });

    it('keeps apart no limit, an empty one and some Apps', async () => {
      await store.apiTokens.add(token);
      await store.apiTokens.add({ ...token, tokenHash: 'h2', name: 'none', rtkAppIds: [] });
      await store.apiTokens.add({ ...token, tokenHash: 'h3', name: 'some', rtkAppIds: ['a', 'b'] });
      const limits = (await store.apiTokens.ofAccount('account-1')).map((each) => each.rtkAppIds);
      expect(limits).toEqual([undefined, [], ['a', 'b']]);
      expect(await store.apiTokens.ofAccount('account-2')).toEqual([]);
    });
  });

  describe('meetings', () => {
    beforeEach(addAppWithMeeting);

    it('gives back what was added, and only to its App', async () => {
      expect(await store.meetings.find(APP, 'meeting-1')).toEqual(meeting());
      expect(await store.meetings.find(OTHER_APP, 'meeting-1')).toBeUndefined();
      expect(await store.meetings.find(APP, 'meeting-2')).toBeUndefined();
    });

    it('refuses a meeting of an App that does not exist', async () => {
      await expect(store.meetings.add(meeting({ id: 'm', appId: OTHER_APP }))).rejects.toThrow();
    });

    it('lists the newest first, in the order of adding within one millisecond, page by page', async () => {
      for (const id of ['m2', 'm3', 'm4']) await store.meetings.add(meeting({ id }));
      const ids = async (offset: number, limit: number) => {
        const { items, totalCount } = await store.meetings.list(APP, {}, { offset, limit });
        return [items.map((each) => each.id), totalCount];
      };
      expect(await ids(0, 3)).toEqual([['m4', 'm3', 'm2'], 4]);
      expect(await ids(3, 3)).toEqual([['meeting-1'], 4]);
      expect(await ids(6, 3)).toEqual([[], 4]);
      expect(await ids(0, 0)).toEqual([[], 4]);
    });

    it('filters by status, by time, by a part of the title in any case, and by the whole id', async () => {
      await store.meetings.add(
        meeting({ id: 'm2', title: '100% Stand_still', status: 'INACTIVE', createdAtMs: 2_000 }),
      );
      await store.meetings.add(meeting({ id: 'm3', title: null, createdAtMs: 3_000 }));
      const ids = async (filter: Parameters<Store['meetings']['list']>[1]) => {
        const { items, totalCount } = await store.meetings.list(APP, filter, ALL);
        expect(totalCount).toBe(items.length);
        return items.map((each) => each.id);
      };
      expect(await ids({ status: 'INACTIVE' })).toEqual(['m2']);
      expect(await ids({ fromMs: 2_000 })).toEqual(['m3', 'm2']);
      expect(await ids({ fromMs: 1_001, untilMs: 2_000 })).toEqual(['m2']);
      expect(await ids({ search: 'STAND' })).toEqual(['m2', 'meeting-1']);
      expect(await ids({ search: '0% s' })).toEqual(['m2']);
      expect(await ids({ search: 'd_s' })).toEqual(['m2']);
      expect(await ids({ search: '%' })).toEqual(['m2']);
      expect(await ids({ search: '\\' })).toEqual([]);
      expect(await ids({ search: 'm3' })).toEqual(['m3']);
      expect(await ids({ search: "'; drop table meetings; --" })).toEqual([]);
    });

    it('updates with nothing between reading and writing', async () => {
      const count = (each: MeetingRecord) => Number(each.settings.count ?? 0);
      await Promise.all(
        Array.from({ length: 10 }, () =>
          store.meetings.update(APP, 'meeting-1', (each) => ({
            ...each,
            settings: { count: count(each) + 1 },
            updatedAtMs: each.updatedAtMs + 1,
          })),
        ),
      );
      const changed = await store.meetings.find(APP, 'meeting-1');
      expect(changed).toEqual(meeting({ settings: { count: 10 }, updatedAtMs: 1_010 }));
    });

    it('updates none of another App, and nothing where the change throws', async () => {
      expect(await store.meetings.update(OTHER_APP, 'meeting-1', (each) => each)).toBeUndefined();
      const failing = store.meetings.update(APP, 'meeting-1', () => {
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect(await store.meetings.find(APP, 'meeting-1')).toEqual(meeting());
    });
  });

  describe('participants', () => {
    beforeEach(async () => {
      await addAppWithMeeting();
      await store.meetings.add(meeting({ id: 'meeting-2' }));
      await store.participants.add(participant());
    });

    it('gives back what was added, with the name of the preset, and only to its meeting', async () => {
      expect(await store.participants.find('meeting-1', 'participant-1')).toEqual({
        ...participant(),
        presetName: 'host',
      });
      expect(await store.participants.find('meeting-2', 'participant-1')).toBeUndefined();
    });

    it('refuses one of a meeting or a preset that does not exist', async () => {
      await expect(store.participants.add(participant({ id: 'p', meetingId: 'none' }))).rejects.toThrow();
      await expect(store.participants.add(participant({ id: 'p', presetId: 'none' }))).rejects.toThrow();
    });

    it('finds all that share a custom id, and those of many ids at once', async () => {
      const ids = Array.from({ length: 1_200 }, (_, index) => `p${index}`);
      for (const id of ids) await store.participants.add(participant({ id, customId: id < 'p2' ? 'twin' : id }));
      await store.participants.add(participant({ id: 'elsewhere', meetingId: 'meeting-2', customId: 'twin' }));
      const twins = await store.participants.findByCustomIds('meeting-1', ['twin', 'nobody']);
      expect(twins.map((each) => each.id).sort()).toEqual(ids.filter((id) => id < 'p2').sort());
      expect(await store.participants.findByIds('meeting-1', [...ids, 'nobody'])).toHaveLength(1_200);
      expect(await store.participants.findByIds('meeting-1', [])).toEqual([]);
    });

    it('lists the newest first, page by page', async () => {
      for (const id of ['p2', 'p3']) await store.participants.add(participant({ id }));
      const { items, totalCount } = await store.participants.list('meeting-1', { offset: 1, limit: 2 });
      expect(items.map((each) => each.id)).toEqual(['p2', 'participant-1']);
      expect(totalCount).toBe(3);
    });

    it('updates custom id, name, picture and preset', async () => {
      await store.presets.add(preset({ id: 'preset-2', name: 'guest' }));
      const facts = { customId: 'ben', name: null, picture: 'https://example.com/a.png' };
      const change = { ...facts, presetId: 'preset-2', updatedAtMs: 7 };
      const expected = { ...participant(change), presetName: 'guest' };
      expect(await store.participants.update('meeting-1', 'participant-1', () => change)).toEqual(expected);
      expect(await store.participants.find('meeting-1', 'participant-1')).toEqual(expected);
      expect(await store.participants.update('meeting-2', 'participant-1', () => change)).toBeUndefined();
    });

    it('deletes once, and only in the meeting named', async () => {
      expect(await store.participants.delete('meeting-2', 'participant-1')).toBeUndefined();
      expect((await store.participants.delete('meeting-1', 'participant-1'))?.customId).toBe('anna');
      expect(await store.participants.delete('meeting-1', 'participant-1')).toBeUndefined();
      expect(await store.participants.find('meeting-1', 'participant-1')).toBeUndefined();
    });
  });

  describe('presets', () => {
    beforeEach(() => store.apps.add(app(), [preset()]));

    it('finds a preset by id and by name, in its App', async () => {
      expect(await store.presets.find(APP, 'preset-1')).toEqual(preset());
      expect(await store.presets.findByName(APP, 'host')).toEqual(preset());
      expect(await store.presets.find(OTHER_APP, 'preset-1')).toBeUndefined();
      expect(await store.presets.findByName(OTHER_APP, 'host')).toBeUndefined();
    });

    it('refuses a name that the App has, and takes it in another App', async () => {
      await store.apps.add(app({ appId: OTHER_APP }), []);
      expect(await store.presets.add(preset({ id: 'p2' }))).toBe(false);
      expect(await store.presets.find(APP, 'p2')).toBeUndefined();
      expect(await store.presets.add(preset({ id: 'p2', appId: OTHER_APP }))).toBe(true);
    });

    it('changes a preset of its App, but never to the name of another', async () => {
      await store.presets.add(preset({ id: 'p2', name: 'guest' }));
      const change = { name: 'chair', definition: { x: 1 }, updatedAtMs: 9 };
      expect(await store.presets.update(OTHER_APP, 'preset-1', () => change)).toBeUndefined();
      expect(await store.presets.update(APP, 'preset-1', () => ({ ...change, name: 'guest' }))).toBe('taken');
      expect(await store.presets.find(APP, 'preset-1')).toEqual(preset());
      expect(await store.presets.update(APP, 'preset-1', () => change)).toEqual(preset(change));
      expect(await store.presets.find(APP, 'preset-1')).toEqual(preset(change));
    });

    it('deletes a preset of its App that no participant has', async () => {
      await store.meetings.add(meeting());
      await store.participants.add(participant());
      expect(await store.presets.delete(APP, 'preset-1')).toBe('in use');
      await store.participants.delete('meeting-1', 'participant-1');
      expect(await store.presets.delete(OTHER_APP, 'preset-1')).toBeUndefined();
      expect(await store.presets.delete(APP, 'preset-1')).toEqual(preset());
      expect(await store.presets.find(APP, 'preset-1')).toBeUndefined();
    });

    it('lists the newest first, by a part of the name', async () => {
      await store.presets.add(preset({ id: 'p2', name: 'webinar_host' }));
      await store.presets.add(preset({ id: 'p3', name: 'guest' }));
      const names = async (search: string | undefined) =>
        (await store.presets.list(APP, search, ALL)).items.map((each) => each.name);
      expect(await names(undefined)).toEqual(['guest', 'webinar_host', 'host']);
      expect(await names('HOST')).toEqual(['webinar_host', 'host']);
      expect((await store.presets.list(APP, 'host', { offset: 1, limit: 1 })).totalCount).toBe(2);
    });
  });

  it('answers a ping while it is open, and not after', async () => {
    await expect(store.ping()).resolves.toBeUndefined();
    await database.close();
    await expect(store.ping()).rejects.toThrow();
  });

  it('keeps the first key pair of a purpose, whoever adds another', async () => {
    const key = { purpose: 'p', keyId: 'k1', privateKey: 'private', publicKey: 'public', createdAtMs: 1 };
    expect(await store.signingKeys.find('p')).toBeUndefined();
    expect(await store.signingKeys.addUnlessPresent(key)).toEqual(key);
    expect(await store.signingKeys.addUnlessPresent({ ...key, keyId: 'k2' })).toEqual(key);
    expect(await store.signingKeys.find('p')).toEqual(key);
  });

  it('has everything again after it was opened anew', async () => {
    await addAppWithMeeting();
    await store.participants.add(participant());
    const key = { purpose: 'p', keyId: 'k', privateKey: 'private', publicKey: 'public', createdAtMs: 1 };
    await store.signingKeys.addUnlessPresent(key);
    const token = { tokenHash: 'h', name: 'n', accountId: 'account-1', createdAtMs: 1 };
    await store.apiTokens.add(token);
    await database.close();
    store = await database.open();
    expect(await store.apps.all()).toEqual([app()]);
    expect(await store.presets.find(APP, 'preset-1')).toEqual(preset());
    expect(await store.meetings.find(APP, 'meeting-1')).toEqual(meeting());
    expect(await store.participants.find('meeting-1', 'participant-1')).toMatchObject(participant());
    expect(await store.signingKeys.find('p')).toEqual(key);
    expect(await store.apiTokens.findByHash('h')).toEqual(token);
  });
});
