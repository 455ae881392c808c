/** Log lines and audit log entries of calls (ACC-5, KICK-11; not in reference zego). */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Harness, type LogLine, publish, start } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await start();
});
afterEach(() => harness.close());

const linesOf = (requestId: string, message: string): LogLine[] =>
  harness.log.filter((line) => line.requestId === requestId && line.msg === message);

test('each call leaves a line with its RequestId, Action, AppId, Code and duration (ACC-5)', async () => {
  const { RequestId } = await harness.call('CloseRoom', { RoomId: 'r' });
  expect(linesOf(RequestId, 'zego call')).toEqual([
    expect.objectContaining({
      action: 'CloseRoom',
      appId: String(harness.app.appId),
      code: 5018,
      durationMs: expect.any(Number),
    }),
  ]);
});

test('a refused call leaves its line too, and what it sent is cut (ACC-5)', async () => {
  const { RequestId } = await harness.call('x'.repeat(5000), { AppId: 'y'.repeat(5000) });
  expect(linesOf(RequestId, 'zego call')).toMatchObject([
    { action: 'x'.repeat(64), appId: 'y'.repeat(64), code: 100000001 },
  ]);
});

test('a change leaves a line in the audit log: who, what, where, whom, why, and the code (ACC-5, KICK-11)', async () => {
  for (const user of ['a', 'b', 'c']) await harness.join('r', user);
  const { RequestId } = await harness.call('KickoutUser', {
    RoomId: 'r',
    UserId: ['a', 'b'],
    CustomReason: '原因 "x"',
  });
  expect(linesOf(RequestId, 'zego change')).toMatchObject([
    {
      audit: true,
      who: `app:${harness.app.appId}`,
      action: 'KickoutUser',
      environment: 'production',
      room: 'r',
      targets: ['a', 'b'],
      reason: '原因 "x"',
      code: 0,
    },
  ]);
});

test('the audit log has who acts in whose name, and changes that failed', async () => {
  await publish(await harness.join('r', 'a'), 's');
  const stream = { RoomId: 'r', UserId: 'moderator', StreamId: 's' };
  const first = await harness.call('DeleteStream', stream);
  const second = await harness.call('DeleteStream', stream);
  expect(linesOf(first.RequestId, 'zego change')).toMatchObject([{ actor: 'moderator', targets: ['s'], code: 0 }]);
  expect(linesOf(second.RequestId, 'zego change')).toMatchObject([{ actor: 'moderator', targets: ['s'], code: 138 }]);
});

test('reading, and what was refused before it did anything, is not in the audit log', async () => {
  const answers = [
    await harness.call('DescribeUserNum', { RoomId: ['r'] }),
    await harness.call('KickoutUser', { RoomId: 'r', UserId: [] }),
    await harness.call('CloseRoom', { RoomId: 'r', Signature: 'x' }),
  ];
  for (const { RequestId } of answers) expect(linesOf(RequestId, 'zego change')).toEqual([]);
});

test('no secret and no signature is in any log', async () => {
  await harness.join('r', 'a');
  const path = harness.sign({ Action: 'KickoutUser', RoomId: 'r', UserId: ['a'] });
  await harness.get(path);
  const text = JSON.stringify(harness.log);
  expect(text).not.toContain(harness.app.serverSecret);
  expect(text).not.toContain(new URLSearchParams(path).get('Signature'));
});
