import { fileURLToPath } from 'node:url';
import { startTestServer, type TestServer } from '@gavel/testkit';
import { CHROMIUM, launchChromium } from '@gavel/testkit/chromium';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const REASON = 'spam 垃圾 🙂';

let browser: Browser;
let context: BrowserContext;
let gavel: TestServer;
/** What any page complained of. */
let complaints: string[];

function watch(page: Page): Page {
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  return page;
}

async function openTab(query: string, viewport = { width: 1280, height: 800 }): Promise<Page> {
  const page = watch(await context.newPage());
  await page.setViewportSize(viewport);
  await page.goto(`${gavel.baseUrl}/${query}`);
  return page;
}

const seesVideo = (page: Page, userId: string) =>
  page.waitForFunction(
    (testId) => {
      const tile = document.querySelector<HTMLElement>(`[data-testid="${testId}"]`);
      return tile?.dataset.play === 'playing' && (tile.querySelector('video')?.videoWidth ?? 0) > 0;
    },
    `tile-${userId}`,
    { timeout: 15_000 },
  );

/** Ann with a camera, and Bob in a tab that joined by itself with a test picture. */
async function openPair(): Promise<{ ann: Page; bob: Page }> {
  const ann = await openTab('?room=lobby&user=ann&name=Ann&source=camera');
  await ann.getByTestId('join-button').click();
  const bob = await openTab('?room=lobby&user=bob&name=Bob&source=test&autojoin=1');
  await Promise.all([seesVideo(ann, 'bob'), seesVideo(bob, 'ann')]);
  return { ann, bob };
}

const answerCode = (page: Page) => page.getByTestId('answer').first().getAttribute('data-code');
const logged = (page: Page, name: string) => page.locator(`[data-testid=log-line][data-name=${name}]`).allInnerTexts();

describe.skipIf(CHROMIUM === '')('the playground page', () => {
  beforeAll(async () => {
    await build({ root: fileURLToPath(new URL('..', import.meta.url)), logLevel: 'error' });
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    complaints = [];
    gavel = await startTestServer({ media: 'real' });
    context = await browser.newContext({ permissions: ['camera', 'microphone'] });
  });
  afterEach(async () => {
    await context.close();
    await gavel.close();
    expect(complaints).toEqual([]);
  });

  test('puts a user out with the request that it showed, and the user reads why (KICK-5, KICK-6, KICK-11)', async () => {
    const { ann, bob } = await openPair();
    await ann.getByTestId('curl-toggle-kick-bob').click();
    const curl = ann.getByTestId('curl-kick-bob');
    await curl.filter({ hasText: 'Action=KickoutUser' }).waitFor();
    const path = /^curl '(.*)'$/.exec(await curl.innerText())?.[1]?.replace(gavel.baseUrl, '');
    const [request] = await Promise.all([
      ann.waitForRequest((sent) => sent.url().includes('KickoutUser')),
      ann.getByTestId('kick-bob').click(),
    ]);
    expect(request.url()).toBe(`${gavel.baseUrl}${path}`);

    await bob.locator('[data-testid=banner][data-ending=removed]').waitFor();
    expect(await bob.getByTestId('banner-reason').innerText()).toBe(REASON);
    expect((await logged(bob, 'roomStateChanged')).at(-1)).toContain('"KICKOUT", 1002055');
    await ann.getByTestId('tile-bob').waitFor({ state: 'detached' });
    expect(await answerCode(ann)).toBe('0');
    expect((await logged(ann, 'roomUserUpdate')).at(-1)).toContain('"DELETE"');

    await bob.getByTestId('rejoin-button').click();
    await Promise.all([seesVideo(ann, 'bob'), seesVideo(bob, 'ann')]);
  });

  test('deletes a stream; its owner stays, and publishes again (STRM-1, STRM-2)', async () => {
    const { ann, bob } = await openPair();
    await ann.getByTestId('delete-bob-main').click();
    await bob.getByTestId('stream-removed').waitFor();
    await ann.locator('[data-testid=tile-bob][data-play=none]').waitFor();
    await bob.getByTestId('publish-again-button').click();
    await seesVideo(ann, 'bob');
    expect(await bob.getByTestId('stream-removed').count()).toBe(0);
  });

  test('closes the room for everyone, and opens a new one (CLOSE-2, CLOSE-5)', async () => {
    const { ann, bob } = await openPair();
    await ann.getByTestId('close-room').click();
    await ann.locator('[data-testid=banner][data-ending=closed]').waitFor();
    await bob.locator('[data-testid=banner][data-ending=removed]').waitFor();
    expect(await bob.getByTestId('banner-reason').innerText()).toBe(REASON);
    await Promise.all([ann, bob].map((page) => page.getByTestId('rejoin-button').click()));
    await Promise.all([seesVideo(ann, 'bob'), seesVideo(bob, 'ann')]);
  });

  test('shows mute states and chat, and who has gone with a closed tab', async () => {
    const { ann, bob } = await openPair();
    await bob.getByTestId('mic-button').click();
    await bob.getByTestId('camera-button').click();
    await ann.getByTestId('tile-bob').getByText('Camera off').waitFor();
    await ann.getByTestId('tile-bob').getByText('muted').waitFor();
    await bob.getByTestId('chat-input').fill('<b>你好</b> 👋');
    await bob.getByTestId('chat-send').click();
    expect(await ann.getByTestId('chat-line').innerText()).toContain('<b>你好</b> 👋');
    await bob.close({ runBeforeUnload: true });
    await ann.getByTestId('tile-bob').waitFor({ state: 'detached' });
  });

  test('opens a second tab as somebody else, and says when the same user came back elsewhere', async () => {
    const ann = await openTab('?room=lobby&user=ann&source=test&autojoin=1');
    const [second] = await Promise.all([context.waitForEvent('page'), ann.getByTestId('second-tab').click()]);
    watch(second);
    await seesVideo(second, 'ann');
    await openTab('?room=lobby&user=ann&source=none&autojoin=1');
    await ann.locator('[data-testid=banner][data-ending=replaced]').waitFor();
  });

  test('fits a phone, and shows one part at a time', async () => {
    const page = await openTab('?room=lobby&user=ann&source=test&autojoin=1', { width: 390, height: 844 });
    await page.locator('[data-testid=tile-ann][data-play=playing]').waitFor();
    for (const part of ['moderation', 'chat', 'log', 'stage']) {
      await page.getByTestId(`view-${part}`).click();
      expect(await page.getByTestId(part).isVisible()).toBe(true);
      expect(await page.getByTestId(part === 'log' ? 'chat' : 'log').isVisible()).toBe(false);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    }
  });

  test('asks for App id and token in production, and says why a login was refused', async () => {
    await gavel.close();
    gavel = await startTestServer({ mode: 'production', app: { allowNoToken: false } });
    const page = await openTab('?room=lobby&user=ann&source=test&autojoin=1');
    await page.getByTestId('app-id-input').fill(String(gavel.app.appId));
    await page.getByTestId('token-input').fill('04nonsense');
    await page.getByTestId('join-button').click();
    await page.getByTestId('join-error').filter({ hasText: 'token' }).waitFor();
  });
});
