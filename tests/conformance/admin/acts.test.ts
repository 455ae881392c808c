/**
 * Acting at the admin API: kick, close, mute, delete, bans; previews, repeats, and the audit trail of all of it.
 */

import { type RawClient, TEST_APP } from '@gavel/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AdminStage, startAdminStage } from './harness.ts';

const { appId } = TEST_APP;
const LOBBY = `/rooms/${appId}/production/lobby`;
const BANS = `/bans/${appId}/production`;

let stage: AdminStage;
let moderator: string;
beforeEach(async () => {
  stage = await startAdminStage();
  moderator = await stage.tokenOf('moderator', [appId]);
});
afterEach(() => stage.close());

const join = async (userId: string, roomId = 'lobby'): Promise<RawClient> => {
  const client = await stage.connect();
  await client.login(appId, roomId, userId);
  return client;
};
const act = (path: string, body: object, headers: Record<string, string> = {}, token = moderator) =>
  stage.admin('POST', path, { body, token, headers });
const usersOf = (people: readonly { readonly userId: string }[]) => people.map(({ userId }) => userId).toSorted();
const present = async (roomId = 'lobby') =>
  usersOf((await stage.admin('GET', `/rooms/${appId}/production/${roomId}/people`)).body.people);
/** The rows of the App; the tokens of the callers have rows without an App. */
const auditRows = async (query = '') => (await stage.admin('GET', `/audit?appId=${appId}${query}`)).body.rows;

describe('a kick', () => {
  test('puts people out with its reason, and its audit row says who did it and why (AUDIT-1)', async () => {
    const anna = await join('anna');
    await join('bob');
    const { status, body } = await act(`${LOBBY}/kick`, { userIds: ['anna'], reason: 'spam' });
    expect(status).toBe(200);
    expect(body).toEqual({
      isDryRun: false,
      people: [expect.objectContaining({ roomId: 'lobby', userId: 'anna', address: '127.0.0.1', isWaiting: false })],
      bans: [],
    });
    expect(await anna.event('removed')).toMatchObject({ reason: 'spam' });
    expect(await present()).toEqual(['bob']);
    expect(await auditRows()).toEqual([
      expect.objectContaining({
        ...{
          appId,
          environment: 'production',
          roomId: 'lobby',
          door: 'admin',
          actor: 'moderator 1',
          role: 'moderator',
        },
        ...{ action: 'kick', reason: 'spam', targets: ['user/anna'], outcome: 'done' },
      }),
    ]);
  });

  test('with a ban keeps the user out until the ban is lifted; the row stays (BAN-8, BAN-9)', async () => {
    await join('anna');
    const ban = { of: 'user', in: 'app', seconds: 3600 };
    const { body } = await act(`${LOBBY}/kick`, { userIds: ['anna'], reason: 'spam', ban });
    expect(body.bans).toEqual([
      expect.objectContaining({ userId: 'anna', reason: 'spam', author: 'moderator 1', isInForce: true }),
    ]);
    await expect(join('anna')).rejects.toThrow('login.banned');
    await expect(join('anna', 'other')).rejects.toThrow('login.banned');
    const listed = (await stage.admin('GET', BANS)).body;
    expect(listed.bans).toMatchObject([{ id: body.bans[0].id, list: 'moderation', privileges: ['login', 'publish'] }]);
    const lifted = await act(`${BANS}/${body.bans[0].id}/lift`, { reason: 'sorry' });
    expect(lifted.body.ban).toMatchObject({ isInForce: false, lifted: { by: 'moderator 1', reason: 'sorry' } });
    await join('anna');
    expect((await stage.admin('GET', BANS)).body.bans).toEqual([]);
    expect((await stage.admin('GET', `${BANS}?state=all`)).body.bans).toMatchObject([{ id: body.bans[0].id }]);
    expect((await act(`${BANS}/${body.bans[0].id}/lift`, { reason: 'again' })).status).toBe(409);
    expect((await act(`${BANS}/none/lift`, { reason: 'again' })).status).toBe(404);
  });

  test('of everybody but some leaves the room to those (ALL-1)', async () => {
    for (const userId of ['anna', 'bob', 'carl', 'dora']) await join(userId);
    const { body } = await act(`${LOBBY}/kick`, { allBut: { userIds: ['anna', 'dora'] }, reason: 'break' });
    expect(usersOf(body.people)).toEqual(['bob', 'carl']);
    expect(await present()).toEqual(['anna', 'dora']);
    expect((await auditRows())[0].targets).toEqual(['user/bob', 'user/carl']);
    expect((await act(`${LOBBY}/kick`, { allBut: { userIds: ['anna', 'dora'] }, reason: 'break' })).status).toBe(404);
  });

  test.each([
    ['without a reason', { userIds: ['anna'] }],
    ['of nobody', { reason: 'x' }],
    ['named in two ways', { userIds: ['anna'], allBut: {}, reason: 'x' }],
    ['with a reason that is too long in bytes', { userIds: ['anna'], reason: 'ü'.repeat(200) }],
  ])('%s is refused', async (_, body) => {
    await join('anna');
    expect((await act(`${LOBBY}/kick`, body)).status).toBe(400);
    expect(await present()).toEqual(['anna']);
  });
});

