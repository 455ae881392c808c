/**
 * The examples, built and started as their pages say, against a server that demands tokens where the example makes them.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { SessionState } from '@gavel/client';
import { nodePlatform, RoomSession, randomId } from '@gavel/client/node';
import { startTestServer, TEST_API_TOKEN, type TestServer } from '@gavel/testkit';
import { CHROMIUM, launchChromium } from '@gavel/testkit/chromium';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { root, runQuiet } from '../../scripts/lib.ts';
import { serveFolder } from './harness.ts';

/** Packages as `npm install` in an example would link them. */
const LINKED: Readonly<Record<string, string>> = {
  '@gavel/client': 'packages/client',
  '@cloudflare/realtimekit-ui': 'node_modules/@cloudflare/realtimekit-ui',
};

async function run(...args: readonly string[]): Promise<void> {
  const { status, output } = await runQuiet(process.execPath, args);
  if (status !== 0) throw new Error(`${args.join(' ')} failed:\n${output}`);
}

/** Copies an example and links its packages; returns its folder. */
function prepare(work: string, name: string): string {
  const folder = join(work, name);
  cpSync(join(root, 'examples', name), folder, { recursive: true });
  for (const [packageName, path] of Object.entries(LINKED)) {
    const link = join(folder, 'node_modules', packageName);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, path), link);
  }
  return folder;
}

/** Checks an example's types and builds its pages. */
async function build(folder: string): Promise<void> {
  await run(join(root, 'node_modules/typescript/bin/tsc'), '--project', folder);
  await run(join(root, 'node_modules/vite/bin/vite.js'), 'build', folder, '--logLevel', 'error');
}

describe.skipIf(CHROMIUM === '')('examples', () => {
  const work = mkdtempSync(join(tmpdir(), 'gavel-examples-'));
  const processes: ChildProcess[] = [];
  let browser: Browser;
  let gavel: TestServer;

  beforeAll(async () => {
    browser = await launchChromium();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(work, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    for (const child of processes.splice(0)) {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    await gavel.close();
  });

  /** Starts a program of an example; resolves with its first line. */
  async function start(path: string): Promise<string> {
    const { app, baseUrl } = gavel;
    const child = spawn(process.execPath, [path], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PORT: '0',
        GAVEL_URL: baseUrl,
        GAVEL_APP_ID: String(app.appId),
        GAVEL_SERVER_SECRET: app.serverSecret,
        GAVEL_ACCOUNT_ID: app.accountId,
        GAVEL_RTK_APP_ID: app.rtkAppId,
        GAVEL_API_TOKEN: TEST_API_TOKEN,
      },
    });
    processes.push(child);
    const [line] = await once(createInterface({ input: child.stdout }), 'line', {
      signal: AbortSignal.timeout(20_000),
    });
    return String(line);
  }

  async function open(url: string): Promise<Page> {
    const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
    const page = await context.newPage();
    await page.goto(url);
    return page;
  }

  const stateOf = (page: Page, text: string): Promise<unknown> =>
    page.waitForFunction((text) => document.querySelector('#state')?.textContent?.includes(text), text);

  /** Waits until that many videos of the page show frames that follow each other. */
  const showsVideos = (page: Page, count: number): Promise<unknown> =>
    page.waitForFunction(
      (count) =>
        [...document.querySelectorAll('video')].filter(
          (video) => video.videoWidth > 0 && video.getVideoPlaybackQuality().totalVideoFrames > 5,
        ).length === count,
      count,
    );

  test('zego: two people see each other with tokens of the backend, and one kicks the other', async () => {
    gavel = await startTestServer({ media: 'real', app: { allowNoToken: false } });
    const folder = prepare(work, 'zego');
    await build(folder);
    const url = (await start(join(folder, 'backend.mjs'))).replace('Open ', '');
    const enter = async (user: string): Promise<Page> => {
      const page = await open(url);
      await page.getByLabel('Your user id').fill(user);
      await page.getByRole('button', { name: 'Join' }).click();
      return page;
    };
    const ann = await enter('ann');
    await showsVideos(ann, 1);
    const bob = await enter('bob');
    await Promise.all([showsVideos(ann, 2), showsVideos(bob, 2)]);
    await ann.getByRole('button', { name: 'Kick bob' }).click();
    await stateOf(bob, 'Removed: The host has removed you.');
    await showsVideos(ann, 1);
  }, 90_000);

  test('realtimekit: two people see each other, the host removes the other, and a third joins with the UI kit', async () => {
    gavel = await startTestServer({ media: 'real' });
    const folder = prepare(work, 'realtimekit');
    await build(folder);
    const url = (await start(join(folder, 'backend.mjs'))).replace('Open ', '');
    const ann = await open(url);
    await ann.getByLabel('Your name').fill('Ann');
    await ann.getByLabel('As host').check();
    await ann.getByRole('button', { name: 'Join' }).click();
    const bob = await open(url);
    await bob.getByLabel('Your name').fill('Bob');
    await bob.getByRole('button', { name: 'Join' }).click();
    await Promise.all([showsVideos(ann, 2), showsVideos(bob, 2)]);
    await ann.getByRole('button', { name: 'Remove Bob' }).click();
    await stateOf(bob, 'The host has removed you.');

    const kit = await open(`${url}ui-kit.html?name=Cid`);
    const setup = kit.locator('rtk-setup-screen');
    expect(await setup.getByRole('textbox').inputValue()).toBe('Cid');
    await setup.locator('rtk-button', { hasText: 'Join' }).click();
    await kit.locator('rtk-participant-tile', { hasText: 'Cid' }).first().waitFor();
    await ann.getByRole('button', { name: 'Remove Cid' }).waitFor();
    await showsVideos(ann, 2);
  }, 90_000);

  test('plain page: two people see each other with the modules of the server', async () => {
    gavel = await startTestServer({ media: 'real' });
    const site = await serveFolder(join(root, 'examples/plain-page'));
    try {
      const url = (user: string): string =>
        `${site.url}/index.html?${new URLSearchParams({ server: gavel.baseUrl, app: String(gavel.app.appId), user })}`;
      const ann = await open(url('ann'));
      const bob = await open(url('bob'));
      await Promise.all([showsVideos(ann, 2), showsVideos(bob, 2)]);
    } finally {
      site.close();
    }
  });

  test('bot: whoever writes a forbidden word is kicked with the reason', async () => {
    gavel = await startTestServer();
    await start(join(prepare(work, 'bot'), 'bot.mjs'));
    const { app, baseUrl } = gavel;
    const credential = { scheme: 'app-token', appId: app.appId, token: '' } as const;
    const cid = new RoomSession({
      server: baseUrl,
      login: { credential, clientId: randomId(), roomId: 'lobby', userId: 'cid' },
      platform: nodePlatform(),
    });
    const ended = new Promise<SessionState>((resolve) => {
      cid.on('stateChanged', (state) => state.name === 'ended' && resolve(state));
    });
    await cid.login();
    await cid.send('broadcast', 'Buy my SPAM');
    const end = { kind: 'removed', cause: 'kicked', reason: 'The word "spam" is not welcome here.' };
    expect(await ended).toMatchObject({ name: 'ended', end });
  });
});
