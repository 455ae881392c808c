import { CHROMIUM } from '@gavel/testkit/chromium';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until, ZegoTab } from './harness.ts';
import { Hall } from './meeting.ts';

let hall: Hall;

const messages = async (page: Page) =>
  (await page.evaluate(() => [...e2e.realtimekit().client.chat.messages])).map((message) => [
    message.type === 'text' ? message.message : message.type,
    message.isEdited,
    message.pinned,
  ]);
const sees = (page: Page, ...wanted: unknown[][]) =>
  until(async () => JSON.stringify(await messages(page)) === JSON.stringify(wanted), JSON.stringify(wanted));
const say = (page: Page, text: string) =>
  page.evaluate((text) => e2e.realtimekit().client.chat.sendTextMessage(text), text);
/** Requests a change of a message in the client's own list; returns the error code, or `done`. */
const change = (page: Page, action: 'edit' | 'deleteMessage' | 'pin' | 'unpin', index: number, text = '') =>
  page.evaluate(
    ([action, index, text]) => {
      const { chat } = e2e.realtimekit().client;
      const id = chat.messages[index]?.id ?? '';
      return (action === 'edit' ? chat.editTextMessage(id, text) : chat[action](id)).then(
        () => 'done',
        (error: { code: string }) => error.code,
      );
    },
    [action, index, text] as const,
  );

describe.skipIf(CHROMIUM === '')('messages of a meeting', () => {
  beforeAll(async () => {
    hall = await Hall.open();
  });
  afterEach(() => hall.clear());
  afterAll(() => hall?.close());

  test('are edited, pinned and deleted for everybody; a user of the other dialect keeps what it was told (CHAT-5, CHAT-6)', async () => {
    const { meetingId, people } = await hall.meet('Hanna', 'Ben');
    const [hanna, ben] = people;
    const { stage, gavel } = hall;
    const zed = await ZegoTab.join(stage, gavel.baseUrl, gavel.app.appId, meetingId, 'zed');
    hall.pages.push(zed.page);
    await say(hanna.page, 'Lunch at noon');
    for (const { page } of [hanna, ben]) await sees(page, ['Lunch at noon', false, false]);
    expect(await change(ben.page, 'edit', 0, 'No lunch')).toBe('1201');
    expect(await change(ben.page, 'deleteMessage', 0)).toBe('1201');

    expect(await change(hanna.page, 'edit', 0, 'Lunch at one')).toBe('done');
    expect(await change(ben.page, 'pin', 0)).toBe('done');
    for (const { page } of [hanna, ben]) await sees(page, ['Lunch at one', true, true]);
    const lea = await hall.join(meetingId, 'Lea', 'group_call_participant');
    const fetched = await lea.page.evaluate(() => e2e.realtimekit().client.chat.fetchPinnedMessages({ limit: 10 }));
    expect(fetched).toMatchObject([{ message: 'Lunch at one', displayName: 'Hanna', pinned: true }]);

    expect(await change(hanna.page, 'deleteMessage', 0)).toBe('done');
    for (const { page } of [hanna, ben]) await sees(page);
    await zed.callback('IMRecvBroadcastMessage', 'Lunch at noon');
    expect(await zed.callbacks('IMRecvBroadcastMessage')).toHaveLength(1);
  });
});
