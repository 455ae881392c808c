import type { EventFrame, LoginResult, ResumeResult } from '@gavel/protocol';
import type { FakeMediaEngine, RawClient } from '@gavel/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type People, startPeople } from './people.ts';

let people: People;

beforeAll(async () => {
  people = await startPeople();
});
afterAll(() => people.close());

const newWebinar = async () => {
  const meeting = await people.newMeeting();
  const host = await people.enter(meeting, 'host', 'webinar_presenter');
  const viewer = await people.enter(meeting, 'viewer', 'webinar_viewer');
  const other = await people.enter(meeting, 'other', 'webinar_viewer');
  return { meeting, host, viewer, other };
};
const codeOf = async (answer: Promise<{ error?: { code: string } }>) => (await answer).error?.code;
const step = (client: RawClient, action: string) => client.request('changeStage', { action });
const moderate = (client: RawClient, action: string, userIds: readonly unknown[]) =>
  client.request('moderate', { action, userIds });
const publish = (client: RawClient, streamId: string) => client.media.publish(streamId);
/** The places of a member that a client was told, in order. */
const placesOf = (client: RawClient, memberId: string) =>
  client.events.flatMap((event: EventFrame) =>
    event.event === 'memberUpdated' && event.member.memberId === memberId ? [event.member.stage] : [],
  );

it('a viewer asks, a host grants, the viewer joins and publishes; only hosts hear of requests (STAGE-1, STAGE-3)', async () => {
  const { host, viewer, other } = await newWebinar();
  const { login } = viewer as { login: LoginResult };
  expect(login.room.stage).toBe('off');
  expect(login.permissions).toMatchObject({
    publishAudio: false,
    publishVideo: false,
    stage: { access: 'on-request' },
  });
  expect(login.room.members.map(({ stage }) => stage)).toEqual(['on', 'off']);
  expect(await codeOf(publish(viewer.client, 'v1'))).toBe('stream.not-allowed');
  expect(await codeOf(step(viewer.client, 'join'))).toBe('member.not-allowed');
  expect(await codeOf(step(viewer.client, 'request'))).toBeUndefined();
  expect(await codeOf(moderate(other.client, 'grantStage', [viewer.id]))).toBe('member.not-allowed');
  expect(await codeOf(moderate(host.client, 'grantStage', [viewer.id]))).toBeUndefined();
  expect(await codeOf(step(viewer.client, 'join'))).toBeUndefined();
  expect(await codeOf(publish(viewer.client, 'v1'))).toBeUndefined();
  expect((await viewer.client.event('permissions')).permissions).toMatchObject({
    publishAudio: true,
    publishVideo: true,
  });
  await other.client.request('heartbeat');
  const id = login.memberId;
  expect(placesOf(host.client, id)).toEqual(['requested', 'accepted', 'on']);
  expect(placesOf(viewer.client, id)).toEqual(['requested', 'accepted', 'on']);
  expect(placesOf(other.client, id)).toEqual(['on']);
});

it('a host takes a member off the stage: its media is closed before the answer, and cannot come back (STAGE-4)', async () => {
  const { host, viewer, other } = await newWebinar();
  await moderate(host.client, 'grantStage', [viewer.id]);
  await step(viewer.client, 'join');
  expect(await codeOf(publish(viewer.client, 'v2'))).toBeUndefined();
  await other.client.event('streamAdded');
  const { calls } = people.server.engine as FakeMediaEngine;
  const closedBefore = calls.filter((call) => call.startsWith('closeStream:')).length;
  expect(await codeOf(moderate(other.client, 'removeFromStage', [viewer.id]))).toBe('member.not-allowed');
  expect(await codeOf(moderate(host.client, 'removeFromStage', [viewer.id]))).toBeUndefined();
  const closes = (people.server.engine as FakeMediaEngine).calls.filter((call) => call.startsWith('closeStream:'));
  expect(closes).toHaveLength(closedBefore + 1);
  for (const { client } of [viewer, other]) {
    expect(await client.event('streamRemoved')).toMatchObject({ stream: { streamId: 'v2' }, cause: 'forbidden' });
  }
  expect(await codeOf(publish(viewer.client, 'v2'))).toBe('stream.not-allowed');
  expect(await codeOf(step(viewer.client, 'join'))).toBe('member.not-allowed');
  expect(placesOf(viewer.client, viewer.login.memberId)).toEqual(['accepted', 'on', 'off']);
});

