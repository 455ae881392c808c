import { CHROMIUM } from '@gavel/testkit/chromium';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until, Wire } from './harness.ts';
import { Hall, hasOthers, sees, totals } from './meeting.ts';
import { WebhookBook } from './webhook-book.ts';

let hall: Hall;
let book: WebhookBook;
let wire: Wire;

/** A host, and Ben, whose signalling connection can be cut; his media is not affected. */
async function meetOverWire() {
  const { meetingId, people } = await hall.meet('Hanna');
  wire = await Wire.to(hall.gavel.baseUrl);
  const ben = await hall.join(meetingId, 'Ben', 'group_call_participant', { baseUrl: wire.url, retryWindowMs: 6000 });
  const hanna = people[0];
  await until(() => hasOthers(hanna.page, 1), 'Ben');
  await until(async () => (await totals(hanna.page)).audioPacketsReceived >= 10, 'sound');
  await book.tellsWhoCame(meetingId, 'user-Hanna', 'user-Ben');
  return { meetingId, hanna, ben };
}

async function seesEnd(page: Page, state: string): Promise<void> {
  await sees(page, 'roomLeft', { state });
  const left = await page.evaluate(() => [e2e.realtimekit().client.self.roomState, ...e2e.realtimekit().tracks()]);
  expect(left.filter((each) => !each.endsWith('ended'))).toEqual([state]);
}

describe.skipIf(CHROMIUM === '')('a connection that is lost', () => {
  beforeAll(async () => {
    hall = await Hall.open({ rooms: { heartbeatIntervalMs: 1000, heartbeatTimeoutMs: 8000 } });
    book = await WebhookBook.open(hall);
  });
  afterEach(async () => {
    await hall.clear();
    wire?.close();
  });
  afterAll(async () => {
    await hall?.close();
    await book?.close();
  });

  test('for good shows as `disconnected`; the others and the webhook are told when the heartbeat time is over (ROOM-4, RTK-12)', async () => {
    const { meetingId, hanna, ben } = await meetOverWire();
    wire.cut();
    await seesEnd(ben.page, 'disconnected');
    await sees(hanna.page, 'participantLeft', 'Ben');
    await book.tells(meetingId, 'meeting.participantLeft user-Ben');
    const { streams } = await hall.gavel.engine.dump();
    expect(streams.filter(({ group }) => group.endsWith(meetingId))).toHaveLength(1);
  });

  test('by somebody who is deleted meanwhile shows as `kicked` when he comes back; the others are told at once (RTK-8, KICK-9)', async () => {
    const { meetingId, hanna, ben } = await meetOverWire();
    wire.cut();
    await hall.api.realtimeKit.meetings.deleteMeetingParticipant(ben.id, { ...hall.ids, meeting_id: meetingId });
    await sees(hanna.page, 'participantLeft', 'Ben');
    await book.tells(meetingId, 'meeting.participantLeft user-Ben');
    wire.mend();
    await seesEnd(ben.page, 'kicked');
    await book.tells(meetingId, 'meeting.participantLeft user-Ben');
  });
});
