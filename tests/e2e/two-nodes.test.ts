/**
 * Two nodes in one process, each with a media engine of its own: a browser at each, calls at both.
 */

import { signedPath } from '@gavel/server';
import { startTestServer, type TestServer } from '@gavel/testkit';
import { CHROMIUM } from '@gavel/testkit/chromium';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { countAfter, expectSilence } from './counting.ts';
import { openStage, type Stage, ZegoTab } from './harness.ts';

const ROOM = 'lobby';

describe.skipIf(CHROMIUM === '')('two browsers at two nodes', () => {
  let stage: Stage;
  let gavel: TestServer;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage?.close());
  beforeEach(async () => {
    gavel = await startTestServer({
      media: 'real',
      mediaSettings: { workers: 1 },
      nodes: { size: 2, joinedBy: 'memory', seed: 1, maxMs: 2 },
    });
  });
  afterEach(async () => {
    for (const context of stage.browser.contexts()) await context.close();
    await gavel.close();
  });

  async function call(node: number, action: string, params: Record<string, string>): Promise<void> {
    const response = await fetch(`${gavel.nodeUrls[node]}${signedPath(gavel.app, action, params, Date.now())}`);
    expect(await response.json()).toMatchObject({ Code: 0, Message: 'success' });
  }

  // One of the nodes owns the room and its media.
  test.each([0, 1])(
    'see each other, and a kick and a close by calls at node %i end their media (CLUS-1, BUS-4, KICK-4, CLOSE-2)',
    async (node) => {
      const [first = '', second = ''] = gavel.nodeUrls;
      const { a, b } = await ZegoTab.openPair(stage, [first, second], gavel.app.appId, ROOM);
      const kicked = await countAfter(gavel, () => call(node, 'KickoutUser', { RoomId: ROOM, 'UserId[]': 'bob' }));
      expectSilence(kicked, { publishers: 1, players: 0 });
      await b.callback('roomStateChanged', 'KICKOUT');
      expect(await b.tracks()).toEqual(['audio:ended', 'video:ended']);
      await a.callback('roomUserUpdate', 'DELETE', 'bob');
      const closed = await countAfter(gavel, () => call(node, 'CloseRoom', { RoomId: ROOM }));
      expectSilence(closed, { publishers: 0, players: 0 });
      await a.callback('roomStateChanged', 'KICKOUT');
      expect(await a.tracks()).toEqual(['audio:ended', 'video:ended']);
    },
  );
});
