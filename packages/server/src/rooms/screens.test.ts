import type { MemberId, StreamId } from '@gavel/protocol';
import { describe, expect, it } from 'vitest';
import type { CommandOf } from './commands.ts';
import { eventsOf } from './events.ts';
import type { Permissions } from './member.ts';
import { openRoom } from './testing.ts';

const SHARER: Permissions = {
  publishAudio: true,
  publishVideo: true,
  maxStreamsOfSource: 1,
  screen: { publish: true, maxInRoom: 1 },
};
const HOST: Permissions = { ...SHARER, moderation: { muteAudio: true, muteVideo: true, muteScreen: true } };
const EDITOR: Permissions = { ...SHARER, moderation: { changePermissions: true } };
const only = (memberId: MemberId) => [{ label: memberId, userIds: [], memberIds: [memberId] }];
const mute = (by: MemberId, target: MemberId, kinds: CommandOf<'mute'>['kinds'], allowUnmute = true) =>
  ({ type: 'mute', by, targets: only(target), require: 'all', kinds, allowUnmute }) as const;
const SCREEN = { audio: false, video: false, screen: true };
const refusal = (code: string) => expect.objectContaining({ code });

describe('sharing a screen', () => {
  it('is a second stream of the same member, which says what it shows (SCRN-1)', () => {
    const { room, join, publish } = openRoom();
    const ann = join('ann', { permissions: SHARER });
    publish(ann, 'camera');
    publish(ann, 'screen', 'screen');
    expect(room.snapshot().streams.map(({ streamId, memberId, source }) => [streamId, memberId, source])).toEqual([
      ['camera', ann, 'camera'],
      ['screen', ann, 'screen'],
    ]);
  });

  it('keeps its source: an agreed camera is not made a screen by another offer (SCRN-1)', () => {
    const { join, publish } = openRoom();
    const ann = join('ann', { permissions: SHARER });
    publish(ann, 's');
    expect(() => publish(ann, 's', 'screen')).toThrow(refusal('stream.not-allowed'));
    publish(ann, 's');
  });

  it('needs the right to screens and no right to cameras (SCRN-2)', () => {
    const { room, join, publish } = openRoom();
    const ann = join('ann', { permissions: { ...SHARER, screen: { publish: false } } });
    expect(() => publish(ann, 's', 'screen')).toThrow(refusal('stream.not-allowed'));
    const ben = join('ben', { permissions: { ...SHARER, publishVideo: false } });
    publish(ben, 't', 'screen');
    expect(room.findStream('t' as StreamId)).toMatchObject({ audio: true, video: true });
  });

  it('is judged as any stream where its door says nothing of screens (SCRN-2)', () => {
    const { join, publish } = openRoom();
    publish(join('ann'), 's', 'screen');
    const silent = join('ben', { permissions: { publishAudio: false, publishVideo: false } });
    expect(() => publish(silent, 't', 'screen')).toThrow(refusal('stream.not-allowed'));
  });

  it('gives no sound to who may not send sound (SCRN-2)', () => {
    const { room, join } = openRoom();
    const ann = join('ann', { permissions: { ...SHARER, publishAudio: false } });
    const streamId = 's' as StreamId;
    const order = { memberId: ann, streamId, source: 'screen', extraInfo: '', audio: true, video: true } as const;
    const [held] = eventsOf(room.apply({ type: 'reserveStream', ...order }), 'streamReserved');
    expect(held?.allowed).toEqual({ audio: false, video: true });
  });

  it('is one at a time for each member, as its camera is (SCRN-2)', () => {
    const { join, publish } = openRoom();
    const permissions = { ...SHARER, screen: { publish: true, maxInRoom: 5 } };
    const ann = join('ann', { permissions });
    publish(ann, 's', 'screen');
    expect(() => publish(ann, 't', 'screen')).toThrow(refusal('stream.too-many'));
    publish(ann, 'c');
    expect(() => publish(ann, 'd')).toThrow(refusal('stream.too-many'));
  });

  it('is refused while as many screens are shared as its preset allows, those being agreed on included (SCRN-3)', () => {
    const { room, join, publish } = openRoom();
    const [ann, ben] = [join('ann', { permissions: SHARER }), join('ben', { permissions: SHARER })];
    const order = { source: 'screen', extraInfo: '', audio: true, video: true } as const;
    const reserve = (memberId: MemberId, streamId: string) =>
      room.apply({ type: 'reserveStream', memberId, streamId: streamId as StreamId, ...order });
    const [held] = eventsOf(reserve(ann, 's'), 'streamReserved');
    expect(() => reserve(ben, 't')).toThrow(refusal('stream.too-many'));
    // Its own negotiation, once more, is no other screen.
    reserve(ann, 's');
    const { publishId = '' as never } = held?.stream ?? {};
    room.apply({ type: 'endStream', streamId: 's' as StreamId, publishId });
    publish(ben, 't', 'screen');
    // A camera is none.
    publish(ann, 'c');
    const none = join('cid', { permissions: { ...SHARER, screen: { publish: true, maxInRoom: 0 } } });
    expect(() => publish(none, 'u', 'screen')).toThrow(refusal('stream.too-many'));
  });
});

