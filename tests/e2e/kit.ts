/**
 * RealtimeKit's own UI kit on Gavel's client, in real browsers.
 *
 * @module
 */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTestServer, type TestServer } from '@gavel/testkit';
import { launchChromium } from '@gavel/testkit/chromium';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { build } from 'vite';
import { expect } from 'vitest';
import { bundleOnce, type StaticSite, serveFolder } from './harness.ts';
import { Meetings } from './meetings.ts';

const PROJECT = fileURLToPath(new URL('./ui-kit', import.meta.url));
const CLIENT = fileURLToPath(new URL('../../packages/client/src/realtimekit/index.ts', import.meta.url));

/** Two, so that there is a choice; slow, so that a machine with few cores can show all of them. */
const CAMERAS = { count: 2, framesPerSecond: 5 };

/** How long to wait for a state of a page, in milliseconds. */
const TIMEOUT_MS = 30_000;

/** The pages of the project. */
type Entry = 'web' | 'react' | 'crowd';

/** Bundles the project as a customer's application does, with the import of the client replaced in the kit for React. */
async function buildProject(outDir: string): Promise<void> {
  const input = (['web', 'react', 'crowd'] satisfies Entry[]).map((entry) => join(PROJECT, `${entry}.html`));
  await build({
    root: PROJECT,
    logLevel: 'error',
    configFile: false,
    oxc: { jsx: { runtime: 'automatic', importSource: 'react' } },
    resolve: { tsconfigPaths: true, alias: [{ find: /^@cloudflare\/realtimekit$/, replacement: CLIENT }] },
    build: { outDir, emptyOutDir: true, minify: false, target: 'es2022', rolldownOptions: { input } },
  });
}

/** What the kit loads from the internet, whoever serves the meeting: a font, sounds and a list of emojis. */
const VENDOR_ASSETS: Readonly<Record<string, { readonly contentType: string; readonly body: string }>> = {
  'fonts.googleapis.com': { contentType: 'text/css', body: '' },
  'rtk-assets.realtime.cloudflare.com': { contentType: 'audio/mpeg', body: '' },
  'rtk-uploads.realtime.cloudflare.com': { contentType: 'audio/mpeg', body: '' },
};

/** A server, a browser, and the pages of participants who use the kit. */
export class KitHall extends Meetings {
  readonly #problems: string[] = [];
  readonly #site: StaticSite;
  readonly #browser: Browser;

  private constructor(gavel: TestServer, site: StaticSite, browser: Browser) {
    super(gavel);
    this.#site = site;
    this.#browser = browser;
  }

  static async open(): Promise<KitHall> {
    const site = await serveFolder(await bundleOnce('ui-kit', buildProject));
    const gavel = await startTestServer({ media: 'real' });
    return new KitHall(gavel, site, await launchChromium({ cameras: CAMERAS }));
  }

  /** Adds a participant to a meeting and opens the page on which it can join. */
  async enter(meetingId: string, name: string, preset: string, entry: Entry = 'web'): Promise<Page> {
    const { token } = await this.add(meetingId, name, preset);
    const page = await this.#newPage(name);
    await page.goto(`${this.#site.url}/${entry}.html?${new URLSearchParams({ token, server: this.gavel.baseUrl })}`);
    return page;
  }

  /** Adds a participant and joins by the button of the setup screen. */
  async join(meetingId: string, name: string, preset: string, entry?: Entry): Promise<Page> {
    const page = await this.enter(meetingId, name, preset, entry);
    await page.locator('rtk-setup-screen rtk-button', { hasText: 'Join' }).click();
    return page;
  }

  /** Joins participants who only send a picture, all in one page. */
  async joinCrowd(meetingId: string, names: readonly string[]): Promise<void> {
    const page = await this.#newPage('crowd');
    await page.goto(`${this.#site.url}/crowd.html`);
    await page.waitForFunction(() => 'joinCrowd' in globalThis);
    await Promise.all(
      names.map(async (name) => {
        const { token } = await this.add(meetingId, name, 'group_call_participant');
        await page.evaluate(([token, server]) => joinCrowd(token, server), [token, this.gavel.baseUrl] as const);
      }),
    );
  }

