/**
 * Two browsers at two nodes, in a room whose third node is killed: for how long they see nothing of each other. It runs where
 * `GAVEL_CHAOS` is `full`.
 */

import { RawClient, TEST_APP } from '@gavel/testkit';
import { CHROMIUM } from '@gavel/testkit/chromium';
import { NATS_SERVER } from '@gavel/testkit/nats-server';
import { POSTGRES } from '@gavel/testkit/postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestCluster } from '../cluster/test-cluster.ts';
import { pause } from './counting.ts';
import { openStage, type Stage, until, ZegoTab } from './harness.ts';

const ROOM = 'lobby';
/** The promise is 5 s on a machine that has nothing else to do. */
const MAX_DARK_MS = 15_000;
const isWanted = CHROMIUM !== '' && NATS_SERVER !== '' && POSTGRES !== '' && process.env.GAVEL_CHAOS === 'full';

describe.skipIf(!isWanted)('two browsers whose room loses its owner', () => {
  let stage: Stage;
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await TestCluster.start({ a: {}, b: {}, c: {} });
    stage = await openStage();
  }, 300_000);
  afterAll(async () => {
    await stage?.close();
    await cluster?.close();
  }, 60_000);

  test('keep their connections, and see each other again within seconds; a kick ends it (CLUS-3, CLUS-4)', async () => {
    const owner = await RawClient.open(cluster.urlOf('a'));
    await owner.login(TEST_APP.appId, ROOM, 'owner');
    const { a, b } = await ZegoTab.openPair(stage, [cluster.urlOf('b'), cluster.urlOf('c')], TEST_APP.appId, ROOM);
    await Promise.all([a.longestGapMs('bob-cam'), b.longestGapMs('alice-cam')]);
    await cluster.kill('a');
    // Until then the owner's lease may last, and nothing has begun again.
    await pause(3000);
    for (const tab of [a, b]) {
      // A new connection counts from 0.
      const isShown = async (): Promise<boolean> => {
        const { framesDecoded } = await tab.totals();
        await pause(500);
        return (await tab.totals()).framesDecoded > framesDecoded;
      };
      await until(isShown, 'frames after the takeover', 30_000);
    }
    const darkMs = await Promise.all([a.longestGapMs('bob-cam'), b.longestGapMs('alice-cam')]);
    console.log(`dark after kill -9 of the owner: ${darkMs.map((ms) => `${Math.round(ms)} ms`).join(' and ')}`);
    expect(Math.max(...darkMs)).toBeLessThan(MAX_DARK_MS);
    for (const tab of [a, b]) {
      const states = (await tab.callbacks('roomStateChanged')).map(([, , state]) => state);
      expect(states).toEqual(['LOGINING', 'LOGINED']);
    }
    const { Code } = await cluster.call('b', 'KickoutUser', { RoomId: ROOM, 'UserId[]': 'bob' });
    expect(Code).toBe(0);
    await b.callback('roomStateChanged', 'KICKOUT');
    expect(await b.tracks()).toEqual(['audio:ended', 'video:ended']);
  });
});
