import { type Epoch, type GavelError, isGavelError, type MemberId, type StreamId, type UserId } from '@gavel/protocol';
import { describe, expect, test } from 'vitest';
import { eventsOf, type RoomEvent } from './events.ts';
import type { PublishRights } from './member.ts';
import { kick, login, openRoom, ticketOf } from './testing.ts';

const types = (events: readonly RoomEvent[]) => events.map((event) => event.type);

function refusal(act: () => unknown): GavelError {
  try {
    act();
  } catch (error) {
    if (isGavelError(error)) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('the life of a room', () => {
  test('the first login creates the room and tells of it before the member (ROOM-1)', () => {
    const { room } = openRoom();
    expect(types(room.apply(login('alice')))).toEqual(['roomCreated', 'memberJoined']);
    expect(types(room.apply(login('bob')))).toEqual(['memberJoined']);
  });

  test('the room is closed when its last user logs out (ROOM-2)', () => {
    const { room, join } = openRoom();
    const alice = join('alice');
    const bob = join('bob');
    expect(types(room.apply({ type: 'logout', memberId: alice }))).toEqual(['memberLeft']);
    const events = room.apply({ type: 'logout', memberId: bob });
    expect(types(events)).toEqual(['memberLeft', 'roomClosed']);
    expect(eventsOf(events, 'roomClosed')[0]).toMatchObject({ cause: 'logout', announce: true });
    expect(room.closed).toBe(true);
  });

  test('the room is closed when its only user is kicked (ROOM-2)', () => {
    const { room, join } = openRoom();
    join('alice');
    expect(types(room.apply(kick('alice')))).toEqual(['memberLeft', 'roomClosed']);
  });

  test('a closed room takes no command (ROOM-3)', () => {
    const { room, join } = openRoom();
    join('alice');
    room.apply(kick('alice'));
    expect(refusal(() => room.apply(login('alice'))).code).toBe('room.not-found');
  });

  test('a member silent for 100 s is taken out, one that was heard of stays (ROOM-4)', () => {
    const { room, clock, join } = openRoom();
    const alice = join('alice');
    const bob = join('bob');
    clock.advance(60_000);
    room.apply({ type: 'touch', memberIds: [bob] });
    clock.advance(39_999);
    expect(room.apply({ type: 'expire' })).toEqual([]);
    clock.advance(1);
    const [left] = eventsOf(room.apply({ type: 'expire' }), 'memberLeft');
    expect(left).toMatchObject({ member: { memberId: alice }, cause: 'heartbeat-timeout' });
    expect(room.expiryDueMonotonicMs).toBe(clock.monotonicMs() + 60_000);
  });

  test('a lost connection changes nothing until the time has passed, then the cause says so (ROOM-5)', () => {
    const { room, clock, join } = openRoom();
    const alice = join('alice');
    join('bob');
    const detach = { type: 'detach', memberId: alice, connectionId: 'connection-of-alice' } as const;
    expect(types(room.apply(detach))).toEqual(['memberDetached']);
    expect(room.summary().memberCount).toBe(2);
    clock.advance(100_000);
    room.apply({ type: 'touch', memberIds: ['nobody' as typeof alice] });
    const causes = eventsOf(room.apply({ type: 'expire' }), 'memberLeft').map(({ member, cause }) => [
      member.user.id,
      cause,
    ]);
    expect(causes).toEqual([
      ['alice', 'connection-lost'],
      ['bob', 'heartbeat-timeout'],
    ]);
  });

  test('the cap of the first login counts, later ones do not change it (ROOM-7)', () => {
    const { room, join } = openRoom();
    join('alice', { maxMemberCount: 2 });
    join('bob', { maxMemberCount: 100 });
    expect(refusal(() => room.apply(login('carol'))).code).toBe('login.room-full');
    expect(room.summary().memberCount).toBe(2);
  });

  test('a user who is in may log in again although the room is full (ROOM-7)', () => {
    const { room, join } = openRoom();
    join('alice', { maxMemberCount: 1 });
    expect(types(room.apply(login('alice')))).toEqual(['memberLeft', 'memberJoined']);
  });

  test('members’ time adds up, those who left included', () => {
    const { room, clock, join } = openRoom();
    const alice = join('alice');
    clock.advance(1000);
    join('bob');
    clock.advance(1000);
    room.apply({ type: 'logout', memberId: alice });
    clock.advance(1000);
    expect(room.summary()).toMatchObject({ memberMs: 2000 + 2000, peakMemberCount: 2, memberCount: 1 });
  });
});

describe('resuming', () => {
  test('a ticket brings the member back without a word to others (ROOM-5)', () => {
    const { room, join } = openRoom();
    const alice = join('alice');
    const ticket = room.findMember(alice)?.ticket ?? '';
    room.apply({ type: 'detach', memberId: alice, connectionId: 'connection-of-alice' });
    const link = { connectionId: 'second', address: '127.0.0.1', ...ticketOf('alice') };
    expect(types(room.apply({ type: 'resume', memberId: alice, ticket, ...link }))).toEqual(['memberResumed']);
    // The first connection's end, noticed late, must not detach the member from the second.
    expect(room.apply({ type: 'detach', memberId: alice, connectionId: 'connection-of-alice' })).toEqual([]);
  });

  test('a wrong ticket is refused', () => {
    const { room, join } = openRoom();
    const memberId = join('alice');
    const link = { connectionId: 'x', address: '127.0.0.1', ...ticketOf('alice') };
    expect(refusal(() => room.apply({ type: 'resume', memberId, ticket: 'guessed', ...link })).code).toBe(
      'resume.refused',
    );
  });

  test('a kicked user’s ticket is refused, also when it was disconnected at that moment (KICK-9)', () => {
    const { room, join } = openRoom();
    const memberId = join('alice');
    join('bob');
    const ticket = room.findMember(memberId)?.ticket ?? '';
    room.apply({ type: 'detach', memberId, connectionId: 'connection-of-alice' });
    room.apply(kick('alice'));
    const link = { connectionId: 'x', address: '127.0.0.1', ...ticketOf('alice') };
    expect(refusal(() => room.apply({ type: 'resume', memberId, ticket, ...link })).code).toBe('resume.refused');
  });

  test('missed events are kept up to a number, and a gap beyond it is told apart', () => {
    const { room, join } = openRoom();
    join('alice');
    for (let i = 0; i < 300; i += 1) {
      room.apply({ type: 'send', kind: 'broadcast', from: { id: 'x' as UserId, name: '' }, text: `${i}` });
    }
    expect(room.snapshot().seq).toBe(302);
    const after = (seq: number, epoch = room.epoch) => room.eventsAfter({ epoch, seq });
    expect(after(250)?.map((event) => event.seq)).toEqual(Array.from({ length: 52 }, (_, i) => 251 + i));
    expect(after(302)).toEqual([]);
    expect(after(2)).toBeUndefined();
    expect(after(303)).toBeUndefined();
    expect(after(302, '99' as Epoch)).toBeUndefined();
  });
});

describe('the same user twice', () => {
  test('replace takes the earlier login out, with its streams, before the new one is in', () => {
    const { room, join, publish } = openRoom();
    publish(join('alice'), 'cam');
    const events = room.apply(login('alice'));
    expect(types(events)).toEqual(['streamRemoved', 'memberLeft', 'memberJoined']);
    expect(events[0]).toMatchObject({ cause: 'replaced' });
    expect(events[2]).toMatchObject({ relogin: true, memberCount: 1 });
  });

  test('allow keeps both, and a kick takes both out (KICK-8)', () => {
    const { room, join } = openRoom();
    join('alice', { onDuplicate: 'allow' });
    join('alice', { onDuplicate: 'allow' });
    join('bob');
    expect(types(room.apply(kick('alice')))).toEqual(['memberLeft', 'memberLeft']);
  });

  test('reject refuses the later one', () => {
    const { room, join } = openRoom();
    join('alice');
    expect(refusal(() => room.apply(login('alice', { onDuplicate: 'reject' }))).code).toBe('login.duplicate-user');
  });
});

describe('kicking and closing', () => {
  test('streams go before their owner, each told with the cause (KICK-6)', () => {
    const { room, join, publish } = openRoom();
    const alice = join('alice');
    join('bob');
    publish(alice, 'cam');
    publish(alice, 'screen');
    const events = room.apply(kick('alice'));
    expect(types(events)).toEqual(['streamRemoved', 'streamRemoved', 'memberLeft']);
    expect(eventsOf(events, 'streamRemoved').map((event) => event.cause)).toEqual(['kicked', 'kicked']);
    expect(events[2]).toMatchObject({ cause: 'kicked', reason: 'spam' });
  });

  test('some of the named users are enough, none is refused (KICK-3)', () => {
    const { room, join } = openRoom();
    join('alice');
    join('bob');
    expect(refusal(() => room.apply(kick('carol', 'dave'))).code).toBe('room.member-not-found');
    expect(types(room.apply(kick('carol', 'alice')))).toEqual(['memberLeft']);
  });

  test('where all are required and one is missing, nobody is kicked and the first missing is named (RTK-4)', () => {
    const { room, join } = openRoom();
    join('alice');
    const error = refusal(() => room.apply({ ...kick('alice', 'carol', 'dave'), require: 'all' }));
    expect(error.details).toEqual({ label: 'carol' });
    expect(room.summary().memberCount).toBe(1);
  });

  test('a kicked user may log in again (KICK-10)', () => {
    const { room, join } = openRoom();
    join('alice');
    join('bob');
    room.apply(kick('alice'));
    expect(types(room.apply(login('alice')))).toEqual(['memberJoined']);
  });

  test('closing takes out streams, then members, then ends the room (CLOSE-2)', () => {
    const { room, join, publish } = openRoom();
    publish(join('alice'), 'cam');
    join('bob');
    const events = room.apply({ type: 'close', reason: 'bye 再见', announce: false });
    expect(types(events)).toEqual(['streamRemoved', 'memberLeft', 'memberLeft', 'roomClosed']);
    expect(events[3]).toMatchObject({ cause: 'room-closed', reason: 'bye 再见', announce: false });
  });
});

describe('streams', () => {
  test('a deleted stream’s owner stays, and may publish again under a new publish id (STRM-1)', () => {
    const { room, join, publish } = openRoom();
    const alice = join('alice');
    const first = publish(alice, 'cam');
    const [removed] = room.apply({ type: 'deleteStream', streamId: 'cam' as StreamId, actorUserId: 'admin' as UserId });
    expect(removed).toMatchObject({ type: 'streamRemoved', cause: 'deleted', exceptUserId: 'admin' });
    expect(room.summary().memberCount).toBe(1);
    expect(publish(alice, 'cam')).not.toBe(first);
  });

  test('an id that another user holds is refused, reserved or live (STRM-6)', () => {
    const { room, join, publish } = openRoom();
    publish(join('alice'), 'cam');
    const bob = join('bob');
    expect(refusal(() => publish(bob, 'cam')).code).toBe('stream.taken');
    const add = { type: 'addStream', streamId: 'cam' as StreamId, title: '', extraInfo: '' } as const;
    expect(refusal(() => room.apply({ ...add, user: { id: 'bob' as UserId, name: '' } })).code).toBe('stream.taken');
  });

  test('a reserved stream is nobody’s news: it is neither listed, nor told when its owner goes', () => {
    const { room, join } = openRoom();
    const memberId = join('alice');
    join('bob');
    room.apply({
      type: 'reserveStream',
      memberId,
      streamId: 'cam' as StreamId,
      extraInfo: '',
      audio: true,
      video: true,
    });
    expect(room.snapshot().streams).toEqual([]);
    expect(types(room.apply(kick('alice')))).toEqual(['streamReleased', 'memberLeft']);
  });

  test('publishing needs a login, and the permission for this very stream (STRM-7, AUTH-1)', () => {
    const { room, join, publish } = openRoom();
    const mute = join('mute', { permissions: { publishAudio: false, publishVideo: false } });
    const bound = join('bound', {
      permissions: { publishAudio: true, publishVideo: true, publishStreamIds: ['mine' as StreamId] },
    });
    expect(refusal(() => publish('stranger' as typeof mute, 'x')).code).toBe('room.member-not-found');
    expect(refusal(() => publish(mute, 'x')).code).toBe('stream.not-allowed');
    expect(refusal(() => publish(bound, 'x')).code).toBe('stream.not-allowed');
    expect(() => publish(bound, 'mine')).not.toThrow();
    expect(room.snapshot().streams).toHaveLength(1);
  });

  test('a member whose token ran out stays, but begins no stream until it has a new one (AUTH-1)', () => {
    const { room, clock, join, publish } = openRoom();
    const alice = join('alice', { tokenExpiresAtMs: clock.now() + 1000 });
    clock.advance(1000);
    expect(refusal(() => publish(alice, 'cam')).code).toBe('login.token-expired');
    room.apply({ type: 'renewToken', memberId: alice, tokenExpiresAtMs: clock.now() + 1000 });
    expect(() => publish(alice, 'cam')).not.toThrow();
  });

  test('a stream that a server announced for nobody in the room ends with the room', () => {
    const { room, join } = openRoom();
    join('alice');
    const user = { id: 'server' as UserId, name: 'Server' };
    room.apply({ type: 'addStream', user, streamId: 'relay' as StreamId, title: 't', extraInfo: '' });
    expect(types(room.apply(kick('alice')))).toEqual(['memberLeft', 'streamRemoved', 'roomClosed']);
  });
});

describe('a token that replaces another', () => {
  const renew = (memberId: MemberId, publishing: PublishRights) =>
    ({ type: 'renewToken', memberId, publishing }) as const;
  const NOTHING = { publishAudio: false, publishVideo: false };
  const ALL = { publishAudio: true, publishVideo: true };

  test('ends what it does not allow to be published, and refuses it from then on (AUTH-4)', () => {
    const { room, join, publish } = openRoom();
    const alice = join('alice');
    publish(alice, 'a');
    room.apply({
      type: 'reserveStream',
      memberId: alice,
      streamId: 'b' as StreamId,
      extraInfo: '',
      audio: true,
      video: true,
    });
    const events = room.apply(renew(alice, NOTHING));
    expect(types(events)).toEqual(['permissionsChanged', 'streamRemoved', 'streamReleased']);
    expect(events[1]).toMatchObject({ stream: { streamId: 'a' }, cause: 'forbidden' });
    expect(refusal(() => publish(alice, 'a')).code).toBe('stream.not-allowed');
    room.apply(renew(alice, ALL));
    publish(alice, 'a');
  });

  test('ends the streams alone that it does not name (AUTH-4)', () => {
    const { room, join, publish } = openRoom();
    const alice = join('alice');
    for (const id of ['a', 'b']) publish(alice, id);
    room.apply(renew(alice, { ...ALL, publishStreamIds: ['b' as StreamId] }));
    expect(room.snapshot().streams.map(({ streamId }) => streamId)).toEqual(['b']);
    room.apply(renew(alice, ALL));
    publish(alice, 'a');
  });

  test('of the same rights changes nothing, and gives nothing back that a host took away (AUTH-4, HOST-6)', () => {
    const { room, join } = openRoom();
    const alice = join('alice');
    expect(room.apply(renew(alice, ALL))).toEqual([]);
    const targets = [{ label: 'alice', userIds: ['alice' as UserId] }];
    room.apply({ type: 'setPermissions', targets, changes: { publishVideo: false } });
    room.apply(renew(alice, ALL));
    expect(room.findMember(alice)?.permissions).toMatchObject({ publishAudio: true, publishVideo: false });
  });
});
