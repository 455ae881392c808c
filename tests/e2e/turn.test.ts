import { startTestServer, type TestServer, type TestServerOptions } from '@gavel/testkit';
import { CHROMIUM, TRUST_EVERY_CERTIFICATE, WITHOUT_UDP } from '@gavel/testkit/chromium';
import { COTURN, startTurnServer, type TurnServer } from '@gavel/testkit/coturn';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStage, type Stage, until, ZegoTab } from './harness.ts';
import { Hall } from './meeting.ts';

const SECRET = 'shared-by-gavel-and-coturn';
const RELAY = { iceTransportPolicy: 'relay' } as const;

if (CHROMIUM !== '' && COTURN === '') console.warn('Skipped: there is no coturn on this machine');

describe.skipIf(CHROMIUM === '' || COTURN === '')('two browsers that use a TURN server only', () => {
  let stage: Stage;
  let turn: TurnServer;
  let gavel: TestServer;
  const tabs: ZegoTab[] = [];

  beforeAll(async () => {
    stage = await openStage();
    turn = await startTurnServer(SECRET);
  });
  afterAll(async () => {
    await stage.close();
    await turn.close();
  });

  async function start(settings: TestServerOptions['turn'], options: TestServerOptions = {}): Promise<void> {
    gavel = await startTestServer({
      media: 'real',
      turn: { urls: [turn.urls.udp], secret: SECRET, ...settings },
      ...options,
    });
  }
  async function join(user: string, where = stage): Promise<ZegoTab> {
    const tab = await ZegoTab.join(where, gavel.baseUrl, gavel.app.appId, 'lobby', user, RELAY);
    tabs.push(tab);
    return tab;
  }
  async function stop(): Promise<void> {
    for (const { page } of tabs.splice(0)) await page.context().close();
    await gavel.close();
  }

  test('they see each other with the credentials of their logins (ICE-1)', async () => {
    await start({});
    try {
      const [ann, bob] = await Promise.all([join('ann'), join("o'neil")]);
      await ann.publish('ann-main');
      await bob.publish('bob-main');
      await ann.seesFrames();
      await bob.seesFrames();
      for (const { page } of [ann, bob]) {
        expect(await page.evaluate(() => e2e.localPaths())).toEqual(['relay/udp']);
      }
      expect(turn.log()).toMatch(/user <\d+:ann>/);
      expect(turn.log()).toMatch(/user <\d+:o%27neil>/);
    } finally {
      await stop();
    }
  });

  test('they reach the TURN server over TCP, and it the server over UDP (ICE-1)', async () => {
    await start({ urls: [turn.urls.tcp] });
    try {
      const [ann, bob] = await Promise.all([join('ann'), join('bob')]);
      await ann.publish('ann-main');
      await bob.seesFrames();
      for (const { page } of [ann, bob]) {
        expect(await page.evaluate(() => e2e.localPaths())).toEqual(['relay/tcp']);
      }
    } finally {
      await stop();
    }
  });

  test('they reach the TURN server over TLS, where nothing else gets through (ICE-1)', async () => {
    await start({ urls: [turn.urls.tls] });
    const trusting = await openStage('page', 'e2e', { args: [TRUST_EVERY_CERTIFICATE, WITHOUT_UDP], isDesktop: true });
    try {
      const [ann, bob] = await Promise.all([join('ann', trusting), join('bob', trusting)]);
      await ann.publish('ann-main');
      await bob.seesFrames();
      for (const { page } of [ann, bob]) {
        expect(await page.evaluate(() => e2e.localPaths())).toEqual(['relay/tls']);
      }
    } finally {
      await stop();
      await trusting.close();
    }
  });

  test.each([
    ['have expired', { ttlSeconds: -60 }],
    ['have another secret', { secret: 'not-the-secret-of-coturn' }],
  ])(
    'credentials that %s are refused by coturn, and the SDK says so within 10 s (ICE-1, CONN-4)',
    async (_, settings) => {
      await start(settings);
      try {
        const ann = await join('ann');
        const startedAtMs = await ann.page.evaluate(() => e2e.now());
        await ann.publish('ann-main');
        const { args, atMs } = await ann.callback('publisherStateUpdate', 'NO_PUBLISH', 'turn-refused');
        expect(args).toMatchObject([{ errorCode: 1102023, extendedData: expect.stringContaining('"turnCode":401') }]);
        expect(atMs - startedAtMs).toBeLessThan(10_000);
      } finally {
        await stop();
      }
    },
  );

  test('a kick closes media that goes through a relay address too (ICE-1, KICK-4)', async () => {
    await start({});
    try {
      const [ann, bob] = await Promise.all([join('ann'), join('bob')]);
      await bob.publish('bob-main');
      await ann.seesFrames();
      const answer = await gavel.call('KickoutUser', { RoomId: 'lobby', 'UserId[]': ['bob'] });
      expect(answer.Code).toBe(0);
      await bob.callback('roomStateChanged', 'KICKOUT');
      await until(async () => (await bob.tracks()).every((track) => track.endsWith('ended')), 'the end of the tracks');
      const [stream] = (await gavel.engine.dump()).closed;
      expect(stream?.packetsAfterClose).toBe(0);
    } finally {
      await stop();
    }
  });
});

