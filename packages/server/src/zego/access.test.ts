import type { AppId } from '@gavel/protocol';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { App, Apps } from '../apps/app.ts';
import type { NonceRepository, UsedNonce } from '../store/nonces.ts';
import { requireAccess, signatureOf } from './access.ts';
import { type Body, NO_BODY, parseBody } from './body.ts';
import { Refusal } from './codes.ts';
import { Query } from './query.ts';
import { Replays } from './replays.ts';

const NOW_S = 1_615_186_943;
const SECRET = '9193cc662a4c0ec135ec71fb57194b38';
const known = { appId: 12345 as AppId, serverSecret: SECRET } as App;
const apps = { find: (appId: number) => (appId === 12345 ? known : undefined) } as Apps;

const GOOD: Readonly<Record<string, string>> = {
  Action: 'KickoutUser',
  AppId: '12345',
  SignatureVersion: '2.0',
  SignatureNonce: '4fd24687296dd9f3',
  Timestamp: String(NOW_S),
  Signature: '43e5cfcca828314675f91b001390566a',
};

function signed(changes: Readonly<Record<string, string>>): Record<string, string> {
  const params: Record<string, string> = { ...GOOD, ...changes };
  const { AppId = '', SignatureNonce = '', Timestamp = '' } = params;
  return { ...params, Signature: signatureOf(AppId, SignatureNonce, SECRET, Timestamp) };
}

const access = (params: Record<string, string>) =>
  requireAccess(new Query(`/?${new URLSearchParams(params)}`), apps, NOW_S * 1000);

function codeOf(act: () => unknown): number {
  try {
    act();
  } catch (error) {
    if (error instanceof Refusal) return error.returnCode.code;
    throw error;
  }
  return 0;
}

describe('signatures', () => {
  test("the vendor's example comes out as the vendor says (ACC-3)", () => {
    expect(signatureOf('12345', '4fd24687296dd9f3', SECRET, '1615186943')).toBe(GOOD.Signature);
    expect(access(GOOD)).toMatchObject({ app: known, action: 'KickoutUser', environment: 'production' });
  });

  test('the exact text of the query is signed: leading zeros are part of it (ACC-3)', () => {
    expect(codeOf(() => access(signed({ AppId: '0000012345' })))).toBe(0);
    expect(codeOf(() => access({ ...GOOD, AppId: '0000012345' }))).toBe(100000005);
    expect(codeOf(() => access(signed({ SignatureNonce: '踢 +%' })))).toBe(0);
  });

  test('only the whole Signature is right, also after a right one (ACC-3)', () => {
    const right = GOOD.Signature ?? '';
    const [first = ''] = right;
    const wrong = [
      right.slice(0, -1),
      `${right}0`,
      ` ${right.slice(1)}`,
      // Characters whose low bytes are right, and texts whose first bytes are.
      String.fromCharCode(first.charCodeAt(0) + 0x100) + right.slice(1),
      `${right.slice(0, -1)}é`,
      'é'.repeat(16),
      'é'.repeat(32),
    ];
    for (const Signature of wrong) {
      expect(codeOf(() => access(GOOD))).toBe(0);
      expect(codeOf(() => access({ ...GOOD, Signature }))).toBe(100000005);
    }
  });

  test('IsTest chooses the environment, in any case; other texts are production', () => {
    const environments = ['true', 'TRUE', 'false', '1', ''].map(
      (text) => access({ ...GOOD, IsTest: text }).environment,
    );
    expect(environments).toEqual(['test', 'test', 'production', 'production', 'production']);
  });
});

