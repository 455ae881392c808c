/** The chat of RealtimeKit's UI kit, and its kit for React, on Gavel's client, in real browsers with real media. */

import { CHROMIUM } from '@gavel/testkit/chromium';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expectFrames, expectTiles, KitHall, openSidebar, toggleOf } from './kit.ts';

let hall: KitHall;

const HOST = 'group_call_host';
const GUEST = 'group_call_participant';
/** A red square of 8 x 8 pixels. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC',
  'base64',
);

const messageOf = (page: Page, text: string): Locator => page.locator('rtk-message-view', { hasText: text });

/** Sends a text by the composer. */
async function say(page: Page, text: string): Promise<void> {
  await page.locator('rtk-chat textarea').fill(text);
  await page.keyboard.press('Enter');
  await messageOf(page, text).waitFor();
}

/** Picks an action in the menu of a message. */
async function pickMessageAction(page: Page, text: string, action: string): Promise<void> {
  const message = messageOf(page, text);
  // The buttons are shown while the pointer is on the message, and move with every message that arrives.
  await message.locator('button.actions').dispatchEvent('click');
  await message.locator('rtk-menu-item', { hasText: action }).dispatchEvent('click');
}

describe.skipIf(CHROMIUM === '')("the chat of RealtimeKit's UI kit on Gavel's client", { timeout: 180_000 }, () => {
  beforeAll(async () => {
    hall = await KitHall.open();
  }, 120_000);
  afterAll(() => hall?.close());

  describe('of two participants', () => {
    let hanna: Page;
    let ben: Page;

    beforeAll(async () => {
      const meetingId = await hall.create();
      [hanna, ben] = await Promise.all([hall.join(meetingId, 'Hanna', HOST), hall.join(meetingId, 'Ben', GUEST)]);
      for (const page of [hanna, ben]) {
        await page.locator('rtk-participant-count[aria-label^="2 "]').waitFor();
        await openSidebar(page, 'Chat');
      }
    }, 180_000);
    afterEach(() => expect(hall.takeProblems()).toEqual([]));
    afterAll(() => hall.clear());

    test('a message is edited and deleted by its menu, for everybody (SDK-2, CHAT-5)', async () => {
      await say(ben, 'lunch at one');
      await pickMessageAction(ben, 'lunch at one', 'Edit');
      await expect.poll(() => ben.locator('rtk-chat textarea').inputValue()).toBe('lunch at one');
      await ben.locator('rtk-chat textarea').fill('lunch at two');
      await ben.keyboard.press('Enter');
      for (const page of [ben, hanna]) {
        await messageOf(page, 'lunch at two').waitFor();
        expect(await messageOf(page, 'lunch at one').count()).toBe(0);
      }
      await pickMessageAction(ben, 'lunch at two', 'Delete');
      for (const page of [ben, hanna]) await messageOf(page, 'lunch at two').waitFor({ state: 'detached' });
    });

    test('an image is shown to the others (SDK-2, CHAT-10)', async () => {
      const picker = ben.locator('rtk-chat rtk-file-picker-button').nth(1);
      const [chooser] = await Promise.all([ben.waitForEvent('filechooser'), picker.click()]);
      await chooser.setFiles({ name: 'red.png', mimeType: 'image/png', buffer: PNG });
      await ben.locator('rtk-chat rtk-button[title="Send message"]').click();
      for (const page of [hanna, ben]) {
        const image = page.locator('rtk-image-message-view img');
        await image.waitFor();
        await expect.poll(() => image.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBe(8);
      }
    });
  });

  test('in the kit for React a message and a screen reach the other (SDK-2)', async () => {
    const meetingId = await hall.create();
    const [hanna, ben] = await Promise.all([
      hall.join(meetingId, 'Hanna', HOST, 'react'),
      hall.join(meetingId, 'Ben', GUEST, 'react'),
    ]);
    for (const page of [hanna, ben]) {
      await expectTiles(page, 'Hanna', 'Ben');
      await openSidebar(page, 'Chat');
    }
    await say(ben, 'hello');
    await messageOf(hanna, 'hello').waitFor();
    await say(hanna, 'good morning');
    await messageOf(ben, 'good morning').waitFor();

    await toggleOf(ben, 'rtk-screen-share-toggle').click();
    await expectFrames(hanna.locator('rtk-screenshare-view video'));
    await toggleOf(ben, 'rtk-screen-share-toggle').click();
    await hanna.locator('rtk-screenshare-view').first().waitFor({ state: 'detached' });
    await hall.clear();
    expect(hall.takeProblems()).toEqual([]);
  });
});