describe.skipIf(CHROMIUM === '')('a browser that does not reach the server', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage.close());

  test('a wrong announced address is told within 10 s, with the address (CONN-4, MED-6)', async () => {
    // TEST-NET-2: no host has it.
    const mediaSettings = { announcedAddress: '198.51.100.1' };
    const gavel = await startTestServer({ media: 'real', mediaSettings });
    try {
      const ann = await ZegoTab.join(stage, gavel.baseUrl, gavel.app.appId, 'lobby', 'ann');
      await ann.publish('ann-main');
      const { atMs: startedAtMs } = await ann.callback('publisherStateUpdate', 'PUBLISH_REQUESTING');
      const { args, atMs } = await ann.callback('publisherStateUpdate', 'NO_PUBLISH', 'no-media-path');
      expect(args).toMatchObject([{ errorCode: 1103051, extendedData: expect.stringMatching(/198\.51\.100\.1:\d+/) }]);
      expect(atMs - startedAtMs).toBeLessThan(10_000);
      await ann.page.context().close();
    } finally {
      await gavel.close();
    }
  });

  test("a meeting's client is told by onError within 10 s (CONN-4)", async () => {
    const hall = await Hall.open({ mediaSettings: { announcedAddress: '198.51.100.1' } });
    try {
      const { people } = await hall.meet('Ann');
      const { page } = people[0];
      const report = await page.waitForFunction(
        () => {
          const { recorded } = e2e.realtimekit();
          const joined = recorded.find(({ event }) => event === 'roomJoined');
          const error = recorded.find(({ event }) => event === 'error');
          return joined && error && { args: error.args, afterMs: error.atMs - joined.atMs };
        },
        undefined,
        { timeout: 15_000 },
      );
      const { args, afterMs } = (await report.jsonValue()) as { args: unknown[]; afterMs: number };
      expect(args).toEqual(['0011', 'client.no-media-path']);
      expect(afterMs).toBeLessThan(10_000);
    } finally {
      await hall.close();
    }
  });

  test('an https page that asks an http server is told at once, in the words of the browser (CONN-4)', async () => {
    const page = await stage.open();
    const site = new URL(page.url()).origin;
    await page.route('https://app.test/**', async (route) => {
      const { pathname } = new URL(route.request().url());
      const response = await fetch(`${site}${pathname}`);
      const contentType = response.headers.get('content-type') ?? '';
      await route.fulfill({ contentType, body: Buffer.from(await response.arrayBuffer()) });
    });
    await page.goto('https://app.test/index.html');
    await page.waitForFunction(() => 'e2e' in globalThis);
    const refused = await page.evaluate(async () => {
      const startedAtMs = e2e.now();
      const user = new e2e.ZegoUser(1, 'http://rooms.test:7700');
      const error: unknown = await user.join('lobby', 'ann').catch((reason: unknown) => reason);
      return { error, afterMs: e2e.now() - startedAtMs };
    });
    expect(refused.error).toMatchObject({ errorCode: 1100003, extendedData: expect.stringContaining('insecure') });
    expect(refused.afterMs).toBeLessThan(1_000);
    await page.context().close();
  });
});
