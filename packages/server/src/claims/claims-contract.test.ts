/**
 * What every implementation of claims promises, as one suite that is run on each.
 *
 * @module
 */

import type { AppId, MemberId, RoomId, StreamId, UserId } from '@gavel/protocol';
import { MemoryNetwork } from '@gavel/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { ClusterClaims } from '../cluster/cluster-claims.ts';
import { ClusterPeers } from '../cluster/peers.ts';
import type { Claims } from './claims.ts';
import type { LoginHolder } from './login-claims.ts';
import { MemoryClaims } from './memory-claims.ts';

const SCOPE = { appId: 1 as AppId, environment: 'production' } as const;
const ANN = 'ann' as UserId;
const holder = (id: string): LoginHolder => ({
  roomId: `room-${id}` as RoomId,
  memberId: id as MemberId,
  clientId: `client-${id}`,
});

/** Claims of a node that is one of three. */
function openOfCluster(): Claims {
  const network = new MemoryNetwork({ seed: 1, maxMs: 0 });
  const [claims] = ['a', 'b', 'c'].map((id) => {
    const peers = new ClusterPeers(network.join(id));
    const ofNode = new ClusterClaims({ peers });
    peers.start();
    return ofNode;
  });
  if (!claims) throw new Error('a cluster has at least one node');
  return claims;
}

const IMPLEMENTATIONS: readonly (readonly [string, () => Claims])[] = [
  ['memory', () => new MemoryClaims()],
  ['a cluster', openOfCluster],
];

describe.each(IMPLEMENTATIONS)('claims of logins in %s', (_name, open: () => Claims) => {
  let claims: Claims['logins'];
  beforeEach(() => {
    claims = open().logins;
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

describe.each(IMPLEMENTATIONS)('claims of stream ids in %s', (_name, open: () => Claims) => {
  let claims: Claims['streams'];
  beforeEach(() => {
    claims = open().streams;
  });
  const claim = async (roomId: string, streamId: string, scope: object = SCOPE, maxPerApp = 0) =>
    claims.claim({ ...SCOPE, ...scope }, streamId as StreamId, roomId as RoomId, maxPerApp);
  const release = async (roomId: string, streamId: string) =>
    claims.release(SCOPE, streamId as StreamId, roomId as RoomId);

  it('give an id to one room of an environment, of two at once the first one, and to it again (STRM-6)', async () => {
    expect(await Promise.all([claim('a', 's'), claim('b', 's'), claim('a', 's')])).toEqual([
      'granted',
      'taken',
      'granted',
    ]);
    expect(await claim('b', 's', { environment: 'test' })).toBe('granted');
    expect(await claim('b', 's', { appId: 11 })).toBe('granted');
  });

  it('end when their room releases them, and not by another one', async () => {
    await claim('a', 's');
    await release('b', 's');
    expect(await claim('b', 's')).toBe('taken');
    await release('a', 's');
    await release('a', 's');
    expect(await claim('b', 's')).toBe('granted');
  });

  it('are counted by App, over both environments (LIM-7)', async () => {
    expect(await claim('a', 's1', SCOPE, 2)).toBe('granted');
    expect(await claim('a', 's1', SCOPE, 2)).toBe('granted');
    expect(await claim('b', 's2', { environment: 'test' }, 2)).toBe('granted');
    expect(await claim('b', 's3', SCOPE, 2)).toBe('too-many');
    expect(await claim('a', 's1', SCOPE, 2)).toBe('granted');
    expect(await claim('b', 's3', { appId: 11 }, 2)).toBe('granted');
    await release('a', 's1');
    expect(await claim('b', 's3', SCOPE, 2)).toBe('granted');
  });
});

describe.each(IMPLEMENTATIONS)('claims of plays in %s', (_name, open: () => Claims) => {
  let claims: Claims['plays'];
  beforeEach(() => {
    claims = open().plays;
  });
  const claim = async (playIds: readonly string[], scope: object = SCOPE, ending: readonly string[] = []) =>
    claims.claim({ ...SCOPE, ...scope }, { playIds, ending }, 2);

  it('are counted by App, over both environments, each play once (LIM-7)', async () => {
    expect(await claim(['p1', 'p1'])).toEqual([true, true]);
    expect(await claim(['p2', 'p3'], { environment: 'test' })).toEqual([true, false]);
    expect(await claim(['p1', 'p4'])).toEqual([true, false]);
    expect(await claim(['p3'], { appId: 11 })).toEqual([true]);
  });

  it('end when they are released; what ends with an offer makes room in it', async () => {
    await claim(['p1', 'p2']);
    expect(await claim(['p3'], SCOPE, ['p1', 'unknown'])).toEqual([true]);
    await claims.release(SCOPE, ['p1', 'unknown']);
    expect(await claim(['p4'])).toEqual([false]);
    await claims.release(SCOPE, ['p2', 'p3']);
    expect(await claim(['p4', 'p5', 'p6'])).toEqual([true, true, false]);
  });
});

describe.each(IMPLEMENTATIONS)('claims of rooms in %s', (_name, open: () => Claims) => {
  it('give a limited number of places in an environment, each room one, until it releases it (TEST-2)', async () => {
    const claims = open().rooms;
    const claim = async (roomId: string, scope: object = SCOPE) =>
      claims.claim({ ...SCOPE, ...scope }, roomId as RoomId, 2);
    expect(await Promise.all(['a', 'b', 'a', 'c'].map((roomId) => claim(roomId)))).toEqual([
      'granted',
      'granted',
      'granted',
      'too-many',
    ]);
    expect(await claim('c', { environment: 'test' })).toBe('granted');
    await claims.release(SCOPE, 'c' as RoomId);
    expect(await claim('c')).toBe('too-many');
    await claims.release(SCOPE, 'a' as RoomId);
    expect(await claim('c')).toBe('granted');
  });
});