  /**
   * Returns the problems of all pages since the last call: errors on consoles, exceptions, and requests to hosts that the kit does
   * not need; each with the participant's name.
   */
  takeProblems(): string[] {
    return this.#problems.splice(0);
  }

  /** Closes the pages. */
  async clear(): Promise<void> {
    for (const context of this.#browser.contexts()) await context.close();
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#site.close();
    await this.gavel.close();
  }

  async #newPage(name: string): Promise<Page> {
    const viewport = { width: 1280, height: 720 };
    const context = await this.#browser.newContext({ permissions: ['camera', 'microphone'], viewport });
    await this.#answerVendor(context, name);
    const page = await context.newPage();
    page.setDefaultTimeout(TIMEOUT_MS);
    page.on('pageerror', ({ stack, message }) => this.#problems.push(`${name}: ${stack ?? message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#problems.push(`${name}: ${message.text()}`);
    });
    return page;
  }

  /** Answers the kit's requests to the internet, and reports others. */
  async #answerVendor(context: BrowserContext, name: string): Promise<void> {
    const isElsewhere = ({ hostname }: URL) => hostname !== 'localhost' && hostname !== '127.0.0.1';
    await context.route(isElsewhere, (route) => {
      const url = route.request().url();
      const asset = VENDOR_ASSETS[new URL(url).hostname];
      if (asset) return route.fulfill(asset);
      this.#problems.push(`${name}: request to ${url}`);
      return route.abort();
    });
  }
}

/** The tile of a participant in the grid; while the grid changes, there may be two for a moment. */
export const tileOf = (within: Page | Locator, name: string): Locator =>
  within.locator(`rtk-participant-tile:has(rtk-name-tag:has-text("${name}"))`).first();

/** Waits until the grid shows a picture of each participant. */
export async function expectTiles(page: Page, ...names: string[]): Promise<void> {
  for (const name of names) await expectFrames(tileOf(page, name).locator('video'));
}

/** Waits until a video shows frames that follow each other. */
export async function expectFrames(video: Locator): Promise<void> {
  let before = Number.POSITIVE_INFINITY;
  // The grid may replace the element at any moment, so that each look finds it anew.
  const moves = async () => {
    await video.first().waitFor();
    const { width, time } = await video.first().evaluate((element: HTMLVideoElement) => ({
      width: element.videoWidth,
      time: element.currentTime,
    }));
    const isMoving = width > 0 && time > before;
    before = time;
    return isMoving;
  };
  await expect.poll(moves, { timeout: TIMEOUT_MS, message: 'the video shows no frames' }).toBe(true);
}

/** A button of the control bar, by the name of its element. */
export const toggleOf = (page: Page, element: string): Locator =>
  page.locator(`rtk-controlbar ${element} rtk-controlbar-button`);

/** Opens a part of the sidebar, such as `Chat`. */
export const openSidebar = (page: Page, label: string): Promise<void> =>
  page.locator('rtk-controlbar rtk-controlbar-button', { hasText: label }).click();

/** Picks an action in the menu of a participant, in the list of the sidebar. */
export async function pickAction(page: Page, name: string, action: string): Promise<void> {
  const row = page.locator('rtk-participants rtk-participant', { hasText: name });
  // A menu stays open after a choice.
  if ((await row.locator('rtk-menu-item').count()) === 0) await row.locator('#trigger').click();
  await row.locator('rtk-menu-item', { hasText: action }).click();
}

/** Waits for the screen of somebody who has left, with the reason. */
export const expectEnded = (page: Page, reason: string): Promise<void> =>
  page.locator('rtk-ended-screen p', { hasText: reason }).waitFor();
