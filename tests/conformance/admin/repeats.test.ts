/**
 * Repeated calls of the admin API: the first answer again, which is stored with what the call changes.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEST_APP } from '@gavel/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FileJournal } from '../../../packages/server/src/journal/file-journal.ts';
import { TableJournal } from '../../../packages/server/src/journal/journal.ts';
import type { NumberedRows } from '../../../packages/server/src/store/journal.ts';
import { type AdminStage, startAdminStage } from './harness.ts';

const { appId } = TEST_APP;
const LOBBY = `/rooms/${appId}/production/lobby`;
const BANS = `/bans/${appId}/production`;

let folder: string;
let stage: AdminStage;
let moderator: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gavel-repeats-'));
  stage = await startAdminStage({ dataDir: folder });
  moderator = await stage.tokenOf('moderator', [appId]);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
});

const enter = async (...userIds: string[]): Promise<void> => {
  for (const userId of userIds) await (await stage.connect()).login(appId, 'lobby', userId);
};
const act = (path: string, body: object, key: string, token = moderator) =>
  stage.admin('POST', path, { body, token, headers: { 'idempotency-key': key } });
const usersOf = (people: readonly { readonly userId: string }[]) => people.map(({ userId }) => userId).toSorted();
const present = async () => usersOf((await stage.admin('GET', `${LOBBY}/people`)).body.people);

test('a key gives the first answer again, for one call and caller only (IDEM-1)', async () => {
  await enter('anna', 'bob');
  const body = { allBut: { userIds: ['bob'] }, reason: 'spam' };
  const answers = await Promise.all([1, 2].map(() => act(`${LOBBY}/kick`, body, 'k1')));
  await enter('carl');
  answers.push(await act(`${LOBBY}/kick`, body, 'k1'));
  for (const answer of answers) {
    expect(answer.status).toBe(200);
    expect(usersOf(answer.body.people)).toEqual(['anna']);
  }
  expect(await present()).toEqual(['bob', 'carl']);
  expect(await act(`${LOBBY}/kick`, { ...body, reason: 'other' }, 'k1')).toMatchObject({
    status: 409,
    body: { error: { code: 'conflict' } },
  });
  const other = await stage.tokenOf('moderator', [appId]);
  expect(usersOf((await act(`${LOBBY}/kick`, body, 'k1', other)).body.people)).toEqual(['carl']);
});

test('a kick with its ban, a ban and its end are answered as before, also when they would be refused now, and after a restart (IDEM-1)', async () => {
  await enter('anna', 'bob');
  const kick = { userIds: ['anna'], reason: 'spam', ban: { of: 'user', in: 'app', seconds: 60 } };
  const ban = { addresses: '127.0.0.1', seconds: 60, reason: 'raid', removesPresent: true };
  const calls: (() => ReturnType<typeof act>)[] = [
    () => act(`${LOBBY}/kick`, kick, 'kick'),
    () => act(BANS, ban, 'ban'),
  ];
  const first: Awaited<ReturnType<typeof act>>[] = [];
  for (const call of calls) first.push(await call());
  const lift = () => act(`${BANS}/${first[1]?.body.ban.id}/lift`, { reason: 'sorry' }, 'lift');
  calls.push(lift);
  first.push(await lift());
  expect(first.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(usersOf(first[1]?.body.covered)).toEqual(['bob']);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const repeat = async () => {
    const again: typeof first = [];
    for (const call of calls) again.push(await call());
    return again.map(({ body }) => body);
  };
  const answers = first.map(({ body }) => body);
  expect(await repeat()).toEqual(answers);
  await stage.close();
  stage = await startAdminStage({ dataDir: folder });
  expect(await repeat()).toEqual(answers);
  expect((await stage.admin('GET', `${BANS}?state=all`)).body.bans).toHaveLength(2);
});

test('a ban, a kick with its ban and the end of a ban with one key at the same time are done once and answered alike (IDEM-1, CLUS-1)', async () => {
  for (let round = 0; round < 5; round += 1) {
    await enter(`anna-${round}`, `bob-${round}`, 'host');
    const atOnce = async (path: string, body: object, key: string) => {
      const answers = await Promise.all([1, 2, 3, 4].map(() => act(path, body, `${key}-${round}`)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      for (const { body: other } of answers) expect(other).toEqual(answers[0]?.body);
      return answers[0]?.body;
    };
    const ban = { of: 'user', in: 'room', seconds: 60 };
    const kick = await atOnce(`${LOBBY}/kick`, { userIds: [`anna-${round}`], reason: 'spam', ban }, 'kick');
    expect([usersOf(kick.people), kick.bans.length]).toEqual([[`anna-${round}`], 1]);
    const rest = await atOnce(`${LOBBY}/kick`, { allBut: { userIds: ['host'] }, reason: 'spam', ban }, 'rest');
    expect([usersOf(rest.people), rest.bans.length]).toEqual([[`bob-${round}`], 1]);
    const set = await atOnce(BANS, { userId: `carl-${round}`, seconds: 60, reason: 'raid' }, 'ban');
    await atOnce(`${BANS}/${set.ban.id}/lift`, { reason: 'sorry' }, 'lift');
    expect((await stage.admin('GET', `${BANS}?state=all`)).body.bans).toHaveLength(3 * (round + 1));
  }
});

test('what a repeat is answered from is stored in one entry with what the call changes (IDEM-1, BUS-6)', async () => {
  await enter('anna', 'bob');
  const entries: NumberedRows[] = [];
  for (const { prototype } of [FileJournal, TableJournal]) {
    const append = prototype.append;
    vi.spyOn(prototype, 'append').mockImplementation(function (this: never, rows: NumberedRows) {
      entries.push(rows);
      return append.call(this, rows);
    });
  }
  await act(`${LOBBY}/kick`, { userIds: ['anna'], reason: 'spam' }, 'kick');
  const set = await act(BANS, { userId: 'anna', reason: 'spam' }, 'ban');
  await act(`${BANS}/${set.body.ban.id}/lift`, { reason: 'sorry' }, 'lift');
  const withReply = entries.filter(({ replies = [] }) => replies.length > 0);
  expect(withReply.map(({ audit = [], rules = [] }) => [audit[0]?.action, rules.length])).toEqual([
    ['kick', 0],
    ['setRules', 1],
    ['liftRules', 1],
  ]);
  expect(entries.filter(({ audit = [] }) => audit.length > 0)).toHaveLength(3);
});

test.each(['', 'a b', 'x'.repeat(201)])('the key %j is refused', async (text) => {
  await enter('anna');
  expect((await act(`${LOBBY}/close`, { reason: 'x' }, text)).status).toBe(400);
});
