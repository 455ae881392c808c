/** SetForbidUserRule, DelForbidUserRule and DescribeForbidUserRules (reference zego 2.5), and their effect. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RawClient, TEST_API_TOKEN, TEST_APP } from '@gavel/testkit';
import { IS_ONE_PROCESS } from '@gavel/testkit/test-bus';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Harness, type Params, publish, start, tellingsOf } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await start({
    app: { rateLimits: { SetForbidUserRule: { production: 1000 }, DelForbidUserRule: { production: 1000 } } },
  });
});
afterEach(() => harness.close());

const LOGIN = ['1'];
const PUBLISH = ['2'];
const set = (rule: Params, server = harness) =>
  server.call('SetForbidUserRule', { DisabledPrivilege: LOGIN, EffectiveTime: '60', ...rule });
const list = async (RuleType: string, server = harness) =>
  (await server.call('DescribeForbidUserRules', { RuleType })).Data?.RuleList;
/** The answer to a login: `in`, or the error code. */
async function tryLogin(
  roomId: string,
  userId: string,
  server = harness,
  environment: 'production' | 'test' = 'production',
) {
  const client = await RawClient.open(server.baseUrl);
  const credential = { scheme: 'app-token', appId: server.app.appId, environment };
  const { error } = await client.request('login', { credential, clientId: userId, roomId, userId });
  return error ? { code: error.code, ...error.details } : 'in';
}

const IP = { RuleType: '1', IP: '127.0.0.1' };
const ROOM = { RuleType: '2', RoomId: 'r' };
const USER = { RuleType: '3', UserId: 'u' };
const ROOM_USER = { RuleType: '4', RoomId: 'r', UserId: 'u' };

describe('a login ban', () => {
  test.each<[string, Params, boolean[]]>([
    ['an IP address', IP, [true, true, true]],
    ['a room', ROOM, [true, true, false]],
    ['a user', USER, [true, false, true]],
    ['a user in a room', ROOM_USER, [true, false, false]],
  ])('of %s refuses those logins and no others, and tells its end (BAN-1, BAN-2)', async (_name, rule, refused) => {
    const untilMs = harness.clock.now() + 60_000;
    expect(await set(rule)).toMatchObject({ Code: 0, Message: 'success', Data: { ExpireTime: untilMs / 1000 } });
    const banned = { code: 'login.banned', untilMs };
    const logins = [await tryLogin('r', 'u'), await tryLogin('r', 'other'), await tryLogin('elsewhere', 'u')];
    expect(logins).toEqual(refused.map((isRefused) => (isRefused ? banned : 'in')));
  });

  test('ends to the millisecond (BAN-2)', async () => {
    await set({ ...USER, EffectiveTime: '1' });
    harness.clock.advance(999);
    expect(await tryLogin('r', 'u')).toMatchObject({ code: 'login.banned' });
    harness.clock.advance(1);
    expect(await tryLogin('r', 'u')).toBe('in');
  });

  test('removes nobody who is in (BAN-4)', async () => {
    const inside = await harness.join('r', 'u');
    await set(USER);
    expect(await harness.usersOf('r')).toEqual(['u']);
    await publish(inside, 's');
    expect(tellingsOf(inside)).toEqual(['streamAdded s']);
  });

  test('of several the longest one counts, and each ends by itself (BAN-2)', async () => {
    const nowMs = harness.clock.now();
    await set({ ...USER, EffectiveTime: '10' });
    await set({ ...ROOM, EffectiveTime: '20' });
    expect(await tryLogin('r', 'u')).toEqual({ code: 'login.banned', untilMs: nowMs + 20_000 });
    await harness.call('DelForbidUserRule', ROOM);
    expect(await tryLogin('r', 'u')).toEqual({ code: 'login.banned', untilMs: nowMs + 10_000 });
    await harness.call('DelForbidUserRule', USER);
    expect(await tryLogin('r', 'u')).toBe('in');
  });

  test('holds in its own App and environment only (ACC-6, TEST-3)', async () => {
    await set(USER);
    expect(await tryLogin('r', 'u', harness, 'test')).toBe('in');
    await harness.join('r', 'u', { app: harness.otherApp });
    expect(await tryLogin('r', 'u')).toMatchObject({ code: 'login.banned' });
  });

  test('refuses the resume of a member that lost its connection and is banned now (BAN-4)', async () => {
    const client = await RawClient.open(harness.baseUrl);
    const { ticket } = await client.login(harness.app.appId, 'r', 'u');
    client.cut();
    await client.closed;
    await set(USER);
    const again = await RawClient.open(harness.baseUrl);
    expect((await again.request('resume', { ticket, lastSeq: 0 })).error).toMatchObject({ code: 'login.banned' });
  });

  test("refuses a participant's token too (BAN-1)", async () => {
    const { accountId, rtkAppId } = TEST_APP;
    const base = `${harness.baseUrl}/client/v4/accounts/${accountId}/realtime/kit/${rtkAppId}`;
    const post = async (path: string, body: object) => {
      const headers = { authorization: `Bearer ${TEST_API_TOKEN}`, 'content-type': 'application/json' };
      const response = await fetch(base + path, { method: 'POST', headers, body: JSON.stringify(body) });
      return ((await response.json()) as { data: { id: string; token: string } }).data;
    };
    const meeting = await post('/meetings', { title: 'Planning' });
    const participant = { name: 'Ann', preset_name: 'group_call_host', custom_participant_id: 'ann' };
    const { token } = await post(`/meetings/${meeting.id}/participants`, participant);
    const enter = async () => {
      const client = await RawClient.open(harness.baseUrl);
      const credential = { scheme: 'participant-token', token };
      return (await client.request('login', { credential, clientId: 'c' })).error;
    };
    await set({ RuleType: '2', RoomId: meeting.id });
    expect(await enter()).toMatchObject({ code: 'login.banned', details: { untilMs: expect.any(Number) } });
    await harness.call('DelForbidUserRule', { RuleType: '2', RoomId: meeting.id });
    await set(IP);
    expect(await enter()).toMatchObject({ code: 'login.banned' });
    await harness.call('DelForbidUserRule', IP);
    expect(await enter()).toBeUndefined();
  });

  test('of an address is kept in canonical form, in whatever form it was given (ADDR-1)', async () => {
    await set({ RuleType: '1', IP: '0:0:0:0:0:FFFF:127.0.0.1' });
    await set({ RuleType: '1', IP: '::ffff:cb00:7107' });
    await set({ RuleType: '1', IP: '[2001:DB8:0:0:0:0:0:1]:4711' });
    expect(await list('1')).toMatchObject([{ IP: '127.0.0.1' }, { IP: '203.0.113.7' }, { IP: '2001:db8::1' }]);
    expect(await tryLogin('r', 'u')).toMatchObject({ code: 'login.banned' });
    expect((await harness.call('DelForbidUserRule', { RuleType: '1', IP: '::FFFF:127.0.0.1' })).Code).toBe(0);
    expect(await tryLogin('r', 'u')).toBe('in');
  });
});

