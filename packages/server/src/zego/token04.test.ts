import { createDecipheriv } from 'node:crypto';
import { GavelError } from '@gavel/protocol';
import { describe, expect, test } from 'vitest';
import { createToken04, openToken04, sealToken04, type Token04Variant } from './token04.ts';

// Reference zego 5.6.
const SECRET = '0123456789abcdef0123456789abcdef';
const TEXT =
  '{"app_id":1234567890,"user_id":"alice","nonce":12345678,"ctime":1700000000,"expire":1700003600,"payload":""}';
const CBC =
  '04AAAAAGVT/xAAEGFiY2RlZmdoaWowMTIzNDUAcI/rGNjnWnzy4fWLZ5xeTH6c0FC7t+Gv1y3RHxzKL0CnhZu+U+0y8NtGmeAGJIVrEHhesnb83Pek6UF9VRcvqoWUkS0Yohqr/nNvHYJoviwDkgkSZDN9LO0uA2yq+RmhHNGGkRnIFlgvAZNPhRqXV3o=';
const GCM =
  '04AAAAAGVT/xAADAECAwQFBgcICQoLDAB8dcpwXlCjlNMhqwv/sD7EUbPeOYSTp3VHelaoYTNMhGllgiD/l8ZRRrEQliUwp23Mz750lDNZGWdgBHK3ikbeflqHWpP+EytMeRoR86cfAI0Dp6AkgNWvOu/tZpyAsfavhuKDRsgxflXUKDiOvwJgkKAmgMqKKDh9JTgxCAE=';
const CLAIMS = { appId: 1234567890, userId: 'alice', expiresAt: 1700003600, payload: '' };
const VARIANTS: readonly Token04Variant[] = ['gcm', 'cbc'];

const bytesOf = (token: string) => Buffer.from(token.slice(2), 'base64');
const tokenOf = (bytes: Uint8Array) => `04${Buffer.from(bytes).toString('base64')}`;

function isRefused(token: string, secret = SECRET): boolean {
  try {
    openToken04(token, secret);
    return false;
  } catch (error) {
    return error instanceof GavelError && error.code === 'login.bad-credential';
  }
}

describe('vectors', () => {
  test('both variants of the reference open (AUTH-1)', () => {
    expect(openToken04(CBC, SECRET)).toEqual(CLAIMS);
    expect(openToken04(GCM, SECRET)).toEqual(CLAIMS);
  });

  test('both variants of the reference are what is made with their IVs (AUTH-1)', () => {
    expect(sealToken04(TEXT, SECRET, 1700003600, 'cbc', Buffer.from('abcdefghij012345'))).toBe(CBC);
    expect(sealToken04(TEXT, SECRET, 1700003600, 'gcm', Buffer.from('0102030405060708090a0b0c', 'hex'))).toBe(GCM);
  });

  test('the CBC variant may end in its mode byte 0, and in nothing else', () => {
    expect(openToken04(tokenOf(Buffer.concat([bytesOf(CBC), Buffer.from([0])])), SECRET)).toEqual(CLAIMS);
    expect(isRefused(tokenOf(Buffer.concat([bytesOf(CBC), Buffer.from([1])])))).toBe(true);
    expect(isRefused(tokenOf(Buffer.concat([bytesOf(CBC), Buffer.from([0, 0])])))).toBe(true);
  });
});

describe.each(VARIANTS)('made tokens, %s', (variant) => {
  const options = {
    appId: 7,
    userId: '爱丽丝',
    secret: SECRET,
    lifetimeSeconds: 60,
    nowMs: 1_700_000_000_999,
    variant,
  };

  test('open again', () => {
    const payload = '{"room_id":"r"}';
    expect(openToken04(createToken04({ ...options, payload }), SECRET)).toEqual({
      appId: 7,
      userId: '爱丽丝',
      expiresAt: 1_700_000_060,
      payload,
    });
  });

  test('are never the same twice', () => {
    expect(createToken04(options)).not.toBe(createToken04(options));
  });

  test('do not open with another secret', () => {
    expect(isRefused(createToken04(options), 'f'.repeat(32))).toBe(true);
  });
});

describe('the text of a token', () => {
  test('has the fields of reference zego 5.2', () => {
    const token = createToken04({
      appId: 7,
      userId: 'u',
      secret: SECRET,
      lifetimeSeconds: 60,
      variant: 'cbc',
      nowMs: 5000,
    });
    const bytes = bytesOf(token);
    const cipher = createDecipheriv('aes-256-cbc', Buffer.from(SECRET), bytes.subarray(10, 26));
    const text = cipher.update(bytes.subarray(28)).toString() + cipher.final().toString();
    expect(JSON.parse(text)).toEqual({
      app_id: 7,
      user_id: 'u',
      nonce: expect.any(Number),
      ctime: 5,
      expire: 65,
      payload: '',
    });
    expect(bytes.readBigInt64BE(0)).toBe(65n);
  });
});

describe('forged and broken tokens', () => {
  test('every flipped bit of a GCM token past its expiry header is refused (AUTH-1)', () => {
    const bytes = bytesOf(GCM);
    for (let at = 8; at < bytes.length; at += 1) {
      const forged = Buffer.from(bytes);
      forged[at] = (forged[at] ?? 0) ^ 0x10;
      expect(isRefused(tokenOf(forged)), `byte ${at}`).toBe(true);
    }
  });

  test('the expiry in front is only a hint: the encrypted one counts', () => {
    const forged = bytesOf(GCM);
    forged.writeBigInt64BE(9_999_999_999n, 0);
    expect(openToken04(tokenOf(forged), SECRET).expiresAt).toBe(1700003600);
  });

  test('every shortened token is refused', () => {
    for (const token of [CBC, GCM]) {
      const bytes = bytesOf(token);
      for (let length = 0; length < bytes.length; length += 1) {
        expect(isRefused(tokenOf(bytes.subarray(0, length))), `${length} bytes`).toBe(true);
      }
    }
  });

  test.each(['', '04', '03AAAA', '04****', '04AAAA====', ` ${GCM}`, `${GCM}#kit`])('"%s" is refused', (token) => {
    expect(isRefused(token)).toBe(true);
  });

  test.each([
    '[]',
    'null',
    '{}',
    '{"app_id":"1","user_id":"u","expire":1}',
    '{"app_id":1,"user_id":2,"expire":1}',
    'x',
  ])('a token whose text is %s is refused', (text) => {
    expect(isRefused(sealToken04(text, SECRET, 1, 'gcm', Buffer.alloc(12)))).toBe(true);
  });
});

test.each([
  { appId: 0 },
  { appId: 1.5 },
  { appId: 2 ** 32 },
  { userId: '' },
  { userId: 'x'.repeat(65) },
  { secret: 'short' },
  { lifetimeSeconds: 0 },
])('a token is not made with %j', (changes) => {
  const options = { appId: 1, userId: 'u', secret: SECRET, lifetimeSeconds: 1 };
  expect(() => createToken04({ ...options, ...changes })).toThrow(RangeError);
});
