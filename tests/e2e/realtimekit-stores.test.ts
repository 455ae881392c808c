import { CHROMIUM } from '@gavel/testkit/chromium';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from './harness.ts';
import { Hall } from './meeting.ts';

let hall: Hall;

/** Creates the store `board` on a page, and records what its subscribers hear. */
const create = (page: Page) =>
  page.evaluate(async () => {
    const store = await e2e.realtimekit().client.stores.create('board');
    const heard: unknown[] = [];
    Object.assign(store, { heard });
    store.subscribe('*', (data) => heard.push(data));
    return store.getAll();
  });
const content = (page: Page) =>
  page.evaluate(() => e2e.realtimekit().client.stores.stores.get('board')?.getAll() ?? {});
const heard = (page: Page) =>
  page.evaluate(() => (e2e.realtimekit().client.stores.stores.get('board') as unknown as { heard: unknown[] }).heard);
const set = (page: Page, key: string, value: unknown) =>
  page.evaluate(([key, value]) => e2e.realtimekit().client.stores.stores.get('board')?.set(key, value), [
    key,
    value,
  ] as const);
const add = (page: Page, key: string, value: unknown) =>
  page.evaluate(([key, value]) => e2e.realtimekit().client.stores.stores.get('board')?.update(key, value), [
    key,
    value,
  ] as const);

describe.skipIf(CHROMIUM === '')('stores of a meeting', () => {
  beforeAll(async () => {
    hall = await Hall.open();
  });
  afterEach(() => hall.clear());
  afterAll(() => hall?.close());

  test('what one participant stores, the others get, also who joins later; simultaneous extensions all count (STORE-1, STORE-2, STORE-6)', async () => {
    const { meetingId, people } = await hall.meet('Hanna', 'Ben');
    const [hanna, ben] = people;
    for (const { page } of people) expect(await create(page)).toEqual({});
    await set(hanna.page, 'scene', { shapes: [] });
    await until(async () => 'scene' in (await content(ben.page)), 'the scene');
    expect([await heard(hanna.page), await heard(ben.page)]).toEqual([[], [{ scene: { shapes: [] } }]]);

    await set(hanna.page, 'hands', []);
    await Promise.all([add(hanna.page, 'hands', ['Hanna']), add(ben.page, 'hands', ['Ben'])]);
    for (const { page } of people) {
      await until(async () => ((await content(page)).hands as string[] | undefined)?.length === 2, 'both hands');
    }
    const { hands } = await content(hanna.page);
    expect([...(hands as string[])].sort()).toEqual(['Ben', 'Hanna']);
    expect(await content(ben.page)).toEqual(await content(hanna.page));

    const lea = await hall.join(meetingId, 'Lea', 'group_call_participant');
    expect(await create(lea.page)).toEqual(await content(hanna.page));
  });
});
