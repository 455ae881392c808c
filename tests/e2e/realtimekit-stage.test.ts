import { CHROMIUM } from '@gavel/testkit/chromium';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from './harness.ts';
import { Hall, totals } from './meeting.ts';

let hall: Hall;

const statusOf = (page: Page) => page.evaluate(() => e2e.realtimekit().client.stage.status);
const has = (page: Page, status: string) => until(async () => (await statusOf(page)) === status, status);
const codeOf = (page: Page, step: 'requestAccess' | 'join' | 'leave') =>
  page.evaluate(
    (step) =>
      e2e
        .realtimekit()
        .client.stage[step]()
        .then(
          () => 'done',
          ({ code }: { code: string }) => code,
        ),
    step,
  );
const enableMedia = (page: Page) =>
  page.evaluate(async () => {
    const { self } = e2e.realtimekit().client;
    const attempt = (call: Promise<void>) =>
      call.then(
        () => 'done',
        ({ code }: { code: string }) => code,
      );
    return [await attempt(self.enableAudio()), await attempt(self.enableVideo())];
  });

describe.skipIf(CHROMIUM === '')('the stage of a webinar', () => {
  beforeAll(async () => {
    hall = await Hall.open();
  });
  afterEach(() => hall.clear());
  afterAll(() => hall?.close());

  test('a viewer is heard only on the stage: asked for, granted, joined, and taken off by the host (STAGE-1, STAGE-3, STAGE-4)', async () => {
    const meetingId = await hall.create();
    const host = await hall.join(meetingId, 'Hanna', 'webinar_presenter');
    const viewer = await hall.join(meetingId, 'Vera', 'webinar_viewer');
    expect([await statusOf(host.page), await statusOf(viewer.page)]).toEqual(['ON_STAGE', 'OFF_STAGE']);
    await until(async () => (await totals(viewer.page)).audioPacketsReceived >= 10, 'the host is heard');
    expect(await enableMedia(viewer.page)).toEqual(['1101', '1101']);
    expect(await codeOf(viewer.page, 'join')).toBe('1201');
    expect((await totals(host.page)).audioPacketsReceived).toBe(0);

    expect(await codeOf(viewer.page, 'requestAccess')).toBe('done');
    await until(
      () => host.page.evaluate(() => e2e.realtimekit().client.stage.getAccessRequests().stageRequests.length === 1),
      'the request',
    );
    await host.page.evaluate(() => {
      const { stage } = e2e.realtimekit().client;
      return stage.grantAccess(stage.getAccessRequests().stageRequests.map(({ userId }) => userId));
    });
    await has(viewer.page, 'ACCEPTED_TO_JOIN_STAGE');
    expect(await codeOf(viewer.page, 'join')).toBe('done');
    await has(viewer.page, 'ON_STAGE');
    expect(await enableMedia(viewer.page)).toEqual(['done', 'done']);
    await until(async () => (await totals(host.page)).audioPacketsReceived >= 10, 'the viewer is heard');

    await host.page.evaluate((id) => e2e.realtimekit().client.stage.kick([id]), viewer.id);
    await has(viewer.page, 'OFF_STAGE');
    const { audioPacketsReceived: atKick } = await totals(host.page);
    expect(await viewer.page.evaluate(() => e2e.realtimekit().client.self.audioEnabled)).toBe(false);
    expect(await enableMedia(viewer.page)).toEqual(['1101', '1101']);
    // The host is heard still: packets arrive there meanwhile.
    const before = (await totals(viewer.page)).audioPacketsReceived;
    await until(async () => (await totals(viewer.page)).audioPacketsReceived >= before + 20, 'the host is heard');
    expect((await totals(host.page)).audioPacketsReceived - atKick).toBeLessThanOrEqual(0);
  });
});