describe('hints', () => {
  const messageOf = (act: () => unknown): string => {
    try {
      act();
    } catch (error) {
      if (error instanceof Refusal) return error.message;
    }
    return '';
  };

  test('a Timestamp in milliseconds is refused as before, and the message says what is wrong', () => {
    const inMilliseconds = () => access(signed({ Timestamp: String(NOW_S * 1000 + 123) }));
    expect(codeOf(inMilliseconds)).toBe(100000004);
    expect(messageOf(inMilliseconds)).toContain('milliseconds; send seconds');
    expect(messageOf(() => access(signed({ Timestamp: String(NOW_S - 601) })))).not.toContain('milliseconds');
  });

  test.each([
    ['JSON', JSON.stringify(GOOD)],
    ['a form', String(new URLSearchParams(GOOD))],
  ])(
    'a public parameter in a body of %s is refused as missing, and the message says where it belongs',
    (_name, text) => {
      const body = parseBody(Buffer.from(text));
      for (const name of ['Action', 'AppId', 'SignatureVersion', 'SignatureNonce', 'Timestamp', 'Signature']) {
        const { [name]: _left, ...rest } = GOOD;
        const call = (sent: Body) => () =>
          requireAccess(new Query(`/?${new URLSearchParams(rest)}`), apps, NOW_S * 1000, sent);
        expect(codeOf(call(body))).toBe(codeOf(call(NO_BODY)));
        expect(messageOf(call(body))).toContain(`${name} is in the body; public parameters belong in the query`);
        expect(messageOf(call(NO_BODY))).not.toContain('body');
      }
    },
  );
});

describe('checks', () => {
  test.each<[string, Record<string, string>, number]>([
    ['no Action', { Action: '' }, 100000006],
    ['no AppId', { AppId: '' }, 100000001],
    ['an AppId of letters', { AppId: 'abc' }, 100000001],
    ['a negative AppId', { AppId: '-1' }, 100000001],
    ['an AppId above 32 bits', { AppId: '4294967296' }, 100000001],
    ['the largest AppId, unknown', { AppId: '4294967295' }, 100000010],
    ['AppId 0, unknown', { AppId: '0' }, 100000010],
    ['no SignatureVersion', { SignatureVersion: '' }, 100000013],
    ['SignatureVersion 2', { SignatureVersion: '2' }, 100000014],
    ['no SignatureNonce', { SignatureNonce: '' }, 100000008],
    ['no Timestamp', { Timestamp: '' }, 100000002],
    ['a Timestamp with a fraction', { Timestamp: '1615186943.5' }, 100000003],
    ['a Timestamp of letters', { Timestamp: 'now' }, 100000003],
    ['a Timestamp in milliseconds', { Timestamp: '1615186943000' }, 100000004],
    ['a Timestamp below 0', { Timestamp: '-1' }, 100000004],
    ['a Timestamp 600 s old', { Timestamp: String(NOW_S - 600) }, 0],
    ['a Timestamp 601 s old', { Timestamp: String(NOW_S - 601) }, 100000004],
    ['a Timestamp 600 s ahead', { Timestamp: String(NOW_S + 600) }, 0],
    ['a Timestamp 601 s ahead', { Timestamp: String(NOW_S + 601) }, 100000004],
  ])('%s (ACC-2)', (_case, changes, code) => {
    expect(codeOf(() => access(signed(changes)))).toBe(code);
  });

  test('no Signature, a wrong one, one of other length, one in upper case (ACC-3)', () => {
    const upper = (GOOD.Signature ?? '').toUpperCase();
    const codes = ['', '0'.repeat(32), 'short', '踢'.repeat(16), upper].map((Signature) =>
      codeOf(() => access({ ...GOOD, Signature })),
    );
    expect(codes).toEqual([100000009, 100000005, 100000005, 100000005, 100000005]);
  });

  test('the order is that of ACC-2: mended one after the other, each fault shows in its turn', () => {
    const broken: Record<string, string> = {
      Action: '',
      AppId: 'x',
      SignatureVersion: '',
      SignatureNonce: '',
      Timestamp: '',
      Signature: '',
    };
    const codes: number[] = [];
    const mend = (name: string, text: string) => {
      codes.push(codeOf(() => access(broken)));
      broken[name] = text;
    };
    mend('Action', 'Nope');
    mend('AppId', '999');
    mend('SignatureVersion', '1.0');
    mend('SignatureVersion', '2.0');
    mend('SignatureNonce', 'n');
    mend('Timestamp', 'x');
    mend('Timestamp', '1');
    mend('Signature', 'x');
    mend('AppId', '12345');
    mend('Timestamp', String(NOW_S));
    codes.push(codeOf(() => access(broken)));
    const order = [6, 1, 13, 14, 8, 2, 3, 9, 10, 4, 5];
    expect(codes).toEqual(order.map((last) => 100000000 + last));
  });

  test('a public parameter given twice with different texts is as wrong as any other wrong value', () => {
    const query = (more: string) => new Query(`/?${new URLSearchParams(GOOD)}&${more}`);
    const codes = [
      'AppId=1',
      'Timestamp=1',
      'SignatureVersion=1',
      'SignatureNonce=x',
      'Signature=x',
      'AppId=12345',
    ].map((more) => codeOf(() => requireAccess(query(more), apps, NOW_S * 1000)));
    expect(codes).toEqual([100000001, 100000003, 100000014, 100000005, 100000005, 0]);
  });
});

