/**
 * Gavel, with its SDK in pages of Chromium.
 *
 * @module
 */

import { TEST_APP } from '@gavel/testkit';
import { UdpRelay } from '@gavel/testkit/udp-relay';
import type { Page } from 'playwright-core';
import manifest from '../../packages/server/package.json' with { type: 'json' };
import { OWN_NAME } from '../harness/row.ts';
import {
  type BrowserServerKind,
  findBrowserObstacle,
  openBrowser,
  type RunningBrowserServer,
  STREAM,
} from './browser-server.ts';
import { startGavelProcess, tokenOf } from './gavel.ts';

/** Gavel. */
export const gavelBrowser: BrowserServerKind = {
  name: OWN_NAME,
  findObstacle: findBrowserObstacle,
  start: startGavelBrowser,
};

async function startGavelBrowser(): Promise<RunningBrowserServer> {
  const [stage, { port, pids, stop }] = await Promise.all([openBrowser(), startGavelProcess()]);
  // Chromium does not accept answers of a server that has several addresses and announces the one of the loopback interface.
  const open = new UdpRelay();
  let users = 0;
  const join = async (room: number, relay = open): Promise<Page> => {
    users += 1;
    const userId = `user-${users}`;
    const page = await stage.through(relay).open();
    await page.evaluate(
      async ({ appId, server, room, userId, token }) => {
        const user = new e2e.ZegoUser(appId, server);
        e2e.users.zego = user;
        await user.join(room, userId, token);
      },
      {
        appId: TEST_APP.appId,
        server: `http://127.0.0.1:${port}`,
        room: `room-${room}`,
        userId,
        token: tokenOf(userId),
      },
    );
    return page;
  };
  return {
    version: manifest.version,
    pids,
    async publish(room, source) {
      const page = await join(room);
      await page.evaluate(([id, source]) => e2e.zego().publishSource(id, source), [
        `${STREAM}-${room}`,
        source,
      ] as const);
      return page;
    },
    play: join,
    async stop() {
      await Promise.all([stage.close(), stop(), open.close()]);
    },
  };
}