describe('behind a trusted proxy', () => {
  let proxied: Harness;
  beforeEach(async () => {
    proxied = await start({ trustedProxies: ['127.0.0.1'], signalling: { maxPendingPerAddress: 2 } });
  });
  afterEach(() => proxied.close());
  const open = (forwardedFor: string) =>
    RawClient.open(proxied.baseUrl, undefined, { 'x-forwarded-for': forwardedFor });
  const loginFrom = async (forwardedFor: string) => {
    const client = await open(forwardedFor);
    const credential = { scheme: 'app-token', appId: proxied.app.appId };
    const userId = `u${forwardedFor.length}`;
    const { error } = await client.request('login', { credential, clientId: userId, roomId: 'r', userId });
    return error?.code ?? 'in';
  };

  test.each(['203.0.113.7', '203.0.113.7:4711', '::FFFF:203.0.113.7', '[::ffff:203.0.113.7]:4711', '::ffff:cb00:7107'])(
    'a ban of 203.0.113.7 refuses a client that the proxy writes as %s (ADDR-1, BAN-1)',
    async (forwardedFor) => {
      expect((await set({ RuleType: '1', IP: '203.0.113.7' }, proxied)).Code).toBe(0);
      expect(await loginFrom(forwardedFor)).toBe('login.banned');
      expect(await loginFrom('203.0.113.8:4711')).toBe('in');
    },
  );

  test('a ban of the proxy refuses no client, not even one whose address cannot be read (ADDR-1)', async () => {
    await set({ RuleType: '1', IP: '127.0.0.1' }, proxied);
    expect(await loginFrom('203.0.113.7:4711')).toBe('in');
    expect(await loginFrom('unknown')).toBe('in');
  });

  // The limit protects a process: each node counts its own connections.
  test.runIf(IS_ONE_PROCESS)(
    'all forms of one address share its limit of pending connections (ADDR-1, LIM-4)',
    async () => {
      await open('203.0.113.7:4711');
      await open('::FFFF:203.0.113.7');
      await expect(open('203.0.113.7:4712')).rejects.toThrow();
      await open('203.0.113.8');
      // Clients whose address cannot be parsed share one limit, separate from the proxy's.
      await open('unknown');
      await open('_hidden');
      await expect(open('nobody')).rejects.toThrow();
      await open('127.0.0.1');
    },
  );
});

