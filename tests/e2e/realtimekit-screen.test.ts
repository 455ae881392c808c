import { CHROMIUM } from '@gavel/testkit/chromium';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { countAfter, expectSilence } from './counting.ts';
import { until, ZegoTab } from './harness.ts';
import { Hall, hasOthers, type Person, recorded, sees, totals } from './meeting.ts';

let hall: Hall;

/** The error code of a share, or `done`. */
const share = (page: Page) =>
  page.evaluate(() =>
    e2e
      .realtimekit()
      .client.self.enableScreenShare()
      .then(
        () => 'done',
        (error: { code: string }) => error.code,
      ),
  );
const frames = (page: Page, name: string) => page.evaluate((name) => e2e.realtimekit().screenFrames(name), name);
async function seesScreen(page: Page, name: string): Promise<void> {
  const wanted = (await frames(page, name)) + 5;
  await until(async () => (await frames(page, name)) >= wanted, `the screen of ${name}`, 40_000);
}
/** The tracks of the local screen, live or not. */
const ownScreen = (page: Page) =>
  page.evaluate(() => {
    const { self } = e2e.realtimekit().client;
    return { enabled: self.screenShareEnabled, tracks: Object.keys(self.screenShareTracks) };
  });
const NONE = { enabled: false, tracks: [] };