describe('a host', () => {
  it('ends a screen with the right to, and no camera by it (SCRN-4)', () => {
    const { room, join, publish } = openRoom();
    const host = join('host', { permissions: HOST });
    const ann = join('ann', { permissions: SHARER });
    publish(ann, 'c');
    publish(ann, 's', 'screen');
    expect(() => room.apply(mute(ann, ann, SCREEN))).toThrow(refusal('member.not-allowed'));
    const events = room.apply(mute(host, ann, SCREEN));
    expect(eventsOf(events, 'streamRemoved').map(({ stream, cause }) => [stream.streamId, cause])).toEqual([
      ['s', 'deleted'],
    ]);
    // It may share again.
    publish(ann, 's', 'screen');
  });

  it('ends a screen that is being agreed on (SCRN-4)', () => {
    const { room, join } = openRoom();
    const host = join('host', { permissions: HOST });
    const ann = join('ann', { permissions: SHARER });
    const streamId = 's' as StreamId;
    const order = { memberId: ann, streamId, source: 'screen', extraInfo: '', audio: true, video: true } as const;
    const [held] = eventsOf(room.apply({ type: 'reserveStream', ...order }), 'streamReserved');
    expect(eventsOf(room.apply(mute(host, ann, SCREEN)), 'streamReleased')).toHaveLength(1);
    const { publishId = '' as never } = held?.stream ?? {};
    const announce = { type: 'announceStream', streamId, publishId, audio: true, video: true } as const;
    expect(() => room.apply(announce)).toThrow(refusal('stream.not-found'));
  });

  it('forbids screens to a user until a mute that allows them (SCRN-4)', () => {
    const { room, join, publish } = openRoom();
    const host = join('host', { permissions: HOST });
    room.apply(mute(host, join('ann', { permissions: SHARER }), SCREEN, false));
    const again = join('ann', { permissions: SHARER });
    expect(() => publish(again, 's', 'screen')).toThrow(refusal('member.not-allowed'));
    publish(again, 'c');
    room.apply(mute(host, again, SCREEN));
    publish(again, 's', 'screen');
  });

  it('silences a screen with a mute of sound, and does not darken it with one of cameras (SCRN-4)', () => {
    const { room, join, publish } = openRoom();
    const host = join('host', { permissions: HOST });
    const ann = join('ann', { permissions: SHARER });
    publish(ann, 's', 'screen');
    room.apply(mute(host, ann, { audio: true, video: true }, false));
    const streamId = 's' as StreamId;
    expect(room.findStream(streamId)).toMatchObject({ audio: false, video: true });
    const update = { type: 'updateStream', memberId: ann, streamId } as const;
    expect(() => room.apply({ ...update, audio: true })).toThrow(refusal('member.not-allowed'));
    room.apply({ ...update, video: true });
  });

  it('who takes the right to screens away ends them, on later logins too (SCRN-4, HOST-6)', () => {
    const { room, join, publish } = openRoom();
    const host = join('host', { permissions: EDITOR });
    const ann = join('ann', { permissions: SHARER });
    publish(ann, 's', 'screen');
    const change = (publishScreen: boolean) =>
      room.apply({ type: 'setPermissions', by: host, targets: only(ann), changes: { publishScreen } });
    expect(eventsOf(change(false), 'streamRemoved')).toHaveLength(1);
    expect(room.findMember(ann)?.permissions.screen).toEqual({ publish: false, maxInRoom: 1 });
    expect(() => publish(ann, 's', 'screen')).toThrow(refusal('stream.not-allowed'));
    const again = join('ann', { permissions: SHARER, onDuplicate: 'allow' });
    expect(() => publish(again, 's', 'screen')).toThrow(refusal('stream.not-allowed'));
    change(true);
    publish(again, 's', 'screen');
  });
});
