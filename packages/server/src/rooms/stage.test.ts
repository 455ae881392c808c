import type { MemberId, StreamId, UserId } from '@gavel/protocol';
import { expect, it } from 'vitest';
import type { CommandOf } from './commands.ts';
import { eventsOf, type RoomEvent } from './events.ts';
import type { StageAccess, StageState } from './member.ts';
import { openRoom } from './testing.ts';

const MEDIA = { publishAudio: true, publishVideo: true, screen: { publish: true } };
const withStage = (access: StageAccess, moderation = {}) => ({
  permissions: { ...MEDIA, stage: { access }, moderation },
});
const HOST = withStage('allowed', { acceptStage: true, changePermissions: true });
const NOT_ALLOWED = expect.objectContaining({ code: 'member.not-allowed' });

/** A room with a host on the stage, and a viewer that may ask for it. */
function openStage() {
  const { room, join, publish } = openRoom();
  const [host, viewer] = [join('host', HOST), join('viewer', withStage('on-request'))];
  const step = (action: CommandOf<'changeStage'>['action'], memberId = viewer) =>
    room.apply({ type: 'changeStage', memberId, action });
  const answer = (answer: CommandOf<'answerStage'>['answer'], users = ['viewer'], by: MemberId | undefined = host) => {
    const targets = users.map((label) => ({ label, userIds: [label as UserId] }));
    return room.apply({ type: 'answerStage', ...(by && { by }), targets, answer });
  };
  const stageOf = (memberId = viewer): StageState | undefined => room.findMemberInfo(memberId)?.stage;
  return { room, join, publish, host, viewer, step, answer, stageOf };
}
const steps = (events: readonly RoomEvent[]) =>
  eventsOf(events, 'stageChanged').map(({ member, before }) => [member.user.id, before, member.stage]);

it('a member off the stage publishes nothing; who may join by itself begins on it (STAGE-1)', () => {
  const { room, join, publish, host, viewer, stageOf } = openStage();
  expect([stageOf(host), stageOf(), stageOf(join('other'))]).toEqual(['on', 'off', undefined]);
  publish(host, 's-host');
  publish(join('other'), 's-other');
  for (const source of ['camera', 'screen'] as const) {
    expect(() => publish(viewer, 's-viewer', source)).toThrow(expect.objectContaining({ code: 'stream.not-allowed' }));
  }
  const { publishAudio, publishVideo, screen } = room.findMemberInfo(viewer)?.permissions ?? {};
  expect([publishAudio, publishVideo, screen]).toEqual([false, false, { publish: false }]);
});

it('a request is granted by a host, then joined; on the stage its permissions are those of its login (STAGE-2, STAGE-3)', () => {
  const { room, publish, viewer, step, answer } = openStage();
  expect(() => step('join')).toThrow(NOT_ALLOWED);
  expect(steps(step('request'))).toEqual([['viewer', 'off', 'requested']]);
  expect(step('request')).toEqual([]);
  expect(() => step('join')).toThrow(NOT_ALLOWED);
  expect(steps(answer('grant'))).toEqual([['viewer', 'requested', 'accepted']]);
  expect(() => publish(viewer, 's')).toThrow(expect.objectContaining({ code: 'stream.not-allowed' }));
  const joined = step('join');
  // Its permissions are told first: whoever hears of the stage can publish.
  expect(joined.map(({ type }) => type)).toEqual(['permissionsChanged', 'stageChanged']);
  expect(room.findMemberInfo(viewer)?.permissions).toMatchObject(MEDIA);
  publish(viewer, 's');
});

it('leaving the stage ends the streams, and access has to be asked for again (STAGE-2)', () => {
  const { publish, viewer, step, answer, stageOf } = openStage();
  answer('grant');
  step('join');
  publish(viewer, 's');
  const left = step('leave');
  expect(left.map(({ type }) => type)).toEqual(['streamRemoved', 'permissionsChanged', 'stageChanged']);
  expect(eventsOf(left, 'streamRemoved')[0]?.cause).toBe('stopped');
  expect(() => step('join')).toThrow(NOT_ALLOWED);
  expect([step('cancel'), step('leave'), stageOf()]).toEqual([[], [], 'off']);
});