describe.skipIf(CHROMIUM === '')('screens and pins in a meeting', () => {
  beforeAll(async () => {
    hall = await Hall.open();
  });
  afterEach(() => hall.clear());
  afterAll(() => hall?.close());

  test('a screen is seen beside the camera, one in the room, and ended by a host, media first (SCRN-1, SCRN-3, SCRN-4)', async () => {
    const { people } = await hall.meet('Hanna', 'Ben', 'Cem');
    const [hanna, ben, cem] = people as unknown as [Person, Person, Person];
    expect(await share(ben.page)).toBe('done');
    await Promise.all(
      [hanna, cem].map(async ({ page }) => {
        await sees(page, 'screen', 'Ben', true);
        await seesScreen(page, 'Ben');
      }),
    );
    expect(await share(cem.page)).toBe('1101');
    expect(await ownScreen(cem.page)).toEqual(NONE);

    // A participant that may not see the camera still sees the screen.
    await hanna.page.evaluate(() => e2e.realtimekit().find('Ben').disableVideo());
    await sees(ben.page, 'selfVideo', false);
    await seesScreen(cem.page, 'Ben');

    const counted = await countAfter(hall.gavel, () =>
      hanna.page.evaluate(() => e2e.realtimekit().find('Ben').disableScreenShare()),
    );
    // Three cameras, each played by two others.
    expectSilence(counted, { publishers: 3, players: 6 });
    await sees(ben.page, 'selfScreen', false);
    await sees(cem.page, 'screen', 'Ben', false);
    expect(await ownScreen(ben.page)).toEqual(NONE);

    expect(await share(cem.page)).toBe('done');
    await seesScreen(hanna.page, 'Cem');
    await cem.page.evaluate(() => {
      // The effect of the browser's own button.
      const { video } = e2e.realtimekit().client.self.screenShareTracks;
      video?.stop();
      video?.dispatchEvent(new Event('ended'));
    });
    await sees(hanna.page, 'screen', 'Cem', false);
    expect(await ownScreen(cem.page)).toEqual(NONE);
  });

  test('who loses the right to screens shares none any more, until it has it again (SCRN-4, HOST-6)', async () => {
    const { people } = await hall.meet('Hanna', 'Ben');
    const [hanna, ben] = people;
    expect(await share(ben.page)).toBe('done');
    await seesScreen(hanna.page, 'Ben');
    const allow = (access: 'ALLOWED' | 'NOT_ALLOWED') =>
      hanna.page.evaluate((canProduceScreenshare) => {
        const user = e2e.realtimekit();
        return user.client.participants.updatePermissions([user.find('Ben').id], { canProduceScreenshare });
      }, access);
    expectSilence(await countAfter(hall.gavel, () => allow('NOT_ALLOWED')), { publishers: 2, players: 2 });
    await sees(ben.page, 'selfScreen', false);
    expect(await share(ben.page)).toBe('1101');
    await allow('ALLOWED');
    const may = () =>
      ben.page.evaluate(() => e2e.realtimekit().client.self.permissions.canProduceScreenshare === 'ALLOWED');
    await until(may, 'the permission');
    expect(await share(ben.page)).toBe('done');
    await seesScreen(hanna.page, 'Ben');
  });

  test('a user of the other dialect sees a screen as a second stream, and its frames (SCRN-1)', async () => {
    const { people, meetingId } = await hall.meet('Hanna', 'Ben');
    const [hanna] = people;
    const { stage, gavel } = hall;
    const zed = await ZegoTab.join(stage, gavel.baseUrl, gavel.app.appId, meetingId, 'zed');
    hall.pages.push(zed.page);
    expect(await share(hanna.page)).toBe('done');
    const streams = async () =>
      (await zed.callbacks('roomStreamUpdate')).flatMap(([, , type, list]) =>
        type === 'ADD' ? (list as { streamID: string; user: { userID: string } }[]) : [],
      );
    await until(async () => (await streams()).length === 3, 'three streams');
    const ofHanna = (await streams()).filter(({ user }) => user.userID === hanna.id).map(({ streamID }) => streamID);
    expect(ofHanna).toHaveLength(2);
    const shown = (id: string) => zed.page.evaluate((id) => e2e.zego().firstFrames[id] !== undefined, id);
    for (const id of ofHanna) await until(() => shown(id), id);
  });

  test('a pin shows for everybody and for late comers, and disturbs no media; a participant pins nobody (PIN-1, PIN-2)', async () => {
    const { people, meetingId } = await hall.meet('Hanna', 'Ben', 'Cem');
    const [hanna, ben, cem] = people as unknown as [Person, Person, Person];
    const pin = (page: Page, name: string) =>
      page.evaluate(
        (name) =>
          e2e
            .realtimekit()
            .find(name)
            .pin()
            .then(
              () => 'done',
              (error: { code: string }) => error.code,
            ),
        name,
      );
    expect(await pin(cem.page, 'Ben')).toBe('1201');
    const before = (await totals(cem.page)).packetsReceived;
    expect(await pin(hanna.page, 'Ben')).toBe('done');
    await sees(ben.page, 'selfPinned');
    for (const { page } of [hanna, cem]) await sees(page, 'pinned', 'Ben');
    await until(async () => (await totals(cem.page)).packetsReceived >= before + 50, 'media');

    const late = await hall.join(meetingId, 'Dora', 'group_call_participant');
    await until(() => hasOthers(late.page, 3), 'everybody');
    const pinned = (page: Page) =>
      page.evaluate(() =>
        e2e
          .realtimekit()
          .client.participants.pinned.toArray()
          .map(({ name }) => name),
      );
    expect(await pinned(late.page)).toEqual(['Ben']);
    await hanna.page.evaluate(() => e2e.realtimekit().find('Ben').unpin());
    await sees(late.page, 'unpinned', 'Ben');
    expect(await pinned(late.page)).toEqual([]);
  });

  test('names change for everybody, and applications tell each other (NAME-1, CUST-1)', async () => {
    const { people } = await hall.meet('Hanna', 'Ben', 'Cem');
    const [hanna, ben, cem] = people as unknown as [Person, Person, Person];
    await ben.page.evaluate(() => e2e.realtimekit().client.self.setName('Benjamin'));
    await until(
      () =>
        cem.page.evaluate(() =>
          e2e
            .realtimekit()
            .client.participants.joined.toArray()
            .some(({ name }) => name === 'Benjamin'),
        ),
      'the new name',
    );
    await hanna.page.evaluate(async () => {
      const { participants } = e2e.realtimekit().client;
      await participants.broadcastMessage('guests', { n: 1 }, { presetNames: ['group_call_participant'] });
      const benjamin = e2e.realtimekit().find('Benjamin');
      await participants.broadcastMessage('one', { n: 2 }, { participantIds: [benjamin.id] });
      await participants.broadcastMessage('all', { n: 3 });
    });
    const messagesAt = async (page: Page) => (await recorded(page)).filter(([event]) => event === 'told');
    await sees(ben.page, 'told', 'all', { n: 3 });
    await sees(cem.page, 'told', 'all', { n: 3 });
    expect((await messagesAt(ben.page)).map(([, type]) => type)).toEqual(['guests', 'one', 'all']);
    expect((await messagesAt(cem.page)).map(([, type]) => type)).toEqual(['guests', 'all']);
    expect(await messagesAt(hanna.page)).toEqual([]);
  });
});
