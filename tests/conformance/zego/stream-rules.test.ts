/** SetForbidStreamRule, DelForbidStreamRule and DescribeForbidStreamRules (reference zego 2.5), and their effect. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Harness, type Params, publish, start } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await start();
});
afterEach(() => harness.close());

const RULE = { RoomId: 'r', StreamId: 's' };
const set = (more: Params = {}, server = harness) =>
  server.call('SetForbidStreamRule', { ...RULE, DisableVideo: '1', ...more });
const remove = (more: Params = {}) => harness.call('DelForbidStreamRule', { ...RULE, ...more });
const describeRules = async (...StreamId: string[]) =>
  (await harness.call('DescribeForbidStreamRules', { RoomId: 'r', StreamId })).Data;
/** The kinds of the only stream that the engine blocks. */
const blocked = (server = harness) => [...server.engine.blocked.values()];

test('holds back kinds of a live stream at the engine before the answer; others see it off (RULE-1, RULE-4)', async () => {
  const [client, viewer] = [await harness.join('r', 'a'), await harness.join('r', 'viewer')];
  await publish(client, 's');
  expect(await set()).toEqual({ Code: 0, Message: 'success', RequestId: expect.any(String) });
  expect(blocked()).toEqual([{ audio: false, video: true }]);
  expect(await viewer.event('streamUpdated')).toMatchObject({ stream: { audio: true, video: false } });
  // The last call wins.
  await set({ DisableAudio: '1', DisableVideo: '0' });
  expect(blocked()).toEqual([{ audio: true, video: false }]);
  expect((await remove()).Code).toBe(0);
  expect(blocked()).toEqual([{ audio: false, video: false }]);
  await expect
    .poll(() => viewer.events.flatMap((event) => (event.event === 'streamUpdated' ? event.stream : [])))
    .toMatchObject([{ video: false }, { audio: false, video: true }, { audio: true, video: true }]);
});

test('holds for a stream that is published later, in its own room and environment only (RULE-2)', async () => {
  expect((await set()).Code).toBe(0);
  const client = await harness.join('r', 'a');
  await publish(client, 'other');
  await publish(await harness.join('r2', 'b'), 's2');
  expect(blocked()).toEqual([]);
  await publish(client, 's');
  expect(blocked()).toEqual([{ audio: false, video: true }]);
  expect(
    (
      await harness.rooms.snapshot({ appId: harness.app.appId, environment: 'production', roomId: 'r' } as never)
    )?.streams.map(({ blocked }) => blocked.video),
  ).toEqual([false, true]);
  // After a re-negotiation the engine receives it again.
  await client.media.publish('s');
  expect(blocked()).toEqual([{ audio: false, video: true }]);
});

test('set while media is being agreed on it holds from the first packet (RULE-2)', async () => {
  const client = await harness.join('r', 'a');
  harness.engine.beforeAnswer = async () => void (await set());
  await publish(client, 's');
  expect(blocked()).toEqual([{ audio: false, video: true }]);
});

test('ends by itself, to the millisecond (RULE-3)', async () => {
  await publish(await harness.join('r', 'a'), 's');
  await set({ EffectiveTime: '5' });
  harness.clock.advance(4999);
  expect(blocked()).toEqual([{ audio: false, video: true }]);
  harness.clock.advance(1);
  await vi.waitFor(() => expect(blocked()).toEqual([{ audio: false, video: false }]));
});

test('set anew, the earlier end is forgotten (RULE-3)', async () => {
  await publish(await harness.join('r', 'a'), 's');
  await set({ EffectiveTime: '5' });
  await set({ EffectiveTime: '50' });
  harness.clock.advance(5000);
  expect(blocked()).toEqual([{ audio: false, video: true }]);
  harness.clock.advance(45_000);
  await vi.waitFor(() => expect(blocked()).toEqual([{ audio: false, video: false }]));
});

test('what its publisher switches off stays off when the rule ends (RULE-4)', async () => {
  const [client, viewer] = [await harness.join('r', 'a'), await harness.join('r', 'viewer')];
  await publish(client, 's');
  await set();
  await client.request('updateStream', { streamId: 's', video: false });
  await remove();
  await viewer.request('heartbeat');
  const last = viewer.events.filter((event) => event.event === 'streamUpdated').at(-1);
  expect(last).toMatchObject({ stream: { audio: true, video: false } });
});

test('outlives a restart, and ends there too (RULE-5)', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'gavel-rules-'));
  try {
    const before = await start({ dataDir });
    await set({ EffectiveTime: '60' }, before);
    await before.close();
    before.clock.advance(10_000);
    const after = await start({ dataDir, clock: before.clock });
    try {
      await publish(await after.join('r', 'a'), 's');
      expect(blocked(after)).toEqual([{ audio: false, video: true }]);
      after.clock.advance(50_000);
      await vi.waitFor(() => expect(blocked(after)).toEqual([{ audio: false, video: false }]));
    } finally {
      await after.close();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});

test('DescribeForbidStreamRules tells each stream asked for, zeros where there is no rule', async () => {
  const CreateTime = Math.floor(harness.clock.now() / 1000);
  await set({ DisableAudio: '1', EffectiveTime: '99999' });
  await set({ StreamId: 's2' });
  expect(await describeRules('none', 's', 's2')).toEqual({
    RoomId: 'r',
    ForbidStreamRuleList: [
      { StreamId: 'none', DisableAudio: 0, DisableVideo: 0, CreateTime: 0, EffectiveTime: 0 },
      { StreamId: 's', DisableAudio: 1, DisableVideo: 1, CreateTime, EffectiveTime: 86_400 },
      { StreamId: 's2', DisableAudio: 0, DisableVideo: 1, CreateTime, EffectiveTime: 21_600 },
    ],
  });
});

test('DelForbidStreamRule is a success where there is no rule', async () => {
  expect((await remove()).Code).toBe(0);
});

test('parameters: 2 for missing and malformed ones and for two zeros, 3 for long ones', async () => {
  const wrong: readonly [Params, number][] = [
    [{ RoomId: undefined }, 2],
    [{ StreamId: undefined }, 2],
    [{ StreamId: 'a.b' }, 2],
    [{ DisableVideo: '0' }, 2],
    [{ DisableVideo: undefined }, 2],
    [{ DisableAudio: '2' }, 2],
    [{ EffectiveTime: '0' }, 2],
    [{ StreamId: 'x'.repeat(257) }, 3],
  ];
  for (const [more, code] of wrong) expect([more, (await set(more)).Code]).toEqual([more, code]);
  harness.nextSecond();
  const many = Array.from({ length: 11 }, (_, index) => `s${index}`);
  expect(await harness.codeOf('DescribeForbidStreamRules', { RoomId: 'r', StreamId: many })).toBe(3);
  expect(await harness.codeOf('DescribeForbidStreamRules', { RoomId: 'r' })).toBe(2);
  expect((await remove({ StreamId: undefined })).Code).toBe(2);
});

test('faults of the server: 123 for setting, 1 for ending', async () => {
  expect((await set()).Code).toBe(0);
  harness.failJournalOnce();
  expect((await set()).Code).toBe(123);
  harness.failJournalOnce();
  expect((await remove()).Code).toBe(1);
});