describe('replays', () => {
  const use = (nonce: string, timestamp = NOW_S, appId = 1) => ({ app: { appId: appId as AppId }, nonce, timestamp });

  const stored: UsedNonce[] = [];
  const nonces: NonceRepository = {
    add: async (nonce) => void stored.push(nonce),
    load: async () => [...stored],
  };
  const open = (maxPerApp?: number) =>
    Replays.open({ nonces, ...(maxPerApp !== undefined && { maxPerApp }) }, NOW_S * 1000);
  beforeEach(() => stored.splice(0));

  test('a nonce is good once while its signature lives, for each App (ACC-7)', async () => {
    const replays = await open();
    expect(codeOf(() => replays.check(use('a'), NOW_S * 1000))).toBe(0);
    replays.reserve(use('a'));
    expect(codeOf(() => replays.check(use('a'), NOW_S * 1000))).toBe(100000005);
    expect(codeOf(() => replays.check(use('a', NOW_S + 5), NOW_S * 1000))).toBe(100000005);
    expect(codeOf(() => replays.check(use('b'), NOW_S * 1000))).toBe(0);
    expect(codeOf(() => replays.check(use('a', NOW_S, 2), NOW_S * 1000))).toBe(0);
  });

  test('a nonce is kept until its signature has expired, and not for long after', async () => {
    const replays = await open();
    replays.reserve(use('a', NOW_S + 600));
    expect(codeOf(() => replays.check(use('a'), (NOW_S + 1200) * 1000))).toBe(100000005);
    expect(codeOf(() => replays.check(use('a'), (NOW_S + 1261) * 1000))).toBe(0);
  });

  test('memory is bounded: a full App is refused with 206 until nonces expire, others are not (ACC-7)', async () => {
    const replays = await open(3);
    for (const nonce of ['a', 'b', 'c']) replays.reserve(use(nonce));
    expect(codeOf(() => replays.check(use('d'), NOW_S * 1000))).toBe(206);
    expect(codeOf(() => replays.check(use('a'), NOW_S * 1000))).toBe(100000005);
    expect(codeOf(() => replays.check(use('d', NOW_S, 2), NOW_S * 1000))).toBe(0);
    expect(codeOf(() => replays.check(use('d'), (NOW_S + 661) * 1000))).toBe(0);
  });

  test('a nonce that was stored is refused after a restart too, while its signature is valid (ACC-7)', async () => {
    const before = await open();
    before.reserve(use('a'));
    await before.store(use('a'), NOW_S * 1000);
    const after = await open();
    expect(codeOf(() => after.check(use('a'), (NOW_S + 600) * 1000))).toBe(100000005);
    expect(codeOf(() => after.check(use('b'), NOW_S * 1000))).toBe(0);
    expect(codeOf(() => after.check(use('a'), (NOW_S + 661) * 1000))).toBe(0);
  });

  test('a nonce that could not be stored is free again: its call was not done', async () => {
    const replays = await open(1);
    vi.spyOn(nonces, 'add').mockRejectedValueOnce(new Error('disk full'));
    replays.reserve(use('a'));
    await expect(replays.store(use('a'), NOW_S * 1000)).rejects.toThrow('disk full');
    expect(codeOf(() => replays.check(use('a'), NOW_S * 1000))).toBe(0);
  });
});
