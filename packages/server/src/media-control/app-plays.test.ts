import { GavelError, type MemberId, type PublishId } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { beforeEach, expect, test } from 'vitest';
import type { PlayClaims } from '../claims/claims.ts';
import { MemoryClaims } from '../claims/memory-claims.ts';
import { KEY } from '../rooms/testing.ts';
import { AppPlays, type PlayName } from './app-plays.ts';

const UNAVAILABLE = new GavelError('server.node-unavailable');
const play = (publishId: string): PlayName => ({
  ...{ key: KEY, memberId: 'ann' as MemberId },
  publishId: publishId as PublishId,
});

let memory: MemoryClaims['plays'];
let clock: FakeClock;
/** Whether the node that counts cannot be reached. */
let isGone: boolean;
let plays: AppPlays;
beforeEach(() => {
  memory = new MemoryClaims().plays;
  clock = new FakeClock();
  isGone = false;
  const claims: PlayClaims = {
    async claim(...claim) {
      if (isGone) throw UNAVAILABLE;
      return memory.claim(...claim);
    },
    async release(...release) {
      if (isGone) throw UNAVAILABLE;
      memory.release(...release);
    },
  };
  plays = new AppPlays({ claims, maxPlaysPerApp: 2, clock });
});

const settle = () => new Promise((resolve) => setImmediate(resolve));
const held = () => plays.heldOf(KEY.appId).map(({ playId }) => playId);
/** Whether another node gets one more place. */
const hasRoom = () => {
  const [isGranted] = memory.claim(KEY, { playIds: ['probe'], ending: [] }, 2, 'elsewhere');
  memory.release(KEY, ['probe'], 'elsewhere');
  return isGranted;
};

test('a place is held from the claim on, also before it is answered, until its play ends (CLUS-8)', async () => {
  const claimed = plays.claim([play('a'), play('b'), play('c')], []);
  expect(held()).toEqual(['ann a', 'ann b', 'ann c']);
  await claimed;
  expect(held()).toEqual(['ann a', 'ann b']);
  expect(() => plays.require(play('c'))).toThrow(expect.objectContaining({ code: 'stream.too-many' }));
  expect(hasRoom()).toBe(false);
  plays.release(play('a'));
  plays.release(play('c'));
  await settle();
  expect([held(), hasRoom()]).toEqual([['ann b'], true]);
});

test('a claim that fails leaves no place, but for those of plays that are open (CLUS-8)', async () => {
  await plays.claim([play('a')], []);
  isGone = true;
  await expect(plays.claim([play('a'), play('b')], [])).rejects.toBe(UNAVAILABLE);
  expect(held()).toEqual(['ann a']);
});

test('a place that could not be given up is given up later, unless its play has begun again (CLUS-8)', async () => {
  await plays.claim([play('a'), play('b')], []);
  isGone = true;
  plays.release(play('a'));
  plays.release(play('b'));
  await settle();
  isGone = false;
  await plays.claim([play('b')], []);
  clock.advance(1000);
  await settle();
  expect([held(), hasRoom()]).toEqual([['ann b'], true]);
  await plays.claim([play('a')], []);
  expect(hasRoom()).toBe(false);
});
