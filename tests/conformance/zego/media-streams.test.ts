/** ForbidRTCStream(s), ResumeRTCStream(s), DescribeRTCStreamState, and services that Gavel does not have (reference zego 2.5, 2.6). */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NOT_ENABLED } from '../../../packages/server/src/zego/actions/not-enabled.ts';
import { type Harness, type Params, publish, start } from './harness.ts';

let harness: Harness;
let sequence = 0;
beforeEach(async () => {
  harness = await start();
});
afterEach(() => harness.close());

const nextSequence = () => {
  sequence += 1;
  return String(sequence);
};
const call = (action: string, StreamId: string | readonly string[] | undefined, more: Params = {}) =>
  harness.call(action, { StreamId, Sequence: nextSequence(), ...more });
const OK = { Code: 0, Message: 'ok', RequestId: expect.any(String), Data: null };

describe('forbidding', () => {
  test.each([
    ['ForbidRTCStream', 'ResumeRTCStream', 's' as string | string[]],
    ['ForbidRTCStreams', 'ResumeRTCStreams', ['s', 'unknown']],
  ])(
    '%s ends the stream with its media before the answer, and refuses it until %s (FORB-1, FORB-2, FORB-3, FORB-4)',
    async (forbid, resume, id) => {
      const [client, viewer] = [await harness.join('r', 'a'), await harness.join('r', 'viewer')];
      await publish(client, 's');
      await viewer.media.play('s');
      harness.engine.calls.length = 0;
      expect(await call(forbid, id)).toEqual(OK);
      expect(harness.engine.calls).toEqual([expect.stringMatching(/^closeStream:/)]);
      for (const one of [client, viewer]) {
        expect(await one.event('streamRemoved')).toMatchObject({ cause: 'forbidden', stream: { streamId: 's' } });
      }
      const tryPublish = async () => (await client.media.publish('s')).error?.code;
      expect(await tryPublish()).toBe('stream.banned');
      expect((await viewer.media.play('s')).error?.code).toBe('stream.banned');
      expect(await harness.codeOf('AddStream', { RoomId: 'r', UserId: 'x', StreamId: 's' })).toBe(123);
      expect(await harness.usersOf('r')).toEqual(['a', 'viewer']);
      expect(await call(resume, id)).toEqual(OK);
      expect(await tryPublish()).toBeUndefined();
    },
  );

  test('holds for a stream that nobody publishes yet, in its own App and environment (FORB-1, ACC-6)', async () => {
    await call('ForbidRTCStream', 's');
    await publish(await harness.join('r', 'a', { environment: 'test' }), 's');
    await publish(await harness.join('r', 'a', { app: harness.otherApp }), 's');
    const client = await harness.join('r', 'a');
    expect((await client.media.publish('s')).error?.code).toBe('stream.banned');
    expect((await client.media.play('s')).error?.code).toBe('stream.banned');
  });

  test("in the test environment the vendor's prefix is not part of the id (TEST-3)", async () => {
    const client = await harness.join('r', 'a', { environment: 'test' });
    await publish(client, 's');
    const StreamId = `zegotest-${harness.app.appId}-s`;
    expect((await call('DescribeRTCStreamState', StreamId, { IsTest: 'true' })).Code).toBe(0);
    expect((await call('ForbidRTCStream', StreamId, { IsTest: 'true' })).Code).toBe(0);
    expect(await client.event('streamRemoved')).toMatchObject({ cause: 'forbidden' });
    expect((await call('ResumeRTCStream', 's', { IsTest: 'true' })).Code).toBe(0);
    await publish(client, 's');
  });

  test('allowing what was not forbidden is a success (FORB-3)', async () => {
    expect(await call('ResumeRTCStream', 's')).toEqual(OK);
    expect(await call('ResumeRTCStreams', ['s', 't'])).toEqual(OK);
  });

  test('a sequence must be greater than each of the last 10 s about the stream, else 5005 (FORB-5)', async () => {
    const codeOf = async (action: string, StreamId: string | string[], Sequence: string) =>
      (await harness.call(action, { StreamId, Sequence })).Code;
    expect(await codeOf('ForbidRTCStream', 's', '100')).toBe(0);
    expect(await codeOf('ResumeRTCStream', 's', '100')).toBe(5005);
    expect(await codeOf('ResumeRTCStream', 's', '99')).toBe(5005);
    expect(await codeOf('ResumeRTCStreams', ['t', 's'], '100')).toBe(5005);
    expect(await codeOf('ResumeRTCStream', 't', '100')).toBe(0);
    expect(await codeOf('DescribeRTCStreamState', 's', '100')).toBe(41004);
    expect(await codeOf('ResumeRTCStreams', ['t', 's'], '101')).toBe(0);
    harness.clock.advance(9999);
    expect(await codeOf('ForbidRTCStream', 's', '101')).toBe(5005);
    harness.clock.advance(1);
    expect(await codeOf('ForbidRTCStream', 's', '1')).toBe(0);
  });

  test.each<[string, number, ...(string | string[] | undefined)[]]>([
    ['ForbidRTCStream', 30009, undefined, 'a.b', 'x'.repeat(257)],
    ['ResumeRTCStream', 30009, undefined, 'a.b', 'x'.repeat(257)],
    ['DescribeRTCStreamState', 30009, undefined, 'a.b', 'x'.repeat(257)],
    ['ForbidRTCStreams', 30006, undefined, ['s', 'a.b'], Array.from({ length: 21 }, (_, index) => `s${index}`)],
    ['ResumeRTCStreams', 30006, undefined, ['s', 'a.b'], Array.from({ length: 21 }, (_, index) => `s${index}`)],
  ])(
    '%s answers %d for stream ids that are missing, malformed, too long or too many; 2 for a sequence',
    async (action, code, ...wrong) => {
      for (const id of wrong) expect(await call(action, id)).toMatchObject({ Code: code, Message: expect.any(String) });
      const right = action.endsWith('s') ? ['s'] : 's';
      for (const Sequence of [undefined, 'x', '-1', '1'.repeat(20)]) {
        expect((await call(action, right, { Sequence })).Code).toBe(2);
      }
    },
  );

  test.each([
    ['ForbidRTCStream', 't' as string | string[], 42001],
    ['ForbidRTCStreams', ['t'], 42003],
    ['ResumeRTCStream', 's', 42002],
    ['ResumeRTCStreams', ['s'], 42004],
  ] as const)('%s answers its own code for a fault of the server', async (action, id, code) => {
    await call('ForbidRTCStream', 's');
    harness.failJournalOnce();
    expect(await call(action, id)).toMatchObject({ Code: code, Data: null });
  });
});

