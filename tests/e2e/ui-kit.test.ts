/** RealtimeKit's UI kit, unchanged, on Gavel's client: web components and React, in real browsers with real media. */

import { readFileSync } from 'node:fs';
import { CHROMIUM } from '@gavel/testkit/chromium';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expectEnded, expectFrames, expectTiles, KitHall, openSidebar, pickAction, tileOf, toggleOf } from './kit.ts';

let hall: KitHall;

const HOST = 'group_call_host';
const GUEST = 'group_call_participant';
const NAMES = ['Hanna', 'Ben'];
const KICKED = 'You were removed from the meeting.';
const ENDED = 'The meeting ended.';
const REFUSED = 'Your request to join the meeting was denied.';

const gone = (page: Page, element: string) => page.locator(element).first().waitFor({ state: 'detached' });
const messageOf = (page: Page, text: string) => page.locator('rtk-message-view', { hasText: text });
const option = (page: Page, text: string) => page.locator('rtk-poll .poll-option', { hasText: text });

describe.skipIf(CHROMIUM === '')("RealtimeKit's UI kit on Gavel's client", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    hall = await KitHall.open();
  }, 120_000);
  afterAll(() => hall?.close());

  describe('in a meeting of a host and a guest', () => {
    let hanna: Page;
    let ben: Page;

    beforeAll(async () => {
      const meetingId = await hall.create();
      [hanna, ben] = await Promise.all([hall.join(meetingId, 'Hanna', HOST), hall.join(meetingId, 'Ben', GUEST)]);
    }, 120_000);
    afterEach(() => expect(hall.takeProblems()).toEqual([]));
    afterAll(() => hall.clear());

    test('both see the tiles of both, with names and pictures (SDK-2)', async () => {
      for (const page of [hanna, ben]) {
        await expectTiles(page, ...NAMES);
        await page.locator('rtk-participant-count[aria-label^="2 "]').waitFor();
        await page.locator('rtk-meeting-title', { hasText: 'Stand-up' }).waitFor();
      }
    });

    test('no button is shown for what the server does not do (SDK-2)', async () => {
      await toggleOf(hanna, 'rtk-leave-button').waitFor();
      for (const name of ['recording', 'ai', 'livestream', 'plugins', 'breakout-rooms']) {
        expect(await hanna.locator(`rtk-${name}-toggle rtk-controlbar-button:visible`).count(), name).toBe(0);
      }
    });

    test('the buttons of microphone and camera turn them off and on for the others (SDK-2)', async () => {
      const tile = tileOf(hanna, 'Ben');
      const muted = tile.locator('rtk-audio-visualizer rtk-icon:visible');
      await toggleOf(ben, 'rtk-mic-toggle').click();
      await muted.waitFor();
      await toggleOf(ben, 'rtk-mic-toggle').click();
      await muted.waitFor({ state: 'detached' });
      await toggleOf(ben, 'rtk-camera-toggle').click();
      await tile.locator('video').waitFor({ state: 'hidden' });
      await toggleOf(ben, 'rtk-camera-toggle').click();
      await expectFrames(tile.locator('video'));
    });

    test('a text and a file reach the other, who can open the file (SDK-2)', async () => {
      await openSidebar(ben, 'Chat');
      for (const text of ['hello', 'everybody']) {
        await ben.locator('rtk-chat textarea').fill(text);
        await ben.keyboard.press('Enter');
        await messageOf(ben, text).waitFor();
      }
      await openSidebar(hanna, 'Chat');
      const [first, second] = await Promise.all(
        ['hello', 'everybody'].map((text) => messageOf(hanna, text).boundingBox()),
      );
      expect(first?.y).toBeLessThan(second?.y ?? 0);

      const [chooser] = await Promise.all([
        ben.waitForEvent('filechooser'),
        ben.locator('rtk-chat rtk-file-picker-button').first().click(),
      ]);
      await chooser.setFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('the notes') });
      await ben.locator('rtk-chat rtk-button[title="Send message"]').click();
      const file = hanna.locator('rtk-file-message-view', { hasText: 'notes.txt' });
      const [download] = await Promise.all([hanna.waitForEvent('download'), file.locator('rtk-button').click()]);
      expect(download.suggestedFilename()).toBe('notes.txt');
      expect(readFileSync(await download.path(), 'utf8')).toBe('the notes');
    });

    test('a poll is created and voted for, and both see the vote (SDK-2)', async () => {
      for (const page of [hanna, ben]) await openSidebar(page, 'Polls');
      await hanna.locator('rtk-polls rtk-button', { hasText: 'Create' }).click();
      const form = hanna.locator('rtk-poll-form');
      await form.locator('textarea').fill('Tea or coffee?');
      await form.locator('input[placeholder]').nth(0).fill('Tea');
      await form.locator('input[placeholder]').nth(1).fill('Coffee');
      await form.locator('rtk-button', { hasText: 'Create' }).click();
      await option(ben, 'Coffee').locator('input').click();
      for (const page of [ben, hanna]) {
        await option(page, 'Coffee').locator('.counter', { hasText: '1' }).waitFor();
      }
    });

    test('a host pins a participant for everybody (SDK-2)', async () => {
      await openSidebar(hanna, 'Participants');
      await pickAction(hanna, 'Ben', 'Pin');
      for (const page of [hanna, ben]) {
        await tileOf(page.locator('rtk-spotlight-grid main'), 'Ben').locator('.pinned-icon').waitFor();
      }
      await pickAction(hanna, 'Ben', 'Unpin');
      for (const page of [hanna, ben]) await gone(page, 'rtk-spotlight-grid');
    });

    test('a screen is shared, seen and ended by its button (SDK-2)', async () => {
      await toggleOf(ben, 'rtk-screen-share-toggle').click();
      await expectFrames(hanna.locator('rtk-screenshare-view video'));
      await toggleOf(ben, 'rtk-screen-share-toggle').click();
      await gone(hanna, 'rtk-screenshare-view');
    });

    test('who is kicked sees why, and is gone for the others (SDK-2)', async () => {
      await pickAction(hanna, 'Ben', 'Kick');
      await expectEnded(ben, KICKED);
      await tileOf(hanna, 'Ben').waitFor({ state: 'detached' });
    });
  });

  describe('in a meeting of its own', () => {
    afterEach(async () => {
      await hall.clear();
      expect(hall.takeProblems()).toEqual([]);
    });

    test('the setup screen shows the camera and the devices, and sets the name and the device of the meeting (SDK-2)', async () => {
      const meetingId = await hall.create();
      const hanna = await hall.enter(meetingId, 'Hanna', HOST);
      const setup = hanna.locator('rtk-setup-screen');
      await expectFrames(setup.locator('video'));
      expect(await setup.locator('input').inputValue()).toBe('Hanna');
      await setup.locator('input').fill('Johanna');
      await setup.locator('rtk-camera-selector select').selectOption({ label: 'fake_device_1' });
      await setup.locator('rtk-button', { hasText: 'Join' }).click();
      await expectTiles(hanna, 'Johanna');
      await toggleOf(hanna, 'rtk-settings-toggle').click();
      const camera = hanna.locator('rtk-settings-video rtk-camera-selector select option:checked');
      expect(await camera.first().textContent()).toBe('fake_device_1');
    });

    test('a host refuses and accepts who waits, and ends the meeting for all (SDK-2)', async () => {
      const meetingId = await hall.create();
      await hall.newPreset('waits', { waiting_room_type: 'SKIP_ON_ACCEPT' });
      const hanna = await hall.join(meetingId, 'Hanna', HOST);
      await openSidebar(hanna, 'Participants');
      await hanna.locator('rtk-participants button', { hasText: 'Requests' }).click();
      const waiting = (name: string) => hanna.locator('rtk-participants-waiting-list li', { hasText: name });

      const cem = await hall.join(meetingId, 'Cem', 'waits');
      await cem.locator('rtk-waiting-screen').waitFor();
      await waiting('Cem').locator('rtk-button:has(.deny)').click();
      await expectEnded(cem, REFUSED);
      await cem.context().close();

      const ben = await hall.join(meetingId, 'Ben', 'waits');
      await ben.locator('rtk-waiting-screen').waitFor();
      await waiting('Ben').locator('rtk-button:has(.accept)').click();
      await expectTiles(ben, ...NAMES);

      await toggleOf(hanna, 'rtk-leave-button').click();
      await hanna.locator('rtk-leave-meeting rtk-button', { hasText: 'End meeting for all' }).click();
      for (const page of [hanna, ben]) await expectEnded(page, ENDED);
    });

    test('a viewer asks for the stage, is let on it, is then seen, and leaves it (SDK-2)', async () => {
      const meetingId = await hall.create();
      const access = { can_produce: 'CAN_REQUEST' };
      await hall.newPreset(
        'viewer',
        { media: { audio: access, video: access, screenshare: access } },
        'webinar_viewer',
      );
      const [hanna, vera] = await Promise.all([
        hall.join(meetingId, 'Hanna', 'webinar_presenter'),
        hall.join(meetingId, 'Vera', 'viewer'),
      ]);
      await expectTiles(vera, 'Hanna');
      expect(await tileOf(vera, 'Vera').count()).toBe(0);

      await toggleOf(vera, 'rtk-stage-toggle').click();
      await openSidebar(hanna, 'Participants');
      await hanna.locator('rtk-participants button', { hasText: 'Requests' }).click();
      const request = hanna.locator('rtk-participants-stage-queue li', { hasText: 'Vera' });
      await request.locator('rtk-button:has(.accept)').click();
      await vera.locator('rtk-join-stage rtk-button', { hasText: 'Join' }).click();
      await toggleOf(vera, 'rtk-camera-toggle').click();
      for (const page of [hanna, vera]) await expectTiles(page, 'Vera');

      await toggleOf(vera, 'rtk-stage-toggle').click();
      for (const page of [hanna, vera]) await tileOf(page, 'Vera').waitFor({ state: 'detached' });
    });

    test('nine participants are shown with their names and pictures (SDK-2)', async () => {
      const crowd = ['Ada', 'Bob', 'Cem', 'Dan', 'Eva', 'Fay', 'Gus', 'Hal'];
      const meetingId = await hall.create();
      const [hanna] = await Promise.all([hall.join(meetingId, 'Hanna', HOST), hall.joinCrowd(meetingId, crowd)]);
      await expectTiles(hanna, 'Hanna', ...crowd);
      expect(await hanna.locator('rtk-grid rtk-participant-tile').count()).toBe(9);
    });

    test('the kit for React joins, shows two participants, and is kicked (SDK-2)', async () => {
      const meetingId = await hall.create();
      const [hanna, ben] = await Promise.all([
        hall.join(meetingId, 'Hanna', HOST, 'react'),
        hall.join(meetingId, 'Ben', GUEST, 'react'),
      ]);
      for (const page of [hanna, ben]) await expectTiles(page, ...NAMES);
      await openSidebar(hanna, 'Participants');
      await pickAction(hanna, 'Ben', 'Kick');
      await expectEnded(ben, KICKED);
    });
  });
});