test('a dry run answers whom a call would hit, and leaves only an audit row that is marked (DRY-1)', async () => {
  const anna = await join('anna');
  await anna.media.publish('camera-1');
  await join('bob');
  const other = await join('zoe', 'other');
  const dry = async (path: string, body: object) => (await act(path, { reason: 'look', dryRun: true, ...body })).body;
  expect(await dry(`${LOBBY}/kick`, { userIds: ['anna', 'nobody'] })).toMatchObject({
    isDryRun: true,
    people: [{ userId: 'anna' }],
    bans: [],
  });
  const banned = await dry(`${LOBBY}/kick`, { userIds: ['anna'], ban: { of: 'address', in: 'app' } });
  expect([usersOf(banned.people), usersOf(banned.covered)]).toEqual([['anna'], ['bob', 'zoe']]);
  expect(usersOf((await dry(`${LOBBY}/close`, {})).people)).toEqual(['anna', 'bob']);
  expect(usersOf((await dry(`${LOBBY}/mute`, { audio: true })).people)).toEqual(['anna', 'bob']);
  expect(await dry(`${LOBBY}/streams/camera-1/delete`, {})).toEqual({ isDryRun: true, streamId: 'camera-1' });
  const ban = await dry(BANS, { addresses: '127.0.0.0/24' });
  expect([ban.ban, usersOf(ban.covered)]).toEqual([null, ['anna', 'bob', 'zoe']]);
  expect((await act(`${LOBBY}/kick`, { userIds: ['nobody'], reason: 'x', dryRun: true })).status).toBe(404);

  expect(await present()).toEqual(['anna', 'bob']);
  expect((await stage.admin('GET', BANS)).body.bans).toEqual([]);
  const rows = await auditRows();
  expect(rows.every(({ details }: { details: { dryRun: boolean } }) => details.dryRun)).toBe(true);
  expect(rows.map(({ action, outcome }: Record<string, string>) => [action, outcome])).toEqual([
    ['kick', 'refused'],
    ['setRules', 'done'],
    ['deleteStream', 'done'],
    ['mute', 'done'],
    ['close', 'done'],
    ['kick', 'done'],
    ['kick', 'done'],
  ]);
  await act(`${LOBBY}/kick`, { userIds: ['bob'], reason: '"dryRun":true' });
  expect(await auditRows('&dryRun=false')).toMatchObject([{ reason: '"dryRun":true', targets: ['user/bob'] }]);
  expect(await auditRows('&dryRun=true')).toEqual(rows);
  other.cut();
});

test('close, mute and the end of a stream take effect, and name whom they hit', async () => {
  const anna = await join('anna');
  await anna.media.publish('camera-1');
  await join('bob');
  const muted = await act(`${LOBBY}/mute`, { userIds: ['anna'], audio: true, allowUnmute: false, reason: 'loud' });
  expect(usersOf(muted.body.people)).toEqual(['anna']);
  expect((await stage.admin('GET', LOBBY)).body.streams[0].muted).toEqual({ audio: true, video: false });
  expect((await act(`${LOBBY}/mute`, { reason: 'nothing' })).status).toBe(400);
  expect((await act(`${LOBBY}/streams/camera-1/delete`, { reason: 'bad' })).body).toEqual({
    isDryRun: false,
    streamId: 'camera-1',
  });
  expect((await act(`${LOBBY}/streams/camera-1/delete`, { reason: 'bad' })).status).toBe(404);
  expect(usersOf((await act(`${LOBBY}/close`, { reason: 'over' })).body.people)).toEqual(['anna', 'bob']);
  expect((await act(`${LOBBY}/close`, { reason: 'over' })).status).toBe(404);
  const rows = await auditRows(`&outcome=done&roomId=lobby`);
  expect(rows.map(({ action, reason }: Record<string, string>) => [action, reason])).toEqual([
    ['close', 'over'],
    ['deleteStream', 'bad'],
    ['mute', 'loud'],
  ]);
});