describe('a publish ban', () => {
  test.each<[string, Params]>([
    ['an IP address', IP],
    ['a room', ROOM],
    ['a user', USER],
    ['a user in a room', ROOM_USER],
  ])(
    'of %s ends the live streams, their media closed before the answer, and refuses new ones (BAN-3)',
    async (_name, rule) => {
      const [client, viewer] = [await harness.join('r', 'u'), await harness.join('r', 'viewer')];
      await publish(client, 's');
      const untilMs = harness.clock.now() + 60_000;
      harness.engine.calls.length = 0;
      await set({ ...rule, DisabledPrivilege: PUBLISH });
      expect(harness.engine.calls).toEqual([expect.stringMatching(/^closeStream:/)]);
      expect(await viewer.event('streamRemoved')).toMatchObject({ cause: 'forbidden', stream: { streamId: 's' } });
      const { error } = await client.media.publish('s');
      expect(error).toMatchObject({ code: 'stream.banned', details: { untilMs } });
      expect(await tryLogin('r', 'next')).toBe('in');
      harness.clock.advance(60_000);
      await publish(client, 's');
    },
  );

  test("leaves other users' streams alone (BAN-3)", async () => {
    await publish(await harness.join('r', 'u'), 's1');
    await publish(await harness.join('r', 'v'), 's2');
    await set({ ...ROOM_USER, DisabledPrivilege: PUBLISH });
    expect(await harness.streamsOf('r')).toEqual(['s2']);
  });

  test('ends a publish whose media is being agreed on (BAN-3)', async () => {
    const client = await harness.join('r', 'u');
    let banned = Promise.resolve<unknown>(undefined);
    harness.engine.beforeAnswer = () => {
      banned = set({ ...USER, DisabledPrivilege: PUBLISH });
      return banned.then(() => undefined);
    };
    const { error } = await client.media.publish('s');
    await banned;
    expect(error?.code).toBe('stream.not-found');
    expect(await harness.streamsOf('r')).toEqual([]);
  });
});

test('rules hold after a restart, and after their end they are gone (BAN-7)', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'gavel-bans-'));
  try {
    const before = await start({ dataDir });
    const { clock } = before;
    const untilMs = clock.now() + 60_000;
    for (const rule of [USER, { ...ROOM_USER, UserId: 'x', DisabledPrivilege: PUBLISH, EffectiveTime: '5' }]) {
      expect((await set(rule, before)).Code).toBe(0);
    }
    await before.call('ForbidRTCStream', { StreamId: 'bad', Sequence: '1' });
    await before.close();
    clock.advance(6000);
    const after = await start({ dataDir, clock });
    try {
      expect(await tryLogin('r', 'u', after)).toEqual({ code: 'login.banned', untilMs });
      const client = await after.join('r', 'x');
      expect((await client.media.publish('bad')).error?.code).toBe('stream.banned');
      await publish(client, 'good');
      clock.advance(54_000);
      expect(await tryLogin('r', 'u', after)).toBe('in');
    } finally {
      await after.close();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});

