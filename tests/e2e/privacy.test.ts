import { CHROMIUM } from '@gavel/testkit/chromium';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from './harness.ts';
import { Hall, hasOthers } from './meeting.ts';

let hall: Hall;

describe.skipIf(CHROMIUM === '')('a camera that takes its time to open', () => {
  beforeAll(async () => {
    hall = await Hall.open();
  });
  afterEach(() => hall.clear());
  afterAll(() => hall?.close());

  test('who leaves while it opens has nothing live and published nothing, and turned off it stays off (PRIV-1)', async () => {
    const { meetingId, people } = await hall.meet('Ann');
    const ben = await hall.join(meetingId, 'Ben', 'group_call_host');
    const ann = people[0];
    if (!ann) throw new Error('nobody is there');
    await until(() => hasOthers(ann.page, 1), 'Ben');
    const result = await ben.page.evaluate(async () => {
      const { client } = e2e.realtimekit();
      const { self } = client;
      await self.disableVideo();
      const { mediaDevices } = navigator;
      const open = mediaDevices.getUserMedia.bind(mediaDevices);
      const given: MediaStreamTrack[] = [];
      const slow = async (constraints?: MediaStreamConstraints) => {
        await new Promise((resolve) => setTimeout(resolve, 600));
        const stream = await open(constraints);
        given.push(...stream.getTracks());
        return stream;
      };
      mediaDevices.getUserMedia = slow;
      const first = self.enableVideo();
      await new Promise((resolve) => setTimeout(resolve, 5));
      await self.disableVideo();
      await first;
      const isOff = !self.videoEnabled;
      const second = self.enableVideo();
      await client.leave();
      await second;
      return { isOff, states: given.map(({ readyState }) => readyState), own: e2e.realtimekit().tracks() };
    });
    // The first call resolves when its camera was opened and closed; so does the second.
    expect(result).toEqual({ isOff: true, states: ['ended', 'ended'], own: [] });
    await until(() => hasOthers(ann.page, 0), 'Ben gone');
  });
});