describe('bans', () => {
  test('of an address keep out whoever comes from it, and put out who is there if asked to (BAN-10)', async () => {
    await join('anna');
    const set = await act(BANS, { addresses: '127.0.0.1', roomId: 'lobby', reason: 'raid', removesPresent: true });
    expect(set.body).toMatchObject({ isDryRun: false, ban: { addresses: '127.0.0.1', roomId: 'lobby' } });
    expect(usersOf(set.body.covered)).toEqual(['anna']);
    expect(await present()).toEqual([]);
    await expect(join('bob')).rejects.toThrow('login.banned');
    await join('bob', 'other');
  });

  test.each([
    ['a range wider than allowed', { addresses: '10.0.0.0/8', reason: 'x' }],
    ['a malformed address', { addresses: 'nowhere', reason: 'x' }],
    ['nobody', { reason: 'x' }],
  ])('of %s are refused (BAN-10)', async (_, body) => {
    expect((await act(BANS, body)).status).toBe(400);
  });

  test('of backends are in the same list, page by page', async () => {
    await stage.call('SetForbidUserRule', {
      RuleType: '3',
      UserId: 'zoe',
      'DisabledPrivilege[]': ['1'],
      EffectiveTime: '60',
    });
    await act(BANS, { userId: 'anna', reason: 'spam' });
    const first = (await stage.admin('GET', `${BANS}?limit=1`)).body;
    const second = (await stage.admin('GET', `${BANS}?limit=1&cursor=${first.next}`)).body;
    expect([first.bans[0], second.bans[0]]).toMatchObject([
      { userId: 'anna', list: 'moderation' },
      { userId: 'zoe', list: 'user' },
    ]);
  });
});

test('a viewer, and a moderator of another App, act on nothing; each refusal has an audit row (ROLE-1, AUDIT-1)', async () => {
  await join('anna');
  const other = await stage.server.apps.create(TEST_APP.accountId, 'other');
  for (const token of [await stage.tokenOf('viewer'), await stage.tokenOf('moderator', [other.appId])]) {
    for (const path of [`${LOBBY}/kick`, `${LOBBY}/close`, `${LOBBY}/mute`, `${LOBBY}/streams/s/delete`, BANS]) {
      expect((await act(path, { userIds: ['anna'], reason: 'x' }, {}, token)).status).toBe(403);
    }
  }
  expect(await present()).toEqual(['anna']);
  const rows = await auditRows('&outcome=refused&limit=100');
  expect(rows).toHaveLength(10);
  expect(rows[9]).toMatchObject({ action: 'kick', actor: 'viewer 2', role: 'viewer', errorCode: 'forbidden' });
});

describe('the audit trail', () => {
  test('is filtered, goes page by page, and is exported as JSON lines and CSV (AUDIT-1)', async () => {
    for (const userId of ['anna', 'bob', 'carl']) await join(userId);
    await act(`${LOBBY}/kick`, { userIds: ['anna'], reason: '=cmd, "quoted"' });
    await act(`${LOBBY}/kick`, { userIds: ['bob'], reason: 'spam' });
    await stage.call('KickoutUser', { RoomId: 'lobby', 'UserId[]': ['carl'] });
    const first = (await stage.admin('GET', `/audit?appId=${appId}&limit=2`)).body;
    const second = (await stage.admin('GET', `/audit?appId=${appId}&limit=2&cursor=${first.next}`)).body;
    expect([...first.rows, ...second.rows].map(({ door, targets }) => [door, targets])).toEqual([
      ['zego', ['user/carl']],
      ['admin', ['user/bob']],
      ['admin', ['user/anna']],
    ]);
    expect(await auditRows('&target=user/bob')).toHaveLength(1);
    expect(await auditRows('&door=zego&action=kick')).toHaveLength(1);
    const headers = { authorization: `Bearer ${moderator}` };
    const read = async (format: string) => {
      const response = await fetch(`${stage.baseUrl}/admin/v1/audit/export?format=${format}&appId=${appId}`, {
        headers,
      });
      return { type: response.headers.get('content-type'), text: await response.text() };
    };
    const lines = await read('jsonl');
    expect(lines.type).toMatch(/^application\/x-ndjson/);
    const rows = lines.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map(({ targets }) => targets)).toEqual([['user/anna'], ['user/bob'], ['user/carl']]);
    const csv = await read('csv');
    expect(csv.type).toMatch(/^text\/csv/);
    const [header, row] = csv.text.split('\r\n');
    expect(header).toBe(
      'seq,time,appId,environment,roomId,door,actor,role,requestId,action,targets,reason,details,outcome,errorCode',
    );
    expect(row).toContain(`,kick,user/anna,"'=cmd, ""quoted""",`);
  });

  test('shows viewers no addresses', async () => {
    await act(BANS, { addresses: '198.51.100.7', reason: 'raid' });
    const token = await stage.tokenOf('viewer');
    const { body } = await stage.admin('GET', `/audit?appId=${appId}`, { token });
    expect(body.rows).toMatchObject([{ action: 'setRules', details: {} }]);
    expect(JSON.stringify([body, (await stage.admin('GET', BANS, { token })).body])).not.toContain('198.51.100.7');
  });
});