it('a host takes members off the stage: their streams, also unannounced ones, end with the cause forbidden (STAGE-4)', () => {
  const { room, publish, viewer, step, answer, stageOf } = openStage();
  answer('grant');
  step('join');
  publish(viewer, 's');
  const reserve = {
    type: 'reserveStream',
    memberId: viewer,
    streamId: 'screen' as StreamId,
    source: 'screen',
  } as const;
  room.apply({ ...reserve, extraInfo: '', audio: true, video: true });
  const events = answer('remove');
  expect(events.map(({ type }) => type)).toEqual([
    'streamRemoved',
    'streamReleased',
    'permissionsChanged',
    'stageChanged',
  ]);
  expect(events.slice(0, 2)).toMatchObject([{ cause: 'forbidden' }, { cause: 'forbidden' }]);
  expect(stageOf()).toBe('off');
  expect(() => publish(viewer, 's')).toThrow(expect.objectContaining({ code: 'stream.not-allowed' }));
  expect(() => step('join')).toThrow(NOT_ALLOWED);
});

it('who may join by itself is accepted at once, and comes back after it left or was taken off (STAGE-2)', () => {
  const { host, step, answer, stageOf } = openStage();
  step('leave', host);
  expect(steps(step('request', host))).toEqual([['host', 'off', 'accepted']]);
  step('join', host);
  answer('remove', ['host']);
  expect(stageOf(host)).toBe('off');
  step('join', host);
  expect(stageOf(host)).toBe('on');
});

it('answering needs the permission; a backend needs none (STAGE-3)', () => {
  const { join, viewer, step, answer, stageOf } = openStage();
  step('request');
  const other = join('other', withStage('allowed'));
  for (const by of [viewer, other]) {
    for (const each of ['grant', 'deny', 'remove'] as const) {
      expect(() => answer(each, ['viewer'], by)).toThrow(NOT_ALLOWED);
    }
  }
  expect(stageOf()).toBe('requested');
  expect(() => answer('grant', ['nobody'])).toThrow(expect.objectContaining({ code: 'room.member-not-found' }));
  answer('grant', ['nobody', 'viewer']);
  expect(stageOf()).toBe('accepted');
});

it('a denial takes back a request, and an acceptance that was not used; nobody is taken off the stage by it (STAGE-3)', () => {
  const { step, answer, stageOf } = openStage();
  step('request');
  expect(steps(answer('deny'))).toEqual([['viewer', 'requested', 'off']]);
  answer('grant');
  answer('deny');
  expect(stageOf()).toBe('off');
  answer('grant');
  step('join');
  expect([answer('deny'), answer('grant'), stageOf()]).toEqual([[], [], 'on']);
});

it('excluded members cannot be asked up, and members without a stage have nothing to join (STAGE-3)', () => {
  const { join, step, answer, stageOf } = openStage();
  const [excluded, free] = [join('excluded', withStage('none')), join('free')];
  expect(() => answer('grant', ['viewer', 'excluded'])).toThrow(NOT_ALLOWED);
  expect(stageOf()).toBe('off');
  expect(answer('grant', ['free'])).toEqual([]);
  for (const memberId of [excluded, free]) {
    for (const action of ['request', 'cancel', 'join', 'leave'] as const) {
      expect(() => step(action, memberId)).toThrow(NOT_ALLOWED);
    }
  }
  const hidden = join('hidden', { permissions: { ...withStage('on-request').permissions, hidden: true } });
  expect(() => step('request', hidden)).toThrow(NOT_ALLOWED);
});

it('an answer holds for all logins of a user; a later login begins off the stage (STAGE-3)', () => {
  const { join, answer, stageOf } = openStage();
  const second = join('viewer', { ...withStage('on-request'), onDuplicate: 'allow', connectionId: 'c2' });
  answer('grant');
  expect([stageOf(), stageOf(second)]).toEqual(['accepted', 'accepted']);
  expect(stageOf(join('viewer', { ...withStage('on-request'), onDuplicate: 'allow', connectionId: 'c3' }))).toBe('off');
});

it('live changes of permissions apply on the stage, not off it, and stay over it (STAGE-1)', () => {
  const { room, host, viewer, step, answer } = openStage();
  const change = (changes: object) =>
    room.apply({
      type: 'setPermissions',
      by: host,
      targets: [{ label: 'viewer', userIds: ['viewer' as UserId] }],
      changes,
    });
  change({ publishVideo: false, publishAudio: true });
  expect(room.findMemberInfo(viewer)?.permissions).toMatchObject({ publishAudio: false, publishVideo: false });
  answer('grant');
  step('join');
  expect(room.findMemberInfo(viewer)?.permissions).toMatchObject({ publishAudio: true, publishVideo: false });
  room.apply({ type: 'renewToken', memberId: viewer, publishing: { publishAudio: true, publishVideo: true } });
  step('leave');
  room.apply({ type: 'renewToken', memberId: viewer, publishing: { publishAudio: true, publishVideo: true } });
  expect(room.findMemberInfo(viewer)?.permissions).toMatchObject({ publishAudio: false, publishVideo: false });
});
