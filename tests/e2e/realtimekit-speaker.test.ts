import { CHROMIUM } from '@gavel/testkit/chromium';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from './harness.ts';
import { Hall, type Person, recorded, sees } from './meeting.ts';

describe.skipIf(CHROMIUM === '')('the active speaker', () => {
  let hall: Hall;
  beforeAll(async () => {
    hall = await Hall.open();
  });
  afterAll(() => hall?.close());
  afterEach(() => hall.clear());

  const silence = ({ page }: Person) => page.evaluate(() => e2e.realtimekit().client.self.disableAudio());
  const speak = ({ page }: Person) => page.evaluate(() => e2e.realtimekit().speak());
  const speakersOf = async ({ page }: Person) =>
    (await recorded(page)).filter(([event]) => event === 'speaks').map(([, name]) => name);

  test('is whoever speaks, for everybody else and at once for those who join (SPK-1)', async () => {
    const { people, meetingId } = await hall.meet('ann', 'ben', 'cem');
    const [ann, ben, cem] = people;
    await Promise.all(people.map(silence));
    await speak(ann);
    for (const { page } of [ben, cem as Person]) await sees(page, 'speaks', 'ann');
    await silence(ann);
    await speak(ben);
    for (const { page } of [ann, cem as Person]) await sees(page, 'speaks', 'ben');
    expect((await speakersOf(cem as Person)).slice(-2)).toEqual(['ann', 'ben']);
    const dan = await hall.join(meetingId, 'dan', 'group_call_participant');
    await until(async () => (await speakersOf(dan)).includes('ben'), 'the speaker');
  });
});
