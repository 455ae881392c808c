/**
 * Real browsers against a real server.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ZegoEngineOptions, ZegoPublishOptions } from '@gavel/client/zego';
import { type BrowserSettings, launchChromium } from '@gavel/testkit/chromium';
import type { UdpRelay } from '@gavel/testkit/udp-relay';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import type { Recorded } from './page/page.ts';

/** A browser, and the page with the SDK. */
export interface Stage {
  readonly browser: Browser;
  /** Where the page is served, without a slash at the end. */
  readonly url: string;
  /** Opens the page in a browser context of its own, with a query such as `?userID=ann`. */
  open(query?: string): Promise<Page>;
  /** The same browser, whose pages reach media ports through a relay only. */
  through(relay: UdpRelay): Stage;
  close(): Promise<void>;
}

/** The folders of bundled pages, by name. */
const bundles = new Map<string, Promise<string>>();

/** Returns a folder that is filled once for all test files of a process, and deleted when the process ends. */
export function bundleOnce(name: string, fill: (folder: string) => Promise<unknown>): Promise<string> {
  const bundle = bundles.get(name) ?? fillFolder(fill);
  bundles.set(name, bundle);
  return bundle;
}

async function fillFolder(fill: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'gavel-e2e-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await fill(folder);
  return folder;
}

const buildPage = (folder: string, outDir: string): Promise<unknown> =>
  build({
    root: fileURLToPath(new URL(`./${folder}`, import.meta.url)),
    logLevel: 'error',
    configFile: false,
    resolve: { tsconfigPaths: true },
    build: { outDir, emptyOutDir: true, minify: false },
  });

/** Bundles a page, serves it from localhost and starts Chromium; the page is open once it has set the global. */
export async function openStage(folder = 'page', global = 'e2e', settings: BrowserSettings = {}): Promise<Stage> {
  const site = await serveFolder(await bundleOnce(folder, (outDir) => buildPage(folder, outDir)));
  const browser = await launchChromium(settings);
  const { permitsDevices = true } = settings;
  const describe = (relay?: UdpRelay): Stage => ({
    browser,
    url: site.url,
    through: describe,
    async open(query = '') {
      const context = await browser.newContext({ permissions: permitsDevices ? ['camera', 'microphone'] : [] });
      const page = await context.newPage();
      if (relay) await page.exposeFunction('rewriteRemote', (sdp: string) => relay.rewrite(sdp));
      await page.goto(`${site.url}/index.html${query}`);
      await page.waitForFunction((name) => name in globalThis, global);
      return page;
    },
    async close() {
      await browser.close();
      site.close();
    },
  });
  return describe();
}

const TYPES: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript', css: 'text/css' };

/** Files served from localhost. */
export interface StaticSite {
  readonly url: string;
  close(): void;
}

/** Serves a folder's files from a free port. */
export async function serveFolder(folder: string): Promise<StaticSite> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    readFile(join(folder, path)).then(
      (body) => response.setHeader('content-type', TYPES[path.split('.').at(-1) ?? ''] ?? 'text/plain').end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return { url: `http://localhost:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

/** One user of the zego facade, on a page of its own. */
export class ZegoTab {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens a page and logs in. */
  static async join(
    stage: Stage,
    server: string,
    appId: number,
    room: string,
    user: string,
    options: Omit<ZegoEngineOptions, 'platform'> = {},
  ): Promise<ZegoTab> {
    const page = await stage.open();
    await page.evaluate(
      async ({ server, appId, room, user, options }) => {
        const one = new e2e.ZegoUser(appId, server, options);
        e2e.users.zego = one;
        await one.join(room, user);
      },
      { server, appId, room, user, options },
    );
    return new ZegoTab(page);
  }

  /** Opens two users, `alice` and `bob`, each at a server's address, who publish and see each other. */
  static async openPair(
    stage: Stage,
    [serverA, serverB]: readonly [string, string],
    appId: number,
    room: string,
  ): Promise<{ readonly a: ZegoTab; readonly b: ZegoTab }> {
    const [a, b] = await Promise.all([
      ZegoTab.join(stage, serverA, appId, room, 'alice'),
      ZegoTab.join(stage, serverB, appId, room, 'bob'),
    ]);
    await Promise.all([a.publish('alice-cam'), b.publish('bob-cam')]);
    await Promise.all([
      a.callback('roomStreamUpdate', 'ADD', 'bob-cam'),
      b.callback('roomStreamUpdate', 'ADD', 'alice-cam'),
    ]);
    await Promise.all([a.seesFrames(), b.seesFrames()]);
    return { a, b };
  }

  publish(streamId: string, options: ZegoPublishOptions = {}): Promise<boolean> {
    return this.page.evaluate(([id, options]) => e2e.zego().publish(id, options), [streamId, options] as const);
  }

  recorded(): Promise<Recorded[]> {
    return this.page.evaluate(() => [...e2e.zego().recorded]);
  }

  /** The callbacks of some kinds, as `[event, ...args]`. */
  async callbacks(...events: string[]): Promise<unknown[][]> {
    const recorded = await this.recorded();
    return recorded.filter(({ event }) => events.includes(event)).map(({ event, args }) => [event, ...args]);
  }

  /** Waits for a callback that contains all the texts; returns it. */
  async callback(event: string, ...texts: string[]): Promise<Recorded> {
    const handle = await this.page.waitForFunction(
      ([event, texts]) =>
        e2e.zego().recorded.find((one) => {
          const json = JSON.stringify(one.args);
          return one.event === event && texts.every((text) => json.includes(text));
        }),
      [event, texts] as const,
      { timeout: 15_000, polling: 20 },
    );
    return (await handle.jsonValue()) as Recorded;
  }

  tracks(): Promise<string[]> {
    return this.page.evaluate(() => e2e.zego().tracks());
  }

  totals() {
    return this.page.evaluate(() => e2e.mediaTotals());
  }

  /** The longest time between two frames of a stream that the page showed since the previous call. */
  longestGapMs(streamId: string): Promise<number> {
    return this.page.evaluate((id) => {
      const { [id]: frames } = e2e.takeFrames();
      if (!frames) throw new Error(`the stream ${id} is not shown`);
      return frames.longestGapMs;
    }, streamId);
  }

  /** Waits until this many more frames have been decoded. */
  async seesFrames(count = 10): Promise<void> {
    const wanted = (await this.totals()).framesDecoded + count;
    await until(async () => (await this.totals()).framesDecoded >= wanted, 'frames');
  }
}

/** The longest time between two frames that no viewer calls a freeze (SIM-1). Chromium counts shorter ones, also those of a busy machine. */
export const MAX_FREEZE_MS = 500;

/** Polls until a condition is true; fails after 15 s, or another time. */
export async function until(isSo: () => Promise<boolean>, what: string, timeoutMs = 15_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`timed out after ${timeoutMs / 1_000} s waiting for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A proxy between a client and the server whose connections can be cut. */
export class Wire {
  readonly #server = createTcpServer((client) => this.#pass(client));
  readonly #sockets = new Set<Socket>();
  readonly #targetPort: number;
  #isCut = false;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
  }

  static async to(baseUrl: string): Promise<Wire> {
    const wire = new Wire(Number(new URL(baseUrl).port));
    await new Promise<void>((resolve) => wire.#server.listen(0, 'localhost', resolve));
    return wire;
  }

  get url(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Drops every connection and refuses new ones until `mend`. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #pass(client: Socket): void {
    if (this.#isCut) return void client.destroy();
    const server = connect(this.#targetPort, '127.0.0.1');
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(server).pipe(client);
  }
}
