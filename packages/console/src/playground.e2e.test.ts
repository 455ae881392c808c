import { type RawClient, startTestServer, type TestServer } from '@gavel/testkit';
import { CHROMIUM, launchChromium } from '@gavel/testkit/chromium';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DESKTOP, findAccessibilityFaults, openPage, PHONE, waitForVideo as seesVideo } from './testing/page-e2e.ts';

const REASON = 'spam 垃圾 🙂';

let browser: Browser;
let context: BrowserContext;
/** The server of all tests but those that stop theirs. */
let gavel: TestServer;
/** What any page complained of since the test before. */
const complaints: string[] = [];

const openTab = (query: string, viewport = DESKTOP, server = gavel): Promise<Page> =>
  openPage(context, `${server.baseUrl}/${query}`, complaints, viewport);

async function openContext(): Promise<void> {
  context = await browser.newContext({ permissions: ['camera', 'microphone'] });
}

/** Closes the pages, and the room that their users have left behind. */
async function closeAll(): Promise<void> {
  await context.close();
  await gavel.call('CloseRoom', { RoomId: 'lobby' });
}

const answerCode = (page: Page) => page.getByTestId('answer').first().getAttribute('data-code');
const logged = (page: Page, name: string) => page.locator(`[data-testid=log-line][data-name=${name}]`).allInnerTexts();