it('the place outlives a lost connection, and a request the host that leaves (STAGE-5)', async () => {
  const { meeting, host, viewer } = await newWebinar();
  await step(viewer.client, 'request');
  await host.client.request('logout');
  viewer.client.cut();
  const again = await people.connect();
  const { result } = await again.request('resume', { ticket: viewer.login.ticket, lastSeq: viewer.login.room.seq });
  const missed = (result as ResumeResult).events ?? [];
  expect(missed.flatMap((event) => (event.event === 'memberUpdated' ? event.member.stage : []))).toEqual(['requested']);
  const next = await people.enter(meeting, 'next host', 'webinar_presenter');
  const asking = next.login.room.members.filter(({ stage }) => stage === 'requested');
  expect(asking.map(({ user }) => user.id)).toEqual([viewer.id]);
  expect(await codeOf(moderate(next.client, 'grantStage', [viewer.id]))).toBeUndefined();
  expect(await codeOf(step(again, 'join'))).toBeUndefined();
  const { result: state } = await again.request('snapshot');
  expect(state).toMatchObject({ stage: 'on', permissions: { publishAudio: true } });
});

it('presets decide: NOT_ALLOWED stays off, and no stage is no stage (STAGE-1)', async () => {
  const preset = await people.newPreset('audience', { stage_enabled: true, stage_access: 'NOT_ALLOWED' });
  const { meeting, host } = await newWebinar();
  const audience = await people.enter(meeting, 'audience', preset);
  expect(audience.login.permissions).toMatchObject({ publishAudio: false, stage: { access: 'none' } });
  expect(await codeOf(step(audience.client, 'request'))).toBe('member.not-allowed');
  expect(await codeOf(moderate(host.client, 'grantStage', [audience.id]))).toBe('member.not-allowed');
  const free = await people.enter(meeting, 'free', 'group_call_participant');
  expect([free.login.room.stage, free.login.permissions.stage, free.login.permissions.publishAudio]).toEqual([
    undefined,
    undefined,
    true,
  ]);
  expect(await codeOf(step(free.client, 'request'))).toBe('member.not-allowed');
});

it('bad input is refused, and changes nothing (STAGE-2, STAGE-3)', async () => {
  const { host, viewer } = await newWebinar();
  const cases: readonly (readonly [RawClient, string, object, string])[] = [
    [viewer.client, 'changeStage', {}, 'request.malformed'],
    [viewer.client, 'changeStage', { action: 'jump' }, 'request.malformed'],
    [viewer.client, 'changeStage', { action: 'join', memberId: viewer.login.memberId }, 'request.malformed'],
    [host.client, 'moderate', { action: 'grantStage' }, 'request.malformed'],
    [host.client, 'moderate', { action: 'grantStage', userIds: [] }, 'request.malformed'],
    [host.client, 'moderate', { action: 'grantStage', userIds: [''] }, 'request.malformed'],
    [host.client, 'moderate', { action: 'grantStage', userIds: [7] }, 'request.malformed'],
    [host.client, 'moderate', { action: 'grantStage', userIds: 'x' }, 'request.malformed'],
    [host.client, 'moderate', { action: 'grantStage', userIds: Array(501).fill('x') }, 'request.malformed'],
    [host.client, 'moderate', { action: 'removeFromStage', userIds: ['nobody'] }, 'room.member-not-found'],
  ];
  for (const [client, method, params, code] of cases) {
    expect([params, await codeOf(client.request(method, params))]).toEqual([params, code]);
  }
  const before = await people.connect();
  expect(await codeOf(step(before, 'request'))).toBe('request.out-of-order');
  for (let index = 0; index < 5; index += 1) await step(viewer.client, 'cancel');
  expect(await codeOf(step(viewer.client, 'cancel'))).toBe('rate.limited');
  expect(placesOf(host.client, viewer.login.memberId)).toEqual([]);
});
