import { startTestServer, type TestServer } from '@gavel/testkit';
import { CHROMIUM, launchChromium } from '@gavel/testkit/chromium';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DESKTOP, findAccessibilityFaults, openPage, PHONE, waitForVideo } from './testing/page-e2e.ts';

let browser: Browser;
let gavel: TestServer;
let complaints: string[];

describe.skipIf(CHROMIUM === '')('the page, judged by axe-core', () => {
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    complaints = [];
    gavel = await startTestServer({ media: 'real' });
  });
  afterEach(async () => {
    await gavel.close();
    expect(complaints).toEqual([]);
  });

  test('has no serious fault in any of its views, light and dark, at the width of a desktop and of a phone', async () => {
    const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
    const faults: Record<string, string[]> = {};
    const ann = await openPage(context, `${gavel.baseUrl}/?room=lobby&user=ann&source=camera`, complaints);
    const judge = async (view: string, viewports = [DESKTOP, PHONE]) => {
      for (const viewport of viewports) {
        await ann.setViewportSize(viewport);
        const found = await findAccessibilityFaults(ann);
        if (found.length > 0) faults[`${view}, ${viewport.width} pixels`] = found;
      }
    };
    await ann.getByTestId('camera-select').waitFor();
    await judge('join');
    await ann.getByTestId('join-button').click();
    await openPage(context, `${gavel.baseUrl}/?room=lobby&user=bob&source=test&autojoin=1`, complaints);
    await waitForVideo(ann, 'bob');
    await judge('room');

    await ann.getByTestId('devices-button').click();
    await judge('devices');
    await ann.keyboard.press('Escape');
    // On a phone, one part at a time is shown.
    for (const view of ['chat', 'log', 'moderation'] as const) {
      await ann.getByTestId(`view-${view}`).click();
      await judge(view, [PHONE]);
    }
    await ann.getByTestId('curl-toggle-kick-bob').click();
    await ann.getByTestId('curl-kick-bob').filter({ hasText: 'Action=KickoutUser' }).waitFor();
    await judge('command line');
    await ann.getByTestId('close-room').click();
    await judge('question');
    await ann.getByTestId('confirm-cancel').click();
    await ann.getByTestId('kick-bob').click();
    await ann.locator('[data-testid=answer][data-code="0"]').waitFor();
    await judge('after a kick');

    await gavel.call('KickoutUser', { RoomId: 'lobby', UserId: ['ann'], CustomReason: 'Bye' });
    await ann.getByTestId('banner').waitFor();
    await judge('kicked');
    await context.close();
    expect(faults).toEqual({});
  }, 120_000);
});
