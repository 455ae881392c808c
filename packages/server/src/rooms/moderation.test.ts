import type { MemberId, StreamId } from '@gavel/protocol';
import { describe, expect, it } from 'vitest';
import type { CommandOf } from './commands.ts';
import { eventsOf, type RoomEvent } from './events.ts';
import { openRoom } from './testing.ts';

const HOST = {
  publishAudio: true,
  publishVideo: true,
  moderation: { kick: true, muteAudio: true, muteVideo: true, changePermissions: true },
};
const AUDIO = { audio: true, video: false };
const only = (memberId: MemberId) => [{ label: memberId, userIds: [], memberIds: [memberId] }];
const mute = (changes: Partial<CommandOf<'mute'>> = {}): CommandOf<'mute'> => ({
  type: 'mute',
  require: 'all',
  kinds: AUDIO,
  allowUnmute: true,
  ...changes,
});
const updates = (events: readonly RoomEvent[]) =>
  eventsOf(events, 'streamUpdated').map(({ stream }) => [stream.streamId, stream.audio, stream.video, stream.muted]);
const turn = (memberId: MemberId, streamId: string, kinds: { audio?: boolean; video?: boolean }) =>
  ({ type: 'updateStream', memberId, streamId: streamId as StreamId, ...kinds }) as const;

describe('rights over others (HOST-1)', () => {
  const commands = (by: MemberId, memberId: MemberId) =>
    [
      { type: 'kick', by, targets: only(memberId), require: 'all', reason: '' },
      { type: 'close', by, reason: '', announce: true },
      mute({ by }),
      mute({ by, kinds: { audio: false, video: true } }),
    ] as const;

  it('refuses everything to a member without them, and changes nothing', () => {
    const { room, join } = openRoom();
    const [ann, ben] = [join('ann'), join('ben')];
    const before = room.snapshot();
    for (const command of commands(ann, ben)) {
      expect(() => room.apply(command), command.type).toThrow(expect.objectContaining({ code: 'member.not-allowed' }));
    }
    expect(room.snapshot()).toEqual(before);
  });

  it('goes by kind: who may mute audio may not mute video', () => {
    const { room, join } = openRoom();
    const moderation = { kick: false, muteAudio: true, muteVideo: false, changePermissions: false };
    const ann = join('ann', { permissions: { ...HOST, moderation } });
    const ben = join('ben');
    expect(() => room.apply(mute({ by: ann, targets: only(ben) }))).not.toThrow();
    const both = mute({ by: ann, targets: only(ben), kinds: { audio: true, video: true } });
    expect(() => room.apply(both)).toThrow(expect.objectContaining({ code: 'member.not-allowed' }));
  });

  it('is refused to who is not in the room any more', () => {
    const { room, join } = openRoom();
    const [host] = [join('host', { permissions: HOST }), join('ben')];
    room.apply({ type: 'logout', memberId: host });
    expect(() => room.apply(mute({ by: host }))).toThrow(expect.objectContaining({ code: 'room.member-not-found' }));
  });
});

describe('a host’s kick (HOST-2)', () => {
  it('takes out one login of a user, and says so as every kick does', () => {
    const { room, join } = openRoom();
    const host = join('host', { permissions: HOST });
    const [phone, desk] = [join('ben', { onDuplicate: 'allow' }), join('ben', { onDuplicate: 'allow' })];
    const events = room.apply({ type: 'kick', by: host, targets: only(phone), require: 'all', reason: '' });
    expect(eventsOf(events, 'memberLeft').map(({ member, cause }) => [member.memberId, cause])).toEqual([
      [phone, 'kicked'],
    ]);
    expect(room.findMember(desk)).toBeDefined();
    const again = { type: 'kick', by: host, targets: only(phone), require: 'all', reason: '' } as const;
    expect(() => room.apply(again)).toThrow(expect.objectContaining({ code: 'room.member-not-found' }));
  });

  it('of everybody closes the room, the host included', () => {
    const { room, join } = openRoom();
    const host = join('host', { permissions: HOST });
    join('ben');
    const events = room.apply({ type: 'close', by: host, reason: '', announce: true });
    expect(eventsOf(events, 'memberLeft').map(({ cause }) => cause)).toEqual(['room-closed', 'room-closed']);
    expect(room.closed).toBe(true);
  });
});