describe('DescribeRTCStreamState', () => {
  test('0 for a live stream, 41006 for one that ended, 41004 for one never seen, with their times (FORB-6)', async () => {
    const seconds = () => String(Math.floor(harness.clock.now() / 1000));
    const client = await harness.join('r', 'a');
    expect(await call('DescribeRTCStreamState', 's')).toMatchObject({ Code: 41004, Data: null });
    const create_time = seconds();
    await publish(client, 's');
    harness.clock.advance(5000);
    expect(await call('DescribeRTCStreamState', 's')).toMatchObject({
      Code: 0,
      Message: 'ok',
      Data: { create_time, close_time: '0' },
    });
    await client.media.unpublish('s');
    const close_time = seconds();
    harness.clock.advance(5000);
    expect(await call('DescribeRTCStreamState', 's')).toMatchObject({ Code: 41006, Data: { create_time, close_time } });
    expect(await call('DescribeRTCStreamState', 's', { IsTest: 'true' })).toMatchObject({ Code: 41004 });
    await publish(client, 's');
    expect((await call('DescribeRTCStreamState', 's')).Code).toBe(0);
  });

  test('answers 30003 for a fault of the server', async () => {
    vi.spyOn(harness.bus, 'query').mockRejectedValueOnce(new Error('lost'));
    expect((await call('DescribeRTCStreamState', 's')).Code).toBe(30003);
  });
});

test('Actions of services that are not there answer 100000017, unknown ones 100000007', async () => {
  for (const action of Object.values(NOT_ENABLED).flat()) {
    expect([action, await harness.codeOf(action)]).toEqual([action, 100000017]);
  }
  expect(await harness.codeOf('startmix')).toBe(100000007);
});
