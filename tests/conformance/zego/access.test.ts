/** Access to the Server API: the checks of every call before its Action is read (ACC; reference zego 1). */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@gavel/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Harness, type Params, start } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await start();
});
afterAll(() => harness.close());

const DESCRIBE = { Action: 'DescribeUserNum', RoomId: ['r'] } as const;
const codeWith = async (changes: Params) => (await harness.get(harness.sign({ ...DESCRIBE, ...changes }))).Code;
const secondsFromNow = (seconds: number) => String(Math.floor(harness.clock.now() / 1000) + seconds);

describe('answers', () => {
  test('are HTTP 200, JSON, open to any origin, and have Code, Message, RequestId (ACC-5)', async () => {
    for (const path of [harness.sign(DESCRIBE), '/?Action=', '/?Action=Nope&AppId=x']) {
      const response = await fetch(harness.baseUrl + path, { headers: { origin: 'https://example.org' } });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toMatch(/^application\/json/);
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(await response.json()).toMatchObject({
        Code: expect.any(Number),
        Message: expect.any(String),
        RequestId: expect.stringMatching(/^\d{1,19}$/),
      });
    }
  });

  test('say success on 0, and a sentence otherwise', async () => {
    expect(await harness.call('DescribeUserNum', { RoomId: ['r'] })).toMatchObject({ Code: 0, Message: 'success' });
    expect((await harness.call('DescribeUserNum')).Message).toBe('RoomId[] is missing or empty.');
  });

  test('have no Data where the Action has none', async () => {
    expect(await harness.call('KickoutUser', { RoomId: 'r', UserId: ['a'] })).not.toHaveProperty('Data');
  });

  test('have a RequestId each, never the same twice (ACC-5)', async () => {
    harness.nextSecond();
    const answers = await Promise.all(Array.from({ length: 50 }, () => harness.get(harness.sign(DESCRIBE))));
    expect(new Set(answers.map(({ RequestId }) => RequestId)).size).toBe(50);
  });

  test('a preflight is answered (ACC-5)', async () => {
    const response = await fetch(`${harness.baseUrl}/?Action=X`, { method: 'OPTIONS' });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-methods')).toBe('GET, POST');
  });

  test('HEAD is not served: it would act and hide the answer', async () => {
    await harness.join('head', 'a');
    const path = harness.sign({ Action: 'KickoutUser', RoomId: 'head', UserId: ['a'] });
    expect((await fetch(harness.baseUrl + path, { method: 'HEAD' })).status).toBe(404);
    expect(await harness.usersOf('head')).toEqual(['a']);
  });
});

describe('checks', () => {
  test.each<[string, Params, number]>([
    ['no Action', { Action: undefined }, 100000006],
    ['an empty Action', { Action: '' }, 100000006],
    ['no AppId', { AppId: undefined }, 100000001],
    ['an AppId that is no number', { AppId: '12x' }, 100000001],
    ['an AppId above 32 bits', { AppId: '4294967296' }, 100000001],
    ['no SignatureVersion', { SignatureVersion: undefined }, 100000013],
    ['SignatureVersion 1.0', { SignatureVersion: '1.0' }, 100000014],
    ['no SignatureNonce', { SignatureNonce: undefined }, 100000008],
    ['no Timestamp', { Timestamp: undefined }, 100000002],
    ['a Timestamp that is no number', { Timestamp: '16e8' }, 100000003],
    ['no Signature', { Signature: undefined }, 100000009],
    ['an unknown AppId', { AppId: '5' }, 100000010],
    ['a wrong Signature', { Signature: '43e5cfcca828314675f91b001390566a' }, 100000005],
    ['an unknown Action', { Action: 'KickOutUser' }, 100000007],
    ['an Action in lower case: names are case-sensitive', { Action: 'describeusernum' }, 100000007],
    ['an Action of a built-in name', { Action: 'constructor' }, 100000007],
  ])('%s (ACC-2)', async (_case, changes, code) => {
    expect(await codeWith(changes)).toBe(code);
  });

  test('a Timestamp is good for 600 s either way, and not one more (ACC-2)', async () => {
    harness.nextSecond();
    const codes = await Promise.all(
      [-601, -600, 600, 601].map((seconds) => codeWith({ Timestamp: secondsFromNow(seconds) })),
    );
    expect(codes).toEqual([100000004, 0, 0, 100000004]);
  });

  test('an upper-case Signature is wrong (ACC-3)', async () => {
    const path = harness.sign(DESCRIBE);
    const upper = path.replace(/(?<=Signature=)[0-9a-f]{32}/, (text) => text.toUpperCase());
    expect(upper).not.toBe(path);
    expect((await harness.get(upper)).Code).toBe(100000005);
  });

  test('the signature is checked before the Action is, and that before the parameters (ACC-2)', async () => {
    const wrong = { Signature: '0'.repeat(32), RoomId: undefined };
    expect(await codeWith({ Action: 'Nope', ...wrong })).toBe(100000005);
    expect(await codeWith({ Action: 'Nope', RoomId: undefined })).toBe(100000007);
  });

  test('the order of the parameters in the query is free, any nonce will do', async () => {
    harness.nextSecond();
    const [path = '', query = ''] = harness.sign({ ...DESCRIBE, SignatureNonce: '15215528852396' }).split('?');
    expect((await harness.get(`${path}?${query.split('&').reverse().join('&')}`)).Code).toBe(0);
  });

  test('public parameters in a body do not count (ACC-1)', async () => {
    const [, query = ''] = harness.sign(DESCRIBE).split('?');
    const body = JSON.stringify(Object.fromEntries(new URLSearchParams(query)));
    const response = await fetch(`${harness.baseUrl}/?Action=DescribeUserNum`, { method: 'POST', body });
    expect(await response.json()).toMatchObject({ Code: 100000001 });
  });
});

