import { expect, test } from 'vitest';
import { KEYFRAME_INTERVAL_MS, KeyframeRequester } from './keyframe-requester.ts';

test('the first request goes out at once, those after it wait and become one (MED-2)', () => {
  let sent = 0;
  const requester = new KeyframeRequester(() => {
    sent += 1;
    return true;
  });
  requester.request(0);
  expect(sent).toBe(1);
  for (let nowMs = 1; nowMs < KEYFRAME_INTERVAL_MS; nowMs += 50) requester.request(nowMs);
  expect(sent).toBe(1);
  requester.tick(KEYFRAME_INTERVAL_MS);
  expect(sent).toBe(2);
  requester.tick(10 * KEYFRAME_INTERVAL_MS);
  expect(sent).toBe(2);
});

test('a request that cannot be sent yet is kept until it can', () => {
  let canSend = false;
  let sent = 0;
  const requester = new KeyframeRequester(() => {
    if (canSend) sent += 1;
    return canSend;
  });
  requester.request(0);
  requester.tick(20);
  canSend = true;
  requester.tick(40);
  requester.tick(60);
  expect(sent).toBe(1);
});