describe('a mute', () => {
  it('switches the kind of all streams of a member off until it switches it on again (HOST-3)', () => {
    const { room, join, publish } = openRoom();
    const host = join('host', { permissions: HOST });
    const ben = join('ben');
    publish(host, 'h');
    publish(ben, 's');
    publish(ben, 't');
    const events = room.apply(mute({ by: host, targets: only(ben) }));
    expect(updates(events)).toEqual([
      ['s', false, true, AUDIO],
      ['t', false, true, AUDIO],
    ]);
    expect(updates(room.apply(mute({ by: host, targets: only(ben) })))).toEqual([]);
    // Another change does not undo it.
    expect(updates(room.apply(turn(ben, 's', { video: false })))).toEqual([['s', false, false, AUDIO]]);
    const none = { audio: false, video: false };
    expect(updates(room.apply(turn(ben, 's', { audio: true })))).toEqual([['s', true, false, none]]);
  });

  it('holds a kind back that its publisher says is off (HOST-3)', () => {
    const { room, join, publish } = openRoom();
    const ben = join('ben');
    publish(ben, 's');
    room.apply(turn(ben, 's', { audio: false }));
    expect(updates(room.apply(mute()))).toEqual([['s', false, true, AUDIO]]);
  });

  it('holds for a publish that is being agreed on (HOST-3)', () => {
    const { room, join } = openRoom();
    const ben = join('ben');
    const streamId = 's' as StreamId;
    const on = { audio: true, video: true };
    const [held] = eventsOf(
      room.apply({ type: 'reserveStream', memberId: ben, streamId, extraInfo: '', ...on }),
      'streamReserved',
    );
    room.apply(mute());
    const publishId = held?.stream.publishId as never;
    const [added] = eventsOf(room.apply({ type: 'announceStream', streamId, publishId, ...on }), 'streamAdded');
    expect(added?.stream).toMatchObject({ audio: false, video: true, muted: AUDIO });
  });

  it('without leave to unmute outlasts the stream and the login, and ends with one that gives it (HOST-4)', () => {
    const { room, join, publish } = openRoom();
    const host = join('host', { permissions: HOST });
    const ben = join('ben');
    publish(ben, 's');
    room.apply(mute({ by: host, allowUnmute: false }));
    const turnOn = () => room.apply(turn(ben, 's', { audio: true }));
    expect(turnOn).toThrow(expect.objectContaining({ code: 'member.not-allowed' }));
    expect(updates(room.apply(turn(ben, 's', { audio: false, video: false })))).toHaveLength(1);
    publish(ben, 't');
    expect(room.findStream('t' as StreamId)).toMatchObject({ audio: false, video: true, muted: AUDIO });
    room.apply({ type: 'logout', memberId: ben });
    const again = join('ben');
    publish(again, 's');
    expect(room.findStream('s' as StreamId)?.muted).toEqual(AUDIO);
    room.apply(mute({ by: host, targets: only(again) }));
    expect(updates(room.apply(turn(again, 's', { audio: true })))).toHaveLength(1);
  });

  it('of everybody leaves out who did it; a backend’s leaves out nobody (HOST-3)', () => {
    const { room, join } = openRoom();
    const host = join('host', { permissions: HOST });
    const ben = join('ben');
    const muted = (command: CommandOf<'mute'>) =>
      eventsOf(room.apply(command), 'membersMuted').flatMap(({ members }) => members.map(({ memberId }) => memberId));
    expect(muted(mute({ by: host }))).toEqual([ben]);
    expect(muted(mute())).toEqual([host, ben]);
  });
});

describe('a change of permissions (HOST-6)', () => {
  const change = (by: MemberId, memberId: MemberId, changes: CommandOf<'setPermissions'>['changes']) =>
    ({ type: 'setPermissions', by, targets: only(memberId), changes }) as const;
  const permissionsIn = (events: readonly RoomEvent[]) =>
    eventsOf(events, 'permissionsChanged').map(({ member }) => [member.memberId, member.permissions.publishAudio]);

  it('needs the right to it', () => {
    const { room, join } = openRoom();
    const [ann, ben] = [join('ann'), join('ben')];
    const command = change(ann, ben, { publishAudio: false });
    expect(() => room.apply(command)).toThrow(expect.objectContaining({ code: 'member.not-allowed' }));
    expect(room.findMember(ben)?.permissions.publishAudio).toBe(true);
  });

  it('holds at once for all logins of the user, and for those to come', () => {
    const { room, join, publish } = openRoom();
    const host = join('host', { permissions: HOST });
    const [phone, desk] = [join('ben', { onDuplicate: 'allow' }), join('ben', { onDuplicate: 'allow' })];
    publish(desk, 's');
    const events = room.apply(change(host, phone, { publishAudio: false }));
    expect(permissionsIn(events)).toEqual([
      [phone, false],
      [desk, false],
    ]);
    expect(updates(events)).toEqual([['s', false, true, AUDIO]]);
    const turnOn = () => room.apply(turn(desk, 's', { audio: true }));
    expect(turnOn).toThrow(expect.objectContaining({ code: 'member.not-allowed' }));
    const tablet = join('ben', { onDuplicate: 'allow' });
    expect(room.findMember(tablet)?.permissions).toMatchObject({ publishAudio: false, publishVideo: true });
    expect(room.snapshot().members.map(({ permissions }) => permissions.publishAudio)).toEqual([
      true,
      false,
      false,
      false,
    ]);

    room.apply(change(host, phone, { publishAudio: true }));
    expect(updates(turnOn())).toEqual([['s', true, true, { audio: false, video: false }]]);
  });

  it('takes publishing away altogether', () => {
    const { room, join, publish } = openRoom();
    const host = join('host', { permissions: HOST });
    const ben = join('ben');
    publish(ben, 's');
    room.apply(change(host, ben, { publishAudio: false, publishVideo: false }));
    expect(room.findStream('s' as StreamId)).toMatchObject({ audio: false, video: false });
    expect(() => publish(ben, 't')).toThrow(expect.objectContaining({ code: 'stream.not-allowed' }));
  });

  it('changes chat part by part, and keeps what it does not name', () => {
    const { room, join } = openRoom();
    const host = join('host', { permissions: HOST });
    const ben = join('ben');
    room.apply(change(host, ben, { chat: { sendPublic: false } }));
    room.apply(change(host, ben, { chat: { receivePrivate: false } }));
    const chat = { sendPublic: false, sendPrivate: true, receivePrivate: false };
    expect(room.findMember(ben)?.permissions).toEqual({ publishAudio: true, publishVideo: true, chat });
    const again = join('ben');
    expect(room.findMember(again)?.permissions.chat).toEqual(chat);
  });
});
