/**
 * What every implementation of the claims of logins promises, as one suite that is run on each.
 *
 * @module
 */

import type { AppId, MemberId, RoomId, UserId } from '@gavel/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LoginClaims, LoginHolder } from './login-claims.ts';
import { MemoryLoginClaims } from './memory-login-claims.ts';

const SCOPE = { appId: 1 as AppId, environment: 'production' } as const;
const ANN = 'ann' as UserId;
const holder = (id: string): LoginHolder => ({
  roomId: `room-${id}` as RoomId,
  memberId: id as MemberId,
  clientId: `client-${id}`,
});

describe.each([['memory', () => new MemoryLoginClaims()]] as const)('claims of logins in %s', (_name, open) => {
  let claims: LoginClaims;
  beforeEach(() => {
    claims = open();
  });
  const claim = async (id: string, userId = ANN, scope: typeof SCOPE | object = SCOPE) =>
    (await claims.claim({ ...SCOPE, ...scope }, userId, holder(id))).map(({ memberId }) => memberId);

  it('are answered with the earlier ones of the user, in their order, so that one of two is the later (KICK-13)', async () => {
    expect(await Promise.all(['a', 'b', 'c'].map((id) => claim(id)))).toEqual([[], ['a'], ['a', 'b']]);
    expect(await claims.claim(SCOPE, ANN, holder('d'))).toEqual([holder('a'), holder('b'), holder('c')]);
  });

  it('end when they are released, and not with those of others', async () => {
    await claim('a');
    await claim('b');
    await claims.release(SCOPE, ANN, 'a' as MemberId);
    await claims.release(SCOPE, ANN, 'unknown' as MemberId);
    expect(await claim('c')).toEqual(['b']);
  });

  it('are made once: a repeated one is answered as the first one, and is the latest then', async () => {
    await claim('a');
    await claim('b');
    expect(await claim('a')).toEqual(['b']);
    expect(await claim('c')).toEqual(['b', 'a']);
  });

  it('are apart by App, environment and user', async () => {
    await claim('a');
    expect(await claim('b', 'ben' as UserId)).toEqual([]);
    expect(await claim('c', ANN, { environment: 'test' })).toEqual([]);
    expect(await claim('d', ANN, { appId: 11 })).toEqual([]);
  });
});