describe('setting and ending', () => {
  test('a rule set again replaces the one before, with all that it forbids (BAN-6)', async () => {
    await set({ ...USER, DisabledPrivilege: ['1', '2', '1'] });
    await set({ ...USER, DisabledPrivilege: PUBLISH, EffectiveTime: '10' });
    expect(await tryLogin('r', 'u')).toBe('in');
    expect(await list('3')).toEqual([
      { RuleType: 3, IP: '', RoomId: '', UserId: 'u', DisabledPrivilegeList: [2], ExpireTime: expect.any(Number) },
    ]);
  });

  test('the list has what its type uses, in the order of setting; a ban is listed for a day after its end (BAN-2)', async () => {
    const now = harness.clock.now() / 1000;
    await set({ ...ROOM_USER, EffectiveTime: '1' });
    await set({ ...ROOM_USER, RoomId: 'r2', DisabledPrivilege: ['2', '1'] });
    await set({ ...ROOM_USER, UserId: 'v', EffectiveTime: '86400' });
    harness.clock.advance(86_400_999);
    expect(await list('4')).toEqual([
      { RuleType: 4, IP: '', RoomId: 'r', UserId: 'u', DisabledPrivilegeList: [1], ExpireTime: now + 1 },
      { RuleType: 4, IP: '', RoomId: 'r2', UserId: 'u', DisabledPrivilegeList: [1, 2], ExpireTime: now + 60 },
      { RuleType: 4, IP: '', RoomId: 'r', UserId: 'v', DisabledPrivilegeList: [1], ExpireTime: now + 86_400 },
    ]);
    harness.clock.advance(1);
    expect(await list('4')).toEqual([
      { RuleType: 4, IP: '', RoomId: 'r2', UserId: 'u', DisabledPrivilegeList: [1, 2], ExpireTime: now + 60 },
      { RuleType: 4, IP: '', RoomId: 'r', UserId: 'v', DisabledPrivilegeList: [1], ExpireTime: now + 86_400 },
    ]);
    expect(await list('1')).toEqual([]);
  });

  test('124 for a rule that is not there: 50124, also for one that has ended', async () => {
    const remove = async (rule: Params) => (await harness.call('DelForbidUserRule', rule)).Code;
    expect(await remove(USER)).toBe(50124);
    await set({ ...USER, EffectiveTime: '1' });
    expect(await remove(ROOM_USER)).toBe(50124);
    harness.clock.advance(1000);
    expect(await remove(USER)).toBe(50124);
    await set(USER);
    expect([await remove(USER), await remove(USER)]).toEqual([0, 50124]);
    // A deleted ban is not listed; an ended ban is, even after an attempt to delete it.
    expect(await list('3')).toEqual([]);
    await set({ ...USER, EffectiveTime: '1' });
    harness.clock.advance(1000);
    expect(await remove(USER)).toBe(50124);
    expect(await list('3')).toHaveLength(1);
  });

  test('a ban that has ended is listed after a restart too, and is not in force (BAN-2, BAN-7)', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'gavel-ended-bans-'));
    const { clock } = harness;
    try {
      const before = await start({ dataDir, clock });
      await set({ ...USER, EffectiveTime: '10' }, before);
      await before.close();
      clock.advance(10_000);
      const after = await start({ dataDir, clock });
      expect(await list('3', after)).toMatchObject([{ UserId: 'u', ExpireTime: clock.now() / 1000 }]);
      expect(await tryLogin('r', 'u', after)).toBe('in');
      await after.close();
      clock.advance(86_400_000);
      const later = await start({ dataDir, clock });
      expect(await list('3', later)).toEqual([]);
      await later.close();
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });

  test.each<[string, number, (index: number) => Params]>([
    ['IP addresses', 100, (index) => ({ RuleType: '1', IP: `10.0.0.${index}` })],
    ['rooms', 200, (index) => ({ RuleType: '2', RoomId: `r${index}` })],
    ['users', 200, (index) => ({ RuleType: '3', UserId: `u${index}` })],
    ['users in rooms', 200, (index) => ({ RuleType: '4', RoomId: 'r', UserId: `u${index}` })],
  ])('of %s at most %d are in force, also of many at once; one more is 50123 (BAN-5)', async (_name, max, ruleOf) => {
    const codes = await Promise.all(Array.from({ length: max + 5 }, (_, index) => set(ruleOf(index))));
    expect(codes.filter(({ Code }) => Code === 0)).toHaveLength(max);
    expect(codes.filter(({ Code }) => Code === 50123)).toHaveLength(5);
    // A ban in force may be set again, and the end of a ban makes room for another.
    const known = ruleOf(codes.findIndex(({ Code }) => Code === 0));
    expect((await set(known)).Code).toBe(0);
    await harness.call('DelForbidUserRule', known);
    expect((await set(ruleOf(250))).Code).toBe(0);
    harness.clock.advance(60_000);
    expect((await set(ruleOf(251))).Code).toBe(0);
  });

  test('what a type needs, and values that are none, are 2; ids that are too long 3', async () => {
    const wrong: readonly [Params, number][] = [
      [{ RuleType: undefined }, 2],
      [{ RuleType: '5' }, 2],
      [{ RuleType: '1' }, 2],
      [{ RuleType: '1', IP: '1.2.3' }, 2],
      [{ RuleType: '1', IP: 'fe80::1%eth0' }, 2],
      [{ RuleType: '2', UserId: 'u' }, 2],
      [{ RuleType: '3', RoomId: 'r' }, 2],
      [{ RuleType: '4', RoomId: 'r' }, 2],
      [{ ...USER, DisabledPrivilege: undefined }, 2],
      [{ ...USER, DisabledPrivilege: ['1', '3'] }, 2],
      [{ ...USER, EffectiveTime: undefined }, 2],
      [{ ...USER, EffectiveTime: '0' }, 2],
      [{ ...USER, EffectiveTime: '86401' }, 2],
      [{ RuleType: '3', UserId: 'x'.repeat(65) }, 3],
      [{ RuleType: '2', RoomId: 'x'.repeat(129) }, 3],
    ];
    for (const [rule, code] of wrong) expect([rule, (await set(rule)).Code]).toEqual([rule, code]);
    expect(await harness.codeOf('DescribeForbidUserRules')).toBe(2);
    expect(await harness.codeOf('DelForbidUserRule', { RuleType: '4', UserId: 'u' })).toBe(2);
  });

  test('answers 1 for a fault of the server, and changes nothing', async () => {
    expect((await set({ ...USER, UserId: 'other' })).Code).toBe(0);
    harness.failJournalOnce();
    expect((await set(USER)).Code).toBe(1);
    expect(await tryLogin('r', 'u')).toBe('in');
  });
});
