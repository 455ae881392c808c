import { CHROMIUM } from '@gavel/testkit/chromium';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { countAfter, expectSilence } from './counting.ts';
import { until } from './harness.ts';
import { Hall, hasOthers, recorded, sees, totals } from './meeting.ts';
import { WebhookBook } from './webhook-book.ts';

let hall: Hall;
let book: WebhookBook;

async function seesFrames(page: Page): Promise<void> {
  await page.evaluate(() => e2e.realtimekit().showAll());
  await until(async () => (await totals(page)).framesDecoded >= 10, 'frames');
}
const tracks = (page: Page) => page.evaluate(() => e2e.realtimekit().tracks());

describe.skipIf(CHROMIUM === '')('a meeting with two participants and real media', () => {
  beforeAll(async () => {
    hall = await Hall.open();
    book = await WebhookBook.open(hall);
  });
  afterEach(() => hall.clear());
  afterAll(async () => {
    await hall?.close();
    await book?.close();
  });

  test('a participant kicked through the official package sees `kicked`, and its media ends with the answer (RTK-3, RTK-5, RTK-12)', async () => {
    const { api, ids } = hall;
    const { meetingId, people } = await hall.meet('Ann');
    const [ann, ben] = [people[0], await hall.join(meetingId, 'Ben', 'group_call_host')];
    await until(() => hasOthers(ann.page, 1), 'Ben');
    await Promise.all([seesFrames(ann.page), seesFrames(ben.page)]);
    expect(await tracks(ben.page)).toEqual(['audio:live', 'video:live']);

    const counted = await countAfter(hall.gavel, async () => {
      const answer = await api.realtimeKit.activeSession.kickParticipants(meetingId, {
        ...ids,
        participant_ids: [],
        custom_participant_ids: ['user-Ben'],
      });
      expect(answer).toMatchObject({
        success: true,
        data: { action: 'kick', participants: [{ id: ben.id, name: 'Ben' }] },
      });
    });
    expectSilence(counted, { publishers: 1, players: 0 });

    await sees(ben.page, 'roomLeft', { state: 'kicked' });
    expect((await recorded(ben.page)).at(-1)).toEqual(['roomLeft', { state: 'kicked' }]);
    expect(await ben.page.evaluate(() => e2e.realtimekit().client.self.roomState)).toBe('kicked');
    expect((await tracks(ben.page)).filter((track) => track.endsWith('live'))).toEqual([]);
    await sees(ann.page, 'participantLeft', 'Ben');
    expect((await recorded(ann.page)).at(-1)).toEqual(['participantLeft', 'Ben']);
    await book.tellsWhoCame(meetingId, 'user-Ann', 'user-Ben');
    await book.tells(meetingId, 'meeting.participantLeft user-Ben');
  });
});
