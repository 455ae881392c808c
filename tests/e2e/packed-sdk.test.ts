/**
 * The client as others get it: the packed tarball in an empty project outside the workspace, and the modules under `/sdk/`.
 */

import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTestServer, TEST_API_TOKEN, type TestServer } from '@gavel/testkit';
import { CHROMIUM, launchChromium } from '@gavel/testkit/chromium';
import Cloudflare from 'cloudflare';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest';
import { packSdk } from '../../scripts/check-sdk.ts';
import { root, runQuiet } from '../../scripts/lib.ts';
import { type StaticSite, serveFolder } from './harness.ts';

const REASON = 'Please be kind 🙏';

/** Installs the tarball into a copy of the project, checks its types and builds it; gives the folder of the built pages. */
async function buildProject(project: string): Promise<string> {
  cpSync(fileURLToPath(new URL('./packed', import.meta.url)), project, { recursive: true });
  const tarball = await packSdk(project);
  // The package depends on nothing, so that this needs no registry.
  const steps: readonly (readonly [string, ...string[]])[] = [
    ['npm', 'install', '--prefix', project, '--offline', '--no-audit', '--no-fund', tarball],
    [process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '--project', project],
    [process.execPath, join(root, 'node_modules/vite/bin/vite.js'), 'build', project, '--config', configOf(project)],
  ];
  for (const [command, ...args] of steps) {
    const { status, output } = await runQuiet(command, args);
    if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${output}`);
  }
  return join(project, 'dist');
}

/** Vite builds one page unless it is told of more. */
function configOf(project: string): string {
  const path = join(project, 'vite.config.mjs');
  const input = ['zego.html', 'liveroom.html', 'realtimekit.html', 'plain.html'].map((page) => join(project, page));
  writeFileSync(
    path,
    `export default ${JSON.stringify({ build: { target: 'es2022', rolldownOptions: { input } } })};\n`,
  );
  return path;
}

describe.skipIf(CHROMIUM === '')('the packed client in a project of its own', () => {
  const project = mkdtempSync(join(tmpdir(), 'gavel-sdk-user-'));
  let site: StaticSite;
  let browser: Browser;
  let gavel: TestServer;

  beforeAll(async () => {
    site = await serveFolder(await buildProject(project));
    browser = await launchChromium();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    site?.close();
    rmSync(project, { recursive: true, force: true });
  });
  beforeEach(async () => {
    gavel = await startTestServer({ media: 'real' });
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await gavel.close();
  });

  async function open(path: string, query: Record<string, string>): Promise<Page> {
    const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
    const page = await context.newPage();
    const params = new URLSearchParams({ server: gavel.baseUrl, app: String(gavel.app.appId), ...query });
    await page.goto(`${site.url}/${path}?${params}`);
    return page;
  }

  /** Waits until a video of the page shows frames that follow each other. */
  async function shows(page: Page, id: string): Promise<void> {
    await page.waitForFunction((id) => {
      const video = document.getElementById(id);
      return (
        video instanceof HTMLVideoElement &&
        video.videoWidth > 0 &&
        video.getVideoPlaybackQuality().totalVideoFrames > 5
      );
    }, id);
  }

  const stateOf = (page: Page, text: string): Promise<unknown> =>
    page.waitForFunction((text) => document.querySelector('#state')?.textContent?.includes(text), text);

  test('two pages of the ZEGO surface see each other and the messages in the frames, and a kicked one hears why (SDK-1)', async () => {
    const [ann, bob] = await Promise.all([open('zego.html', { user: 'ann' }), open('zego.html', { user: 'bob' })]);
    await Promise.all([shows(ann, 'bob-camera'), shows(bob, 'ann-camera')]);
    await Promise.all([stateOf(ann, 'hello from bob'), stateOf(bob, 'hello from ann')]);
    await gavel.call('KickoutUser', { RoomId: 'lobby', 'UserId[]': ['bob'], CustomReason: REASON });
    await stateOf(bob, `KICKOUT 1002055 ${JSON.stringify({ custom_kickout_message: REASON })}`);
    await ann.waitForFunction(() => document.getElementById('bob-camera') === null);
  });

  test('a page of the LiveRoom surface lists streams, and hears why it is kicked (SDK-1)', async () => {
    const ann = await open('liveroom.html', { user: 'ann' });
    await stateOf(ann, 'streams');
    await open('zego.html', { user: 'bob' });
    await stateOf(ann, '2001 bob-camera');
    await gavel.call('KickoutUser', { RoomId: 'lobby', 'UserId[]': ['ann'], CustomReason: REASON });
    await stateOf(ann, `kicked 16777220 lobby ${REASON}`);
  });

  test('two pages of the RealtimeKit surface see each other, and one kicks the other (SDK-1)', async () => {
    const api = new Cloudflare({ apiToken: TEST_API_TOKEN, baseURL: `${gavel.baseUrl}/client/v4`, maxRetries: 0 });
    const account = { account_id: gavel.app.accountId };
    const { meetings } = api.realtimeKit;
    const meeting = (await meetings.create(gavel.app.rtkAppId, { ...account, title: 'Stand-up' })).data;
    const join = async (name: string, preset_name: string): Promise<Page> => {
      const facts = { ...account, app_id: gavel.app.rtkAppId, name, preset_name, custom_participant_id: name };
      const { data } = await meetings.addParticipant(meeting?.id ?? '', facts);
      return open('realtimekit.html', { token: data?.token ?? '' });
    };
    const ann = await join('Ann', 'group_call_host');
    const bob = await join('Bob', 'group_call_participant');
    await Promise.all([shows(ann, 'Bob'), shows(bob, 'Ann')]);
    await ann.getByRole('button', { name: 'Kick Bob' }).click();
    await stateOf(bob, 'left: kicked');
  });

  test('a plain page of another origin imports the module from the server, and is kicked with the reason (SDK-1)', async () => {
    const page = await open('plain.html', {});
    const content = `
      import { ZegoExpressEngine } from '${gavel.baseUrl}/sdk/zego.js';
      const engine = new ZegoExpressEngine(${gavel.app.appId}, '${gavel.baseUrl}');
      const state = document.querySelector('#state');
      engine.on('roomStateChanged', (room, reason, code) => { state.textContent = reason + ' ' + code; });
      // Loaded from the server too, at its first use.
      await engine.createZegoStream({ autoCapture: false });
      await engine.loginRoom('lobby', '', { userID: 'bob' });`;
    await page.addScriptTag({ type: 'module', content });
    await stateOf(page, 'LOGINED');
    await gavel.call('KickoutUser', { RoomId: 'lobby', 'UserId[]': ['bob'], CustomReason: REASON });
    await stateOf(page, 'KICKOUT 1002055');
  });
});