describe.skipIf(CHROMIUM === '')('the playground page', () => {
  beforeAll(async () => {
    browser = await launchChromium();
    gavel = await startTestServer({ media: 'real' });
  });
  afterAll(async () => {
    await browser?.close();
    await gavel?.close();
  });
  afterEach(() => expect(complaints.splice(0)).toEqual([]));

  describe('of two users who see each other', () => {
    let ann: Page;
    let bob: Page;

    /** Ann with a camera, and Bob in a tab that joined by itself with a test picture. Each test leaves both in the room. */
    beforeAll(async () => {
      await openContext();
      ann = await openTab('?room=lobby&user=ann&name=Ann&source=camera');
      await ann.getByTestId('join-button').click();
      bob = await openTab('?room=lobby&user=bob&name=Bob&source=test&autojoin=1');
      await Promise.all([seesVideo(ann, 'bob'), seesVideo(bob, 'ann')]);
    });
    afterAll(() => closeAll());

    test('puts a user out with the request that it showed, and the user reads why (KICK-5, KICK-6, KICK-11)', async () => {
      await ann.getByTestId('reason-input').fill(REASON);
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
      await ann.getByTestId('delete-bob-main').click();
      await bob.getByTestId('stream-removed').waitFor();
      await ann.locator('[data-testid=tile-bob][data-play=none]').waitFor();
      await bob.getByTestId('publish-again-button').click();
      await seesVideo(ann, 'bob');
      expect(await bob.getByTestId('stream-removed').count()).toBe(0);
    });

    test('closes the room for everyone, and opens a new one (CLOSE-2, CLOSE-5)', async () => {
      await ann.getByTestId('reason-input').fill(REASON);
      await ann.getByTestId('close-room').click();
      await ann.getByTestId('confirm-dialog').filter({ hasText: 'All 2 people' }).filter({ hasText: REASON }).waitFor();
      await ann.getByTestId('confirm-accept').click();
      await ann.locator('[data-testid=banner][data-ending=closed]').waitFor();
      await bob.locator('[data-testid=banner][data-ending=removed]').waitFor();
      expect(await bob.getByTestId('banner-reason').innerText()).toBe(REASON);
      await Promise.all([ann, bob].map((page) => page.getByTestId('rejoin-button').click()));
      await Promise.all([seesVideo(ann, 'bob'), seesVideo(bob, 'ann')]);
    });

    test('switches the camera while it is seen', async () => {
      await ann.getByTestId('devices-button').click();
      const select = ann.getByTestId('camera-select');
      const id = await select.locator('option').last().getAttribute('value');
      const readTrack = () =>
        ann.evaluate(() => {
          const video = document.querySelector<HTMLVideoElement>('[data-own=true] video');
          return (video?.srcObject as MediaStream | undefined)
            ?.getVideoTracks()
            .map((track) => [track.id, track.readyState]);
        });
      const before = await readTrack();
      await select.selectOption(id);
      await expect.poll(readTrack).not.toEqual(before);
      expect((await readTrack())?.map(([, state]) => state)).toEqual(['live']);
      await ann.getByTestId('devices-done').click();
      await seesVideo(bob, 'ann');
      expect(await ann.getByTestId('devices-error').count()).toBe(0);
    });

    test('shows mute states and chat, and who has gone with a closed tab', async () => {
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
  });

  describe('of a moderator among users without media', () => {
    const others = ['bob', 'cay', 'dan'];
    let ann: Page;
    let members: Map<string, RawClient>;

    beforeAll(async () => {
      await openContext();
      ann = await openTab('?room=lobby&user=ann&source=none&autojoin=1');
      members = new Map();
    });
    afterAll(() => closeAll());

    test.each([0, 150, 700, 2_500])('two clicks on Kick, %i ms apart, put out one person', async (delayMs) => {
      for (const user of others.filter((each) => !members.has(each))) {
        const client = await gavel.connect();
        await client.login(gavel.app.appId, 'lobby', user);
        members.set(user, client);
      }
      for (const user of others) await ann.locator(`[data-testid=kick-${user}]:not([aria-disabled=true])`).waitFor();
      // The page ignores clicks for a moment after rows have moved.
      await ann.waitForTimeout(500);
      const answers = await ann.getByTestId('answer').count();
      const first = ann.locator('[data-testid^=kick-]:not([data-testid=kick-ann])').first();
      const victim = (await first.getAttribute('data-testid')) ?? '';
      const box = await first.boundingBox();
      if (!box) throw new Error('The button is not shown.');
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      await ann.mouse.move(x, y);
      await ann.mouse.click(x, y, { clickCount: 1 });
      if (delayMs > 0) {
        await ann.locator(`[data-testid=${victim}][aria-disabled=true]`).waitFor();
        // The person's own timing: what is under test is that it does not matter.
        await ann.waitForTimeout(delayMs);
      }
      await ann.mouse.click(x, y, { clickCount: delayMs < 500 ? 2 : 1 });
      const accepted = ann.locator('[data-testid=answer][data-code="0"]');
      await expect.poll(() => accepted.count(), { timeout: 10_000 }).toBe(answers + 1);
      // A call that a second click had made would be answered before this one.
      const { Data } = (await gavel.call('DescribeUserNum', { RoomId: ['lobby'] })) as unknown as {
        Data: { UserCountList: { UserCount: number }[] };
      };
      expect(Data.UserCountList[0]?.UserCount).toBe(3);
      expect(await ann.getByTestId('answer').count()).toBe(answers + 1);
      // With the pointer elsewhere, the row goes.
      await ann.mouse.move(10, 10);
      await ann.getByTestId(victim).waitFor({ state: 'detached' });
      members.delete(victim.replace('kick-', ''));
    });
  });

  describe('of users of its own', () => {
    beforeEach(() => openContext());
    afterEach(() => closeAll());

    test('opens a second tab as somebody else, and says when the same user came back elsewhere', async () => {
      const ann = await openTab('?room=lobby&user=ann&source=test&autojoin=1');
      const [second] = await Promise.all([context.waitForEvent('page'), ann.getByTestId('second-tab').click()]);
      second.on('pageerror', (error) => complaints.push(error.message));
      await seesVideo(second, 'ann');
      await openTab('?room=lobby&user=ann&source=none&autojoin=1');
      await ann.locator('[data-testid=banner][data-ending=replaced]').waitFor();
    });

    test('fits a phone, and shows one part at a time', async () => {
      const page = await openTab('?room=lobby&user=ann&source=test&autojoin=1', PHONE);
      await page.locator('[data-testid=tile-ann][data-play=playing]').waitFor();
      for (const part of ['moderation', 'chat', 'log', 'stage']) {
        await page.getByTestId(`view-${part}`).click();
        expect(await page.getByTestId(part).isVisible()).toBe(true);
        expect(await page.getByTestId(part === 'log' ? 'chat' : 'log').isVisible()).toBe(false);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      }
    });

    test('a double click on Stop publishing does not publish again, and one on Leave does not join', async () => {
      const ann = await openTab('?room=lobby&user=ann&source=test&autojoin=1');
      await ann.locator('[data-testid=tile-ann][data-play=playing]').waitFor();
      await ann.getByTestId('stop-button').dblclick();
      await ann.getByTestId('publish-button').waitFor();
      expect(await ann.getByTestId('tile-ann').getAttribute('data-play')).toBe('none');
      await ann.getByTestId('leave-button').dblclick();
      await ann.getByTestId('join-form').waitFor();
    });

    test('the question before a room is closed begins on Cancel, is left by Escape, and gives the focus back', async () => {
      const ann = await openTab('?room=lobby&user=ann&source=none&autojoin=1');
      await ann.getByTestId('close-room').click();
      expect(await ann.getByTestId('confirm-cancel').evaluate((button) => button === document.activeElement)).toBe(
        true,
      );
      await ann.keyboard.press('Escape');
      await ann.getByTestId('confirm-dialog').waitFor({ state: 'detached' });
      expect(await ann.getByTestId('close-room').evaluate((button) => button === document.activeElement)).toBe(true);
      expect(await ann.getByTestId('answer').count()).toBe(0);
    });

    test('moves the focus to the heading after joining and leaving, and reaches every part that scrolls', async () => {
      const ann = await openTab('?room=lobby&user=ann&source=none');
      await ann.getByTestId('join-button').focus();
      await ann.keyboard.press('Enter');
      await ann.locator('[data-testid=connection-state][data-state=inside]').waitFor();
      expect(await ann.evaluate(() => document.activeElement?.tagName)).toBe('H1');
      expect(await ann.title()).toContain('lobby');
      expect(await ann.getByTestId('tiles').getAttribute('tabindex')).toBe('0');
      await ann.getByTestId('leave-button').focus();
      await ann.keyboard.press('Enter');
      await ann.getByTestId('join-form').waitFor();
      expect(await ann.evaluate(() => document.activeElement?.tagName)).toBe('H1');
    });

    test('on a phone the state and the button beside it do not overlap, however long the room id', async () => {
      const page = await openTab(`?room=${'a-long-room-id-'.repeat(6)}&user=ann&source=none&autojoin=1`, PHONE);
      await page.locator('[data-testid=connection-state][data-state=inside]').waitFor();
      const [state, button] = await Promise.all(
        ['connection-state', 'second-tab'].map((id) => page.getByTestId(id).boundingBox()),
      );
      if (!state || !button) throw new Error('A part is not shown.');
      expect(state.x + state.width).toBeLessThanOrEqual(button.x);
      expect(button.x + button.width).toBeLessThanOrEqual(PHONE.width);
    });

    test('shows cameras of 16:9 whole, at the width of a desktop and of a phone', async () => {
      const ann = await openTab('?room=lobby&user=ann&source=test&autojoin=1');
      await openTab('?room=lobby&user=bob&source=test&autojoin=1');
      await seesVideo(ann, 'bob');
      for (const viewport of [DESKTOP, PHONE]) {
        await ann.setViewportSize(viewport);
        for (const user of ['ann', 'bob']) {
          const readRatio = async () => {
            const box = await ann.getByTestId(`tile-${user}`).boundingBox();
            return (box?.width ?? 0) / (box?.height ?? 1);
          };
          await expect.poll(readRatio, { timeout: 10_000 }).toBeCloseTo(16 / 9, 1);
        }
      }
    });

    test('says that the server is gone and since when, disables what cannot work, and tries now', async () => {
      const server = await startTestServer();
      const ann = await openTab('?room=lobby&user=ann&source=none&autojoin=1', DESKTOP, server);
      await ann.locator('[data-testid=connection-state][data-state=inside]').waitFor();
      await server.close();
      await ann
        .getByTestId('outage')
        .filter({ hasText: /No connection to the server since \d\d:\d\d:\d\d/ })
        .waitFor();
      expect(await ann.getByTestId('connection-state').getAttribute('data-state')).toBe('reconnecting');
      for (const id of ['publish-button', 'chat-input', 'kick-ann', 'close-room']) {
        expect([id, await ann.getByTestId(id).isEnabled()]).toEqual([id, false]);
      }
      expect(await findAccessibilityFaults(ann)).toEqual([]);
      await ann.getByTestId('retry-button').click();
      await ann.getByTestId('retry-button').filter({ hasText: 'Trying' }).waitFor();
      await ann.getByTestId('outage-leave-button').click();
      await ann.getByTestId('join-form').waitFor();
      // The browser reports each try that failed.
      complaints.push(...complaints.splice(0).filter((text) => !text.includes('WebSocket')));
    });

    test('loads its assets compressed, and keeps them', async () => {
      const page = await context.newPage();
      const sizes: Record<string, string | undefined> = {};
      page.on('response', (response) => {
        const { pathname } = new URL(response.url());
        if (!pathname.startsWith('/assets/')) return;
        sizes[pathname.replace(/.*\./, '')] = [
          response.headers()['content-encoding'],
          response.headers()['cache-control'],
        ].join(', ');
      });
      const answer = await page.goto(`${gavel.baseUrl}/`);
      await page.getByTestId('join-form').waitFor();
      expect(sizes).toMatchObject({
        js: 'br, public, max-age=31536000, immutable',
        css: 'br, public, max-age=31536000, immutable',
      });
      expect(answer?.headers()['cache-control']).toBe('no-cache');
    });

    test('asks for App id and token in production, and says why a login was refused', async () => {
      const server = await startTestServer({ mode: 'production', playground: true, app: { allowNoToken: false } });
      const page = await openTab('?room=lobby&user=ann&source=test&autojoin=1', DESKTOP, server);
      await page.getByTestId('app-id-input').fill(String(server.app.appId));
      await page.getByTestId('token-input').fill('04nonsense');
      await page.getByTestId('join-button').click();
      await page.getByTestId('join-error').filter({ hasText: 'token' }).waitFor();
      await server.close();
    });
  });
});
