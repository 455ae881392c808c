import { startTestServer, TEST_API_TOKEN, type TestServer } from '@gavel/testkit';
import { CHROMIUM } from '@gavel/testkit/chromium';
import Cloudflare from 'cloudflare';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countAfter, expectSilence } from './counting.ts';
import { openStage, type Stage, until } from './harness.ts';

let stage: Stage;
let gavel: TestServer;

const totals = (page: Page) => page.evaluate(() => e2e.mediaTotals());
const recorded = (page: Page) => page.evaluate(() => [...e2e.realtimekit().recorded]);

async function join(token: string): Promise<Page> {
  const page = await stage.open();
  await page.evaluate(
    async ([token, baseUrl]) => {
      const user = await e2e.RealtimeKitUser.init(token, baseUrl);
      e2e.users.realtimekit = user;
      await user.client.join();
    },
    [token, gavel.baseUrl] as const,
  );
  return page;
}

async function seesFrames(page: Page): Promise<void> {
  await page.evaluate(() => e2e.realtimekit().showAll());
  await until(async () => (await totals(page)).framesDecoded >= 10, 'frames');
}

describe.skipIf(CHROMIUM === '')('a meeting with two participants and real media', () => {
  beforeAll(async () => {
    stage = await openStage();
    gavel = await startTestServer({ media: 'real' });
  });
  afterAll(async () => {
    await stage?.close();
    await gavel?.close();
  });

  test('a participant kicked through the official package sees `kicked`, and its media ends with the answer (RTK-3, RTK-5)', async () => {
    const api = new Cloudflare({ apiToken: TEST_API_TOKEN, baseURL: `${gavel.baseUrl}/client/v4`, maxRetries: 0 });
    const account = { account_id: gavel.app.accountId };
    const ids = { ...account, app_id: gavel.app.rtkAppId };
    const meeting = (await api.realtimeKit.meetings.create(gavel.app.rtkAppId, { ...account, title: 'Stand-up' })).data;
    const meetingId = meeting?.id ?? '';
    const [ann, ben] = await Promise.all(
      ['Ann', 'Ben'].map(async (name) => {
        const body = { ...ids, name, preset_name: 'group_call_host', custom_participant_id: `user-${name}` };
        return (await api.realtimeKit.meetings.addParticipant(meetingId, body)).data;
      }),
    );
    const annPage = await join(ann?.token ?? '');
    const benPage = await join(ben?.token ?? '');
    await until(async () => (await recorded(annPage)).some(({ event }) => event === 'participantJoined'), 'Ben');
    await Promise.all([seesFrames(annPage), seesFrames(benPage)]);
    expect(await benPage.evaluate(() => e2e.realtimekit().tracks())).toEqual(['audio:live', 'video:live']);

    const counted = await countAfter(gavel, async () => {
      const answer = await api.realtimeKit.activeSession.kickParticipants(meetingId, {
        ...ids,
        participant_ids: [],
        custom_participant_ids: ['user-Ben'],
      });
      expect(answer).toMatchObject({
        success: true,
        data: { action: 'kick', participants: [{ id: ben?.id, name: 'Ben' }] },
      });
    });
    expectSilence(counted, { publishers: 1, players: 0 });

    await until(async () => (await recorded(benPage)).some(({ event }) => event === 'roomLeft'), 'roomLeft');
    expect((await recorded(benPage)).at(-1)).toMatchObject({ event: 'roomLeft', args: [{ state: 'kicked' }] });
    expect(await benPage.evaluate(() => e2e.realtimekit().client.self.roomState)).toBe('kicked');
    expect(
      (await benPage.evaluate(() => e2e.realtimekit().tracks())).filter((track) => track.endsWith('live')),
    ).toEqual([]);
    await until(
      async () => (await recorded(annPage)).some(({ event }) => event === 'participantLeft'),
      'participantLeft',
    );
    expect((await recorded(annPage)).at(-1)).toMatchObject({ event: 'participantLeft', args: ['Ben'] });
  });
});
