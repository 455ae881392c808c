import { startTestServer, type TestServer } from '@gavel/testkit';
import { type BrowserSettings, CHROMIUM } from '@gavel/testkit/chromium';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStage, until } from './harness.ts';
import { Meetings } from './meetings.ts';

let gavel: TestServer;
let meetings: Meetings;

/** A failure of a facade: its code, its text, and what its events say. */
interface Failure {
  readonly code: unknown;
  readonly text: string;
  readonly permission?: unknown;
}

/** Opens a device with the ZEGO surface, and returns how it fails. */
const openByZego = (page: Page, kind: 'audio' | 'video'): Promise<Failure> =>
  page.evaluate(
    async ([server, appId, kind]) => {
      const { engine } = new e2e.ZegoUser(appId, server);
      const camera = { audio: kind === 'audio', video: kind === 'video' };
      const { errorCode, extendedData } = await engine.createStream({ camera }).then(
        () => ({ errorCode: 0, extendedData: '' }),
        (error: { errorCode: number; extendedData: string }) => error,
      );
      return { code: errorCode, text: extendedData };
    },
    [gavel.baseUrl, gavel.app.appId, kind] as const,
  );

/** Opens a device with the RealtimeKit surface, and returns how it fails. */
const openByRealtimeKit = (page: Page, token: string, kind: 'audio' | 'video'): Promise<Failure> =>
  page.evaluate(
    async ([server, token, kind]) => {
      const { client } = await e2e.RealtimeKitUser.init(token, server, undefined, { audio: false, video: false });
      const permissions: string[] = [];
      client.self.on('mediaPermissionError', ({ message, kind }) => permissions.push(`${kind} ${message}`));
      const error = await (kind === 'audio' ? client.self.enableAudio() : client.self.enableVideo()).then(
        () => undefined,
        (reason: Error & { code: string }) => reason,
      );
      const { details } = (error?.cause ?? {}) as { details?: { name?: string } };
      return { code: error?.code, text: details?.name ?? '', permission: permissions.join() };
    },
    [gavel.baseUrl, token, kind] as const,
  );

const CASES: readonly [string, BrowserSettings, 'audio' | 'video', string, number, string, string][] = [
  [
    'not permitted',
    { permitsDevices: false, isDesktop: true },
    'video',
    'NotAllowedError',
    1103064,
    '1602',
    'video DENIED',
  ],
  ['not there', { cameras: 'none' }, 'video', 'NotFoundError', 1103061, '1607', 'video NO_DEVICES_AVAILABLE'],
  // Chromium's imitated microphone is there and cannot be started, as one that another program uses.
  [
    'not started',
    { args: ['--fail-audio-stream-creation'] },
    'audio',
    'NotReadableError',
    1103065,
    '1601',
    'audio COULD_NOT_START',
  ],
];

describe.skipIf(CHROMIUM === '')('devices that the browser does not open', () => {
  beforeAll(async () => {
    gavel = await startTestServer({ media: 'real' });
    meetings = new Meetings(gavel);
  });
  afterAll(() => gavel?.close());

  test.each(CASES)(
    'a device that is %s has a code of its own on both surfaces, with the name of the browser (CONN-4)',
    async (_, settings, kind, name, zegoCode, code, permission) => {
      const stage = await openStage('page', 'e2e', settings);
      try {
        const zego = await openByZego(await stage.open(), kind);
        expect(zego).toEqual({ code: zegoCode, text: expect.stringMatching(`^${name}: `) });
        const { token } = await meetings.add(await meetings.create(), 'Ann', 'group_call_host');
        const realtimekit = await openByRealtimeKit(await stage.open(), token, kind);
        expect(realtimekit).toEqual({ code, text: name, permission });
      } finally {
        await stage.close();
      }
    },
  );
});

describe.skipIf(CHROMIUM === '')('a browser that plays no sound before the user touches the page', () => {
  let stage: Awaited<ReturnType<typeof openStage>>;
  let publishers: Awaited<ReturnType<typeof openStage>>;
  beforeAll(async () => {
    gavel = await startTestServer({ media: 'real' });
    meetings = new Meetings(gavel);
    stage = await openStage('autoplay-page', 'report', { autoplays: false });
    publishers = await openStage();
  });
  afterAll(async () => {
    await stage?.close();
    await publishers?.close();
    await gavel?.close();
  });

  /** Opens the page that watches, without touching it; returns what it reports from then on. */
  async function watch(query: Record<string, string>): Promise<{ page: Page; reported: string[] }> {
    const page = await (await stage.browser.newContext()).newPage();
    const reported: string[] = [];
    await page.exposeFunction('report', (event: string) => reported.push(event));
    const address = new URLSearchParams({ server: gavel.baseUrl, appID: String(gavel.app.appId), ...query });
    await page.goto(`${stage.url}/index.html?${address}`);
    return { page, reported };
  }

  async function expectResume({ page, reported }: Awaited<ReturnType<typeof watch>>, refusal: string): Promise<void> {
    await until(async () => reported.includes(refusal), 'the refusal');
    expect(reported).not.toContain('playing');
    await page.mouse.click(5, 5);
    await until(async () => reported.includes('playing'), 'sound after the click');
    await page.context().close();
  }

  test('the ZEGO surface emits autoplayFailed, and plays after a click (CONN-4)', async () => {
    const publisher = await publishers.open();
    await publisher.evaluate(
      async ([server, appId]) => {
        const user = new e2e.ZegoUser(appId, server);
        await user.join('lobby', 'ann');
        await user.publish('ann-main');
      },
      [gavel.baseUrl, gavel.app.appId] as const,
    );
    await expectResume(await watch({}), 'autoplayFailed');
  });

  test('the RealtimeKit surface emits autoplayError, and plays by playAudio in a click (CONN-4)', async () => {
    const meetingId = await meetings.create();
    const ann = await meetings.add(meetingId, 'Ann', 'group_call_host');
    const watcher = await meetings.add(meetingId, 'Watcher', 'group_call_participant');
    const publisher = await publishers.open();
    await publisher.evaluate(
      async ([server, token]) => {
        const user = await e2e.RealtimeKitUser.init(token, server);
        await user.client.join();
      },
      [gavel.baseUrl, ann.token] as const,
    );
    await expectResume(await watch({ token: watcher.token }), 'autoplayError NotAllowedError');
  });
});
