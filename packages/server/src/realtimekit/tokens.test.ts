import { FakeClock } from '@gavel/testkit/fake-clock';
import { base64url, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { ParticipantTokens, TOKEN_LIFETIME_S } from './tokens.ts';

const subject = { orgId: 'app', meetingId: 'meeting', participantId: 'participant', presetId: 'preset' };
let store: Store;
let clock: FakeClock;
let tokens: ParticipantTokens;

beforeEach(async () => {
  store = await openSqliteStore(':memory:');
  clock = new FakeClock();
  tokens = new ParticipantTokens({ store, clock });
});
afterEach(() => store.close());

const reencode = (token: string, change: (payload: Record<string, unknown>) => object): string => {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const claims = JSON.parse(new TextDecoder().decode(base64url.decode(payload)));
  return [header, base64url.encode(JSON.stringify(change(claims))), signature].join('.');
};

describe("a participant's token", () => {
  it('gives back whom it is for, and when it runs out (AUTH-2)', async () => {
    const verified = await tokens.verify(await tokens.sign(subject));
    expect(verified).toEqual({ ...subject, expiresAtMs: clock.now() + TOKEN_LIFETIME_S * 1000 });
  });

  it('is told apart from one made in the same second', async () => {
    expect(await tokens.sign(subject)).not.toBe(await tokens.sign(subject));
  });

  it('is good until its last second, and expired after it (AUTH-2)', async () => {
    const token = await tokens.sign(subject);
    clock.advance(TOKEN_LIFETIME_S * 1000 - 1);
    await tokens.verify(token);
    clock.advance(1);
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'login.token-expired' });
  });

  it('is verified by a server that has the same store, and by no other (AUTH-2)', async () => {
    const token = await tokens.sign(subject);
    await new ParticipantTokens({ store, clock }).verify(token);
    const other = await openSqliteStore(':memory:');
    const foreign = new ParticipantTokens({ store: other, clock });
    await expect(foreign.verify(token)).rejects.toMatchObject({ code: 'login.bad-credential' });
    await other.close();
  });

  it('is refused when anything of it was changed (AUTH-2)', async () => {
    const token = await tokens.sign(subject);
    const forged = [
      reencode(token, (claims) => ({ ...claims, participantId: 'other' })),
      reencode(token, (claims) => ({ ...claims, exp: Number(claims.exp) + 1 })),
      `${token.slice(0, -6)}AAAAAA`,
      token.slice(0, token.lastIndexOf('.') + 1),
      `${token}.${token}`,
      '',
      'x',
      '..',
    ];
    for (const text of forged) {
      await expect(tokens.verify(text)).rejects.toMatchObject({ code: 'login.bad-credential' });
    }
  });

  it('is refused when it has no signature, or one by another algorithm or key (AUTH-2)', async () => {
    await tokens.sign(subject);
    const key = await store.signingKeys.find('participant-token');
    expect(key).toBeDefined();
    const publicKeyAsSecret = new TextEncoder().encode(key?.publicKey);
    const { privateKey } = await generateKeyPair('RS256');
    const forged = [
      new UnsecuredJWT({ ...subject }).setExpirationTime('1h').encode(),
      await new SignJWT({ ...subject })
        .setProtectedHeader({ alg: 'HS256' })
        .setExpirationTime('1h')
        .sign(publicKeyAsSecret),
      await new SignJWT({ ...subject }).setProtectedHeader({ alg: 'RS256' }).setExpirationTime('1h').sign(privateKey),
    ];
    for (const text of forged) {
      await expect(tokens.verify(text)).rejects.toMatchObject({ code: 'login.bad-credential' });
    }
  });

  it('is refused when a claim is missing, however well it is signed (AUTH-2)', async () => {
    const { presetId: _presetId, ...incomplete } = subject;
    const token = await tokens.sign(incomplete as typeof subject);
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'login.bad-credential' });
  });
});
