/** The waiting room and hidden participants, in real browsers. */

import { CHROMIUM } from '@gavel/testkit/chromium';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { STOCK_PRESETS } from '../../packages/server/src/realtimekit/stock-presets.ts';
import { pause } from './counting.ts';
import { until } from './harness.ts';
import { Hall, type Person, recorded, sees, totals } from './meeting.ts';

let hall: Hall;
let meetingId: string;

/** Creates a preset like the default participant preset, with some permissions changed. */
async function newPreset(name: string, permissions: object): Promise<void> {
  const stock = STOCK_PRESETS.find((each) => each.name === 'group_call_participant')?.definition as {
    readonly [part in 'config' | 'permissions' | 'ui']: object;
  };
  const definition = { ...stock, permissions: { ...stock.permissions, ...permissions } };
  const { account_id, app_id } = hall.ids;
  await hall.api.realtimeKit.presets.create(app_id, { account_id, name, ...definition } as never);
}
const join = (name: string, preset: string): Promise<Person> => hall.join(meetingId, name, preset);
const roomState = (page: Page) => page.evaluate(() => e2e.realtimekit().client.self.roomState);
/** Answers a waiting participant's request; returns the error code, or `done`. */
const answer = (page: Page, name: string, call: 'acceptWaitingRoomRequest' | 'rejectWaitingRoomRequest') =>
  page.evaluate(
    ([name, call]) => {
      const { participants } = e2e.realtimekit().client;
      const { id } = participants.waitlisted.toArray().find((each) => each.name === name) ?? { id: 'nobody' };
      return participants[call](id).then(
        () => 'done',
        (error: { code: string }) => error.code,
      );
    },
    [name, call] as const,
  );
const hears = async (page: Page) => {
  const before = (await totals(page)).audioPacketsReceived;
  await until(async () => (await totals(page)).audioPacketsReceived >= before + 10, 'sound');
};

describe.skipIf(CHROMIUM === '')('a meeting with a waiting room', () => {
  beforeAll(async () => {
    hall = await Hall.open();
    await newPreset('until-accepted', { waiting_room_type: 'SKIP_ON_ACCEPT' });
    await newPreset('until-attended', { waiting_room_type: 'ON_PRIVILEGED_USER_ENTRY' });
    await newPreset('hidden', { hidden_participant: true });
  });
  beforeEach(async () => {
    const { account_id, app_id } = hall.ids;
    meetingId = (await hall.api.realtimeKit.meetings.create(app_id, { account_id, title: 'Stand-up' })).data?.id ?? '';
  });
  afterEach(() => hall.clear());
  afterAll(() => hall?.close());

  test('who waits gets and gives nothing; accepted, it hears and is heard (WAIT-1, WAIT-4, WAIT-5)', async () => {
    const hanna = await join('Hanna', 'group_call_host');
    const ben = await join('Ben', 'until-accepted');
    expect(await roomState(ben.page)).toBe('waitlisted');
    await sees(ben.page, 'waitlisted');
    await sees(hanna.page, 'asks', 'Ben');
    await pause(700);
    expect(await totals(ben.page)).toMatchObject({ packetsReceived: 0, packetsSent: 0 });
    const { streams } = await hall.gavel.engine.dump();
    expect(streams.filter(({ group }) => group.endsWith(meetingId))).toHaveLength(1);

    expect(await answer(hanna.page, 'Ben', 'acceptWaitingRoomRequest')).toBe('done');
    await sees(ben.page, 'roomJoined', { reconnected: false });
    await sees(hanna.page, 'participantJoined', 'Ben');
    await Promise.all([hears(ben.page), hears(hanna.page)]);
    const order = (await recorded(hanna.page)).map(([event]) => event);
    expect(order.filter((event) => ['asks', 'asksNoMore', 'participantJoined'].includes(event as string))).toEqual([
      'asks',
      'asksNoMore',
      'participantJoined',
    ]);
  });

  test('who is rejected sees it, and its camera is off (WAIT-9)', async () => {
    const hanna = await join('Hanna', 'group_call_host');
    const cem = await join('Cem', 'until-accepted');
    await sees(hanna.page, 'asks', 'Cem');
    expect(await answer(hanna.page, 'Cem', 'rejectWaitingRoomRequest')).toBe('done');
    await sees(cem.page, 'roomLeft', { state: 'rejected' });
    expect(await roomState(cem.page)).toBe('rejected');
    const tracks = await cem.page.evaluate(() => e2e.realtimekit().tracks());
    expect(tracks.filter((track) => track.endsWith('live'))).toEqual([]);
    expect((await recorded(hanna.page)).filter(([event]) => event === 'participantJoined')).toEqual([]);
  });

  test('who waits for a host is let in when one comes; kick-all ends it for those who wait too (WAIT-2, WAIT-9)', async () => {
    const ben = await join('Ben', 'until-attended');
    const dan = await join('Dan', 'until-accepted');
    expect([await roomState(ben.page), await roomState(dan.page)]).toEqual(['waitlisted', 'waitlisted']);
    const hanna = await join('Hanna', 'group_call_host');
    await sees(ben.page, 'roomJoined', { reconnected: false });
    await Promise.all([hears(ben.page), hears(hanna.page)]);
    await hanna.page.evaluate(() => e2e.realtimekit().client.participants.kickAll());
    for (const { page } of [hanna, ben, dan]) await sees(page, 'roomLeft', { state: 'ended' });
  });

  test('a hidden participant watches and is not seen (HIDE-1, HIDE-3)', async () => {
    const hanna = await join('Hanna', 'group_call_host');
    const spy = await join('Spy', 'hidden');
    await hears(spy.page);
    const ben = await join('Ben', 'group_call_participant');
    await Promise.all([hears(spy.page), hears(ben.page), hears(hanna.page)]);
    const others = (page: Page) =>
      page.evaluate(() =>
        e2e
          .realtimekit()
          .client.participants.joined.toArray()
          .map(({ name }) => name),
      );
    expect([await others(hanna.page), await others(ben.page)]).toEqual([['Ben'], ['Hanna']]);
    expect((await others(spy.page)).sort()).toEqual(['Ben', 'Hanna']);
    expect((await totals(spy.page)).packetsSent).toBe(0);
    await spy.page.evaluate(() => e2e.realtimekit().client.leave());
    await sees(spy.page, 'roomLeft', { state: 'left' });
    await hears(ben.page);
    const events = [...(await recorded(hanna.page)), ...(await recorded(ben.page))];
    expect(events.filter(([, name]) => name === 'Spy')).toEqual([]);
  });
});