describe('scopes', () => {
  test("an App's secret opens no room of another App, whatever the room id (ACC-6)", async () => {
    await harness.join('mine', 'a');
    await harness.join('mine', 'b', { app: harness.otherApp });
    expect(await harness.codeOf('KickoutUser', { RoomId: 'mine', UserId: ['a'] }, harness.otherApp)).toBe(50002);
    expect(await harness.codeOf('CloseRoom', { RoomId: 'mine' }, harness.otherApp)).toBe(0);
    expect(await harness.usersOf('mine')).toEqual(['a']);
    expect(await harness.usersOf('mine', { app: harness.otherApp })).toBeUndefined();
  });

  test("another App's id with the own secret is a wrong signature (ACC-6)", async () => {
    expect(await codeWith({ AppId: String(harness.otherApp.appId) })).toBe(100000005);
  });

  test('IsTest chooses the environment, whose rooms are others', async () => {
    await harness.join('both', 'live');
    await harness.join('both', 'tester', { environment: 'test' });
    harness.nextSecond();
    expect(await harness.codeOf('KickoutUser', { RoomId: 'both', UserId: ['tester'] })).toBe(50002);
    expect(await harness.codeOf('KickoutUser', { RoomId: 'both', UserId: ['live'], IsTest: 'True' })).toBe(50002);
    expect(await harness.codeOf('KickoutUser', { RoomId: 'both', UserId: ['tester'], IsTest: 'true' })).toBe(0);
    expect(await harness.usersOf('both')).toEqual(['live']);
  });
});

describe('replays', () => {
  const kick = (user: string) => ({ Action: 'KickoutUser', RoomId: 'once', UserId: [user] }) as const;
  let strict: Harness;
  beforeAll(async () => {
    strict = await start({ app: { rejectReplays: true } });
  });
  afterAll(() => strict.close());

  test('are admitted by default: the vendor does not promise otherwise (ACC-7)', async () => {
    await harness.join('once', 'a');
    const path = harness.sign(kick('a'));
    expect((await harness.get(path)).Code).toBe(0);
    expect((await harness.get(path)).Code).toBe(50001);
  });

  test('of a changing Action are refused with 100000005 where the App asks for it (ACC-7)', async () => {
    for (const user of ['a', 'b']) await strict.join('once', user);
    const path = strict.sign(kick('a'));
    expect((await strict.get(path)).Code).toBe(0);
    expect((await strict.get(path)).Code).toBe(100000005);
    // Only the nonce counts, not the whole request: a replay cannot change the user to kick.
    expect((await strict.get(path.replace('UserId%5B%5D=a', 'UserId%5B%5D=b'))).Code).toBe(100000005);
    expect(await strict.usersOf('once')).toEqual(['b']);
  });

  test('of a reading Action are admitted (ACC-7)', async () => {
    const path = strict.sign(DESCRIBE);
    expect([(await strict.get(path)).Code, (await strict.get(path)).Code]).toEqual([0, 0]);
  });

  test('a call that was refused before it did anything has not used its nonce (ACC-7)', async () => {
    const path = strict.sign(kick('b'));
    expect((await strict.get(`${path}&CustomReason=${'x'.repeat(257)}`)).Code).toBe(50012);
    expect((await strict.get(path)).Code).toBe(0);
  });

  test('a replay is refused after a restart too, until its signature has expired (ACC-7)', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'gavel-replays-'));
    const clock = new FakeClock();
    const restart = () => start({ dataDir, clock, app: { rejectReplays: true } });
    try {
      const before = await restart();
      await before.join('once', 'a');
      const path = before.sign(kick('a'));
      expect((await before.get(path)).Code).toBe(0);
      await before.close();
      clock.advance(600_000);
      const after = await restart();
      await after.join('once', 'a');
      expect((await after.get(path)).Code).toBe(100000005);
      expect(await after.usersOf('once')).toEqual(['a']);
      clock.advance(1000);
      expect((await after.get(path)).Code).toBe(100000004);
      await after.close();
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });

  test('a nonce is stored before its call is done; where that fails nothing is done (ACC-7)', async () => {
    await strict.join('once', 'd');
    vi.spyOn(strict.nonces, 'add').mockRejectedValueOnce(new Error('disk full'));
    const path = strict.sign(kick('d'));
    expect((await strict.get(path)).Code).toBe(100000015);
    expect(await strict.usersOf('once')).toContain('d');
    expect((await strict.get(path)).Code).toBe(0);
  });

  test('two at the same moment: one goes ahead (ACC-7)', async () => {
    await strict.join('once', 'c');
    const path = strict.sign(kick('c'));
    const answers = await Promise.all([strict.get(path), strict.get(path)]);
    expect(answers.map(({ Code }) => Code).sort((a, b) => a - b)).toEqual([0, 100000005]);
  });
});
