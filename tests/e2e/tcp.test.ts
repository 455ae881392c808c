import { startTestServer, type TestServer } from '@gavel/testkit';
import { CHROMIUM, WITHOUT_UDP } from '@gavel/testkit/chromium';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStage, type Stage, until, ZegoTab } from './harness.ts';

describe.skipIf(CHROMIUM === '')('a browser whose network blocks UDP, and a server with a TCP port', () => {
  let open: Stage;
  let blocked: Stage;
  let gavel: TestServer;
  const tabs: ZegoTab[] = [];

  beforeAll(async () => {
    open = await openStage();
    blocked = await openStage('page', 'e2e', { args: [WITHOUT_UDP], isDesktop: true });
    gavel = await startTestServer({ media: 'real', mediaSettings: { tcpPort: 0 } });
  });
  afterAll(async () => {
    for (const { page } of tabs) await page.context().close();
    await Promise.all([open.close(), blocked.close(), gavel.close()]);
  });

  async function join(stage: Stage, user: string): Promise<ZegoTab> {
    const tab = await ZegoTab.join(stage, gavel.baseUrl, gavel.app.appId, 'lobby', user);
    tabs.push(tab);
    return tab;
  }
  const pathsOf = ({ page }: ZegoTab): Promise<string[]> => page.evaluate(() => e2e.localPaths());
  const tcpOf = async () => (await gavel.engine.dump()).workers[0]?.transport?.tcp;

  test('media flows over TCP both ways; browsers that reach the UDP port use it, and a kick ends TCP too (KICK-4)', async () => {
    const [ann, bob] = [await join(blocked, 'ann'), await join(open, 'bob')];
    await ann.publish('ann-main');
    await bob.publish('bob-main');
    await ann.seesFrames(50);
    await bob.seesFrames(50);
    expect((await pathsOf(ann)).map((path) => path.split('/')[1])).toEqual(['tcp']);
    expect((await pathsOf(bob)).map((path) => path.split('/')[1])).toEqual(['udp']);
    expect(await tcpOf()).toMatchObject({ counts: { refused: 0, expired: 0, malformed: 0, blocked: 0 } });
    const answer = await gavel.call('KickoutUser', { RoomId: 'lobby', 'UserId[]': ['ann'] });
    expect(answer.Code).toBe(0);
    await ann.callback('roomStateChanged', 'KICKOUT');
    await until(async () => (await ann.tracks()).every((track) => track.endsWith('ended')), 'the end of the tracks');
    const { closed } = await gavel.engine.dump();
    expect(closed.map(({ packetsAfterClose }) => packetsAfterClose)).toEqual(closed.map(() => 0));
    await until(async () => (await tcpOf())?.connections === 0, 'the end of the TCP connections');
  });
});
