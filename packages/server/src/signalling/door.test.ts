import { once } from 'node:events';
import { type StreamId, SUBPROTOCOL, type UserId } from '@gavel/protocol';
import { createOffer } from '@gavel/testkit/offers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket as Socket } from 'ws';
import type { PlayClaims } from '../claims/claims.ts';
import { MemoryClaims } from '../claims/memory-claims.ts';
import { kick } from '../rooms/testing.ts';
import { startDoor } from './testing.ts';

let door: Awaited<ReturnType<typeof startDoor>>;
beforeEach(async () => {
  door = await startDoor();
});
afterEach(() => door.close());

const kicking = (roomId: string, userId: string, reason = 'spam') =>
  door.rooms.execute(door.room(roomId), { ...kick(userId), reason }, door.origin);

/** Waits until a member's lost connection has been noticed. */
async function untilConnections(count: number): Promise<void> {
  while (door.fanOut.connectionCount !== count) await new Promise((resolve) => setImmediate(resolve));
}

describe('logging in', () => {
  test('the answer has the room as it is, and others hear of the new member (ROOM-1)', async () => {
    const alice = await door.join('lobby', 'alice');
    await alice.client.media.publish('cam', { extraInfo: 'hello' });
    const bob = await door.join('lobby', 'bob');
    expect(bob.login).toMatchObject({
      roomId: 'lobby',
      user: { id: 'bob', name: 'bob' },
      heartbeatIntervalMs: 30_000,
      heartbeatTimeoutMs: 100_000,
      room: {
        userSeq: 2,
        streamSeq: 1,
        memberCount: 2,
        members: [{ user: { id: 'alice' } }, { user: { id: 'bob' } }],
        streams: [{ streamId: 'cam', user: { id: 'alice' }, extraInfo: 'hello', audio: true, video: true }],
      },
    });
    expect(await alice.client.event('memberJoined')).toMatchObject({
      userSeq: 2,
      memberCount: 2,
      member: { user: { id: 'bob' } },
    });
  });

  test('who did not ask for members is told of none, but of streams', async () => {
    const alice = await door.join('lobby', 'alice', { members: false });
    const bob = await door.join('lobby', 'bob');
    expect(alice.login).toMatchObject({ room: { members: [] } });
    await bob.client.media.publish('cam');
    await alice.client.event('streamAdded');
    expect(alice.client.events.map(({ event }) => event)).toEqual(['streamAdded']);
  });

  test('a refused login may be tried again on the same connection', async () => {
    const client = await door.connect();
    await expect(
      client.login(1, 'lobby', 'alice', { credential: { scheme: 'app-token', token: 'bad' } }),
    ).rejects.toThrow('login.bad-credential');
    await expect(client.login(1, 'lob by', 'alice')).rejects.toThrow('login.bad-room-id');
    expect(await client.login(1, 'lobby', 'alice')).toMatchObject({ user: { id: 'alice' } });
    expect((await client.request('login', {})).error?.code).toBe('request.malformed');
  });

  test('a second login on one connection is out of order', async () => {
    const { client } = await door.join('lobby', 'alice');
    await expect(client.login(1, 'lobby', 'bob')).rejects.toThrow('request.out-of-order');
  });

  test('a connection that does not log in is closed, and may come back', async () => {
    const client = await door.connect();
    door.clock.advance(10_000);
    expect(await client.closed).toMatchObject({ code: 4005 });
  });

  test('the token renewed in time lets a member publish on (AUTH-1)', async () => {
    const credential = { scheme: 'app-token', appId: 1, token: 'good' } as const;
    const { client, login } = await door.join('lobby', 'alice', { credential });
    expect(login).toMatchObject({ tokenExpiresAtMs: door.clock.now() + 60_000 });
    door.clock.advance(60_000);
    expect((await client.media.publish('cam')).error?.code).toBe('login.token-expired');
    expect((await client.request('renewToken', { token: 'bad' })).error?.code).toBe('login.bad-credential');
    const { result } = await client.request('renewToken', { token: 'better' });
    expect(result).toEqual({ tokenExpiresAtMs: door.clock.now() + 60_000 });
    expect((await client.media.publish('cam')).error).toBeUndefined();
  });

  test('the same user’s earlier login is told that it was replaced, and must not come back', async () => {
    const first = await door.join('lobby', 'alice', { clientId: 'phone' });
    await door.join('lobby', 'alice', { clientId: 'laptop' });
    expect(await first.client.event('removed')).toEqual({ event: 'removed', cause: 'replaced', reason: '' });
    expect((await first.client.closed).code).toBe(4502);
  });
});

describe('leaving and coming back', () => {
  test('a logout is answered, closes the connection, and others hear of it', async () => {
    const alice = await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    expect(await bob.client.request('logout')).toMatchObject({ result: {} });
    expect((await bob.client.closed).code).toBe(4504);
    expect(await alice.client.event('memberLeft')).toMatchObject({ cause: 'logout', member: { user: { id: 'bob' } } });
  });

  test('a resume within the time is silent and brings what was missed, in order (ROOM-5)', async () => {
    const alice = await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    const seq = bob.login.room.seq;
    bob.client.cut();
    await untilConnections(1);
    await alice.client.request('send', { kind: 'broadcast', text: 'one' });
    await alice.client.request('send', { kind: 'command', text: 'not for bob', to: ['carol'] });
    await alice.client.request('send', { kind: 'command', text: 'two', to: ['bob'] });
    const again = await door.connect();
    const { result } = await again.request('resume', { ticket: bob.login.ticket, lastSeq: seq });
    expect(result).toMatchObject({
      events: [
        { event: 'message', text: 'one' },
        { event: 'message', text: 'two' },
      ],
    });
    await alice.client.request('send', { kind: 'broadcast', text: 'three' });
    expect(await again.event('message')).toMatchObject({ text: 'three' });
    expect(alice.client.events.map(({ event }) => event)).toEqual(['memberJoined']);
  });

  test('a socket that its browser closes in order takes its member out within 2 s (ROOM-8)', async () => {
    const alice = await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    bob.client.closeInOrder();
    await untilConnections(1);
    door.clock.advance(1000);
    expect(alice.client.events.map(({ event }) => event)).toEqual(['memberJoined']);
    door.clock.advance(1000);
    expect(await alice.client.event('memberLeft')).toMatchObject({
      member: { memberId: bob.login.memberId },
      cause: 'connection-lost',
    });
  });

  test('a page that is left closes with code 1001, and its member is out within 2 s (ROOM-8)', async () => {
    const alice = await door.join('lobby', 'alice');
    // Programs cannot send this code through the WebSocket of browsers and Node.
    const page = new Socket(`${door.baseUrl.replace('http', 'ws')}/signalling`, SUBPROTOCOL);
    await once(page, 'open');
    const params = { credential: { scheme: 'app-token', appId: 1 }, clientId: 'page', roomId: 'lobby', userId: 'bob' };
    page.send(JSON.stringify({ id: 1, method: 'login', params }));
    await alice.client.event('memberJoined');
    page.close(1001);
    await untilConnections(1);
    door.clock.advance(2000);
    expect(await alice.client.event('memberLeft')).toMatchObject({ cause: 'connection-lost' });
  });

  test('who closes in order and resumes within 2 s stays; a broken connection has the heartbeat time (ROOM-8, ROOM-5)', async () => {
    const alice = await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    const carol = await door.join('lobby', 'carol');
    bob.client.closeInOrder();
    carol.client.cut();
    await untilConnections(1);
    door.clock.advance(1000);
    const again = await door.connect();
    await again.request('resume', { ticket: bob.login.ticket, lastSeq: bob.login.room.seq });
    door.clock.advance(60_000);
    await again.request('heartbeat');
    await alice.client.request('heartbeat');
    expect(alice.client.events.map(({ event }) => event)).toEqual(['memberJoined', 'memberJoined']);
  });

  test('a resume after too much was missed brings the whole state', async () => {
    const alice = await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    bob.client.cut();
    await untilConnections(1);
    for (let i = 0; i < 250; i += 1) {
      const from = { id: 'server' as UserId, name: '' };
      await door.rooms.execute(door.room('lobby'), { type: 'send', kind: 'barrage', from, text: 'x' }, door.origin);
    }
    expect(alice.client.events.length).toBeGreaterThan(0);
    const again = await door.connect();
    const { result } = await again.request('resume', { ticket: bob.login.ticket, lastSeq: 1 });
    expect(result).toMatchObject({ room: { memberCount: 2, members: [{}, {}] } });
  });

  test('a second resume takes the member over, and the first connection is closed without a word to others', async () => {
    const alice = await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    const second = await door.connect();
    expect((await second.request('resume', { ticket: bob.login.ticket, lastSeq: 0 })).error).toBeUndefined();
    expect((await bob.client.closed).code).toBe(4003);
    await untilConnections(2);
    expect((await second.request('heartbeat')).result).toMatchObject({ memberCount: 2 });
    expect(alice.client.events.map(({ event }) => event)).toEqual(['memberJoined']);
  });

  test('a kicked user’s resume is refused with cause and reason, also when its connection was cut before (KICK-9)', async () => {
    await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    bob.client.cut();
    await untilConnections(1);
    await kicking('lobby', 'bob', '违规 🙂');
    const again = await door.connect();
    const { error } = await again.request('resume', { ticket: bob.login.ticket, lastSeq: 0 });
    expect(error).toMatchObject({ code: 'resume.refused', details: { cause: 'kicked', reason: '违规 🙂' } });
  });

  test('a made-up ticket is refused', async () => {
    const client = await door.connect();
    for (const ticket of ['x', 'bm9uc2Vuc2U', Buffer.from('[1,"production","lobby","m","t"]').toString('base64url')]) {
      expect((await client.request('resume', { ticket, lastSeq: 0 })).error?.code).toBe('resume.refused');
    }
  });

  test('heartbeats keep a member in, silence takes it out after 100 s (ROOM-4)', async () => {
    const alice = await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    for (let i = 0; i < 3; i += 1) {
      door.clock.advance(30_000);
      await alice.client.request('heartbeat');
    }
    door.clock.advance(10_000);
    expect(await bob.client.event('removed')).toMatchObject({ cause: 'heartbeat-timeout' });
    expect((await bob.client.closed).code).toBe(4004);
    expect(await alice.client.event('memberLeft')).toMatchObject({ cause: 'heartbeat-timeout', memberCount: 1 });
  });
});

describe('being put out', () => {
  test('the victim hears cause and reason and is closed for good; others hear of streams, then of the user (KICK-5, KICK-6)', async () => {
    const alice = await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    await bob.client.media.publish('cam');
    await alice.client.event('streamAdded');
    await kicking('lobby', 'bob', '违规 🙂');
    expect(await bob.client.event('removed')).toEqual({ event: 'removed', cause: 'kicked', reason: '违规 🙂' });
    expect((await bob.client.closed).code).toBe(4500);
    // The end of its own stream goes without saying.
    expect(bob.client.events.map(({ event }) => event)).toEqual(['streamAdded', 'removed']);
    await alice.client.event('memberLeft');
    expect(alice.client.events.slice(-2)).toMatchObject([
      { event: 'streamRemoved', cause: 'kicked', streamSeq: 2 },
      { event: 'memberLeft', cause: 'kicked' },
    ]);
  });

  test('media is closed when the kick is answered: what the victim published and what it played (KICK-4)', async () => {
    const alice = await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    await alice.client.media.publish('a');
    await bob.client.media.publish('b');
    await bob.client.media.play('a');
    await alice.client.media.play('b');
    door.engine.calls.length = 0;
    await kicking('lobby', 'bob');
    const room = await door.rooms.snapshot(door.room('lobby'));
    expect(room?.streams.map(({ streamId }) => streamId)).toEqual(['a']);
    expect(door.engine.calls).toEqual([`closePeer:${bob.login.memberId}`]);
    expect([...door.engine.streams.values()].map(({ subscribers }) => subscribers.size)).toEqual([0]);
  });

  test('a kick in the middle of a publish leaves no stream behind (KICK-4)', async () => {
    await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    door.engine.beforeAnswer = async () => {
      await kicking('lobby', 'bob');
    };
    await Promise.race([bob.client.media.publish('cam'), bob.client.closed]);
    await untilConnections(1);
    expect(await door.rooms.roomOfStream(door.room('lobby'), 'cam' as StreamId)).toBeUndefined();
    expect(door.engine.calls).toContain(`closePeer:${bob.login.memberId}`);
    expect([door.engine.peers.size, door.engine.streams.size]).toEqual([0, 0]);
  });

  test('closing the room tells everybody, and the same id is a new room at once (CLOSE-2, CLOSE-5)', async () => {
    const { client } = await door.join('lobby', 'alice');
    await door.rooms.execute(door.room('lobby'), { type: 'close', reason: 'over', announce: true }, door.origin);
    expect(await client.event('removed')).toEqual({ event: 'removed', cause: 'room-closed', reason: 'over' });
    expect((await client.closed).code).toBe(4501);
    expect((await door.join('lobby', 'alice')).login).toMatchObject({ room: { memberCount: 1 } });
  });

  test('a deleted stream is everybody’s news but the acting user’s, whose media is stopped all the same (STRM-2, STRM-3)', async () => {
    const alice = await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    await bob.client.media.publish('cam');
    const command = { type: 'deleteStream', streamId: 'cam' as StreamId, actorUserId: 'alice' as UserId } as const;
    await door.rooms.execute(door.room('lobby'), command, door.origin);
    expect(await bob.client.event('streamRemoved')).toMatchObject({ cause: 'deleted', stream: { streamId: 'cam' } });
    expect(await alice.client.event('mediaClosed')).toEqual({
      event: 'mediaClosed',
      streamId: 'cam',
      cause: 'deleted',
      streamSeq: 2,
    });
    expect(alice.client.events.some(({ event }) => event === 'streamRemoved')).toBe(false);
    expect((await bob.client.media.publish('cam')).error).toBeUndefined();
  });

  test('a stopping server says so, and everybody may come back', async () => {
    const { client } = await door.join('lobby', 'alice');
    door.door.close();
    expect(await client.event('goingAway')).toEqual({ event: 'goingAway' });
    expect((await client.closed).code).toBe(4000);
  });
});

describe('media requests', () => {
  test('a bad offer is refused, and the stream id is free again', async () => {
    const alice = await door.join('lobby', 'alice');
    expect((await alice.client.media.publish('cam', { offer: 'bad' })).error?.code).toBe('media.bad-offer');
    const bob = await door.join('lobby', 'bob');
    expect((await bob.client.media.publish('cam')).error).toBeUndefined();
    expect((await alice.client.media.publish('cam')).error?.code).toBe('stream.taken');
    expect((await alice.client.media.play('cam', { offer: 'bad' })).error?.code).toBe('media.bad-offer');
  });

  test('publishing and playing need a login in the stream’s room (STRM-7)', async () => {
    const alice = await door.join('lobby', 'alice');
    await alice.client.media.publish('cam');
    const stranger = await door.connect();
    expect((await stranger.media.publish('x')).error?.code).toBe('request.out-of-order');
    expect((await stranger.media.play('cam')).error?.code).toBe('request.out-of-order');
    const carol = await door.join('elsewhere', 'carol');
    expect((await carol.client.media.play('cam')).error?.code).toBe('stream.not-found');
    expect((await alice.client.media.publish('c m')).error?.code).toBe('stream.bad-id');
  });

  test('a publisher whose media is lost is asked to publish again, and others see nothing of it (MED-3)', async () => {
    const alice = await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    await alice.client.media.publish('cam');
    await bob.client.event('streamAdded');
    await bob.client.media.play('cam');
    const [published] = door.engine.streams.keys();
    door.engine.losePeer(alice.login.memberId, 'worker-died');
    door.engine.losePeer(bob.login.memberId, 'worker-died');
    expect(await alice.client.event('mediaLost')).toEqual({ event: 'mediaLost' });
    expect(await bob.client.event('mediaLost')).toEqual({ event: 'mediaLost' });
    await alice.client.media.publish('cam');
    expect(door.engine.requests.at(-1)?.publish).toMatchObject([{ stream: published }]);
    await keepAlive([alice.client, bob.client], 110_000);
    expect((await door.rooms.snapshot(door.room('lobby')))?.streams).toHaveLength(1);
  });

  test('a stream without media for the heartbeat time is ended with a cause, its owner stays (MED-5)', async () => {
    const alice = await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    await alice.client.media.publish('cam');
    await bob.client.event('streamAdded');
    door.engine.losePeer(alice.login.memberId);
    await keepAlive([alice.client, bob.client], 100_000);
    expect(await bob.client.event('streamRemoved')).toMatchObject({ cause: 'media-failed' });
    expect((await door.rooms.summary(door.room('lobby')))?.memberCount).toBe(2);
  });

  test('a stream is announced when its media is up, not before (MED-6)', async () => {
    door.engine.connects = false;
    const alice = await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    const { result } = await alice.client.media.publish('cam');
    expect(result).toEqual({ answer: expect.any(String), audio: true, video: true });
    await alice.client.request('updateStream', { streamId: 'cam', audio: false });
    await bob.client.request('heartbeat');
    expect(bob.client.events).toEqual([]);
    expect((await bob.client.media.play('cam')).error?.code).toBe('stream.not-found');
    door.engine.connectPeer(alice.login.memberId);
    expect(await bob.client.event('streamAdded')).toMatchObject({ stream: { audio: false, video: true } });
  });

  test('a publish whose media does not come up in time ends, and only its publisher is told (MED-6)', async () => {
    door.engine.connects = false;
    const alice = await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    await alice.client.media.publish('cam');
    await keepAlive([alice.client, bob.client], 30_000);
    expect(await alice.client.event('publishEnded')).toEqual({
      event: 'publishEnded',
      streamId: 'cam',
      cause: 'media-failed',
    });
    expect(door.engine.calls.at(-1)).toBe(`closeStream:${publishIdOf(door.engine)}`);
    await bob.client.request('heartbeat');
    expect(bob.client.events).toEqual([]);
    door.engine.connects = true;
    await bob.client.media.publish('cam');
    await alice.client.event('streamAdded');
  });

  test('a publish that was not announced yet can be ended by its publisher (MED-6)', async () => {
    door.engine.connects = false;
    const alice = await door.join('lobby', 'alice');
    await alice.client.media.publish('cam');
    await alice.client.media.unpublish('cam');
    expect(door.engine.calls.at(-1)).toBe(`closeStream:${publishIdOf(door.engine)}`);
    const bob = await door.join('lobby', 'bob');
    expect((await bob.client.media.publish('cam')).error).toBeUndefined();
    expect(alice.client.events.map(({ event }) => event)).not.toContain('publishEnded');
  });

  test('a member publishes at most 20 streams and plays at most 200, also with many requests at once (LIM-7)', async () => {
    const alice = await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    const publishAll = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, index) => alice.client.media.publish(`s${index}`)));
    const codes = (await publishAll(25)).map(({ error }) => error?.code);
    expect(codes.filter((code) => code === undefined)).toHaveLength(20);
    expect(codes.filter((code) => code === 'stream.too-many')).toHaveLength(5);
    // What is published already can be negotiated anew; a stream that ended makes room for another.
    expect((await alice.client.media.publish('s0')).error).toBeUndefined();
    await alice.client.media.unpublish('s0');
    expect((await alice.client.media.publish('new')).error).toBeUndefined();
    expect((await bob.client.media.publish('other')).error).toBeUndefined();
  });

  test('a member that plays as many streams as it may is refused one more, until it stops one (LIM-7)', async () => {
    const small = await startDoor({}, { maxPlaysPerMember: 2 });
    const alice = await small.join('lobby', 'alice');
    const bob = await small.join('lobby', 'bob');
    for (const streamId of ['a', 'b', 'c']) await alice.client.media.publish(streamId);
    for (const streamId of ['a', 'b', 'c']) {
      await bob.client.event('streamAdded');
      await bob.client.media.stop(streamId);
    }
    const play = async (streamId: string, options = {}) => (await bob.client.media.play(streamId, options)).error?.code;
    expect(await play('c', { offer: 'bad' })).toBe('media.bad-offer');
    const codes = await Promise.all([play('a'), play('b'), play('c')]);
    expect(codes).toEqual([undefined, undefined, 'stream.too-many']);
    expect(await play('a')).toBeUndefined();
    await bob.client.media.stop('a');
    expect(await play('c')).toBeUndefined();
    await small.close();
  });

  /** Claims of plays that are answered later, as those of a cluster. */
  function openLateClaims(): PlayClaims {
    const { plays } = new MemoryClaims();
    return {
      claim: async (...claim) => plays.claim(...claim),
      release: async (...release) => plays.release(...release),
    };
  }

  test('the plays of a limited App are counted where all nodes see them, and an offer may exchange them (LIM-7, CLUS-8)', async () => {
    const playClaims = openLateClaims();
    const small = await startDoor({}, { maxPlaysPerApp: 2, playClaims });
    const alice = await small.join('lobby', 'alice');
    for (const streamId of ['a', 'b']) {
      await alice.client.media.publish(streamId);
      while (!(await small.rooms.findStream(small.room('lobby'), streamId as StreamId)))
        await new Promise(setImmediate);
    }
    const bob = await small.join('lobby', 'bob');
    const key = small.room('lobby');
    const take = async (...playIds: string[]) => playClaims.claim(key, { playIds, ending: [] }, 2);
    const play = async (streamId: string) => (await bob.client.media.play(streamId)).error?.code;
    // A play at another node.
    await take('elsewhere');
    expect([await play('a'), await play('b')]).toEqual([undefined, 'stream.too-many']);
    await bob.client.media.stop('a');
    expect(await play('b')).toBeUndefined();
    const offer = createOffer([{ mid: 'x', kind: 'video', direction: 'recvonly' }]);
    const item = { streamId: 'a', mids: { video: 'x' } };
    const exchanged = await bob.client.request('negotiate', { offer, publish: [], play: [item] });
    expect(exchanged.result).toMatchObject({ play: [{ streamId: 'a', video: true }] });
    expect(await take('more')).toEqual([false]);
    // A refused offer gives its places back, and so does a member that leaves.
    await bob.client.media.stop('a');
    expect((await bob.client.media.play('b', { offer: 'bad' })).error?.code).toBe('media.bad-offer');
    expect(await play('a')).toBeUndefined();
    await bob.client.request('logout');
    expect(await take('more')).toEqual([true]);
    await small.close();
  });

  test('an App whose members play as many streams as it may is refused one more, also at once (LIM-7)', async () => {
    const small = await startDoor({}, { maxPlaysPerApp: 2 });
    const alice = await small.join('lobby', 'alice');
    await alice.client.media.publish('a');
    const viewers = await Promise.all(['bob', 'carol', 'dave'].map((userId) => small.join('lobby', userId)));
    const play = async ({ client }: (typeof viewers)[number]) => (await client.media.play('a')).error?.code;
    while (!(await small.rooms.findStream(small.room('lobby'), 'a' as StreamId))) await new Promise(setImmediate);
    const codes = await Promise.all(viewers.map(play));
    expect(codes).toEqual([undefined, undefined, 'stream.too-many']);
    // The others' plays are the App's: who leaves makes room.
    await viewers[0]?.client.request('logout');
    expect(await play(viewers[2] as (typeof viewers)[number])).toBeUndefined();
    await small.close();
  });

  test('a kind that is refused for its codec is in the answer (MED-8)', async () => {
    const alice = await door.join('lobby', 'alice');
    const published = await alice.client.media.publish('cam', { lacks: 'video' });
    expect(published.result).toEqual({ answer: expect.any(String), audio: true, video: false, unsupported: ['video'] });
    const bob = await door.join('lobby', 'bob');
    await alice.client.media.publish('both');
    const played = await bob.client.media.play('both', { lacks: 'audio' });
    expect(played.result).toEqual({ answer: expect.any(String), audio: false, video: true, unsupported: ['audio'] });
  });

  /** The first stream of the last offer, as the engine knows it. */
  function publishIdOf({ requests }: typeof door.engine): string {
    return requests.at(-1)?.publish[0]?.stream ?? '';
  }

  async function keepAlive(clients: Awaited<ReturnType<typeof door.connect>>[], forMs: number): Promise<void> {
    for (let ms = 0; ms < forMs; ms += 10_000) {
      door.clock.advance(10_000);
      for (const client of clients) await client.request('heartbeat');
    }
  }
});

describe('messages', () => {
  test('a broadcast reaches the others, not its sender; a command only those it names', async () => {
    const alice = await door.join('lobby', 'alice');
    const bob = await door.join('lobby', 'bob');
    const carol = await door.join('lobby', 'carol');
    expect((await alice.client.request('send', { kind: 'broadcast', text: 'hi' })).result).toEqual({ messageId: 1 });
    const { result } = await alice.client.request('send', { kind: 'command', text: 'psst', to: ['carol', 'nobody'] });
    expect(result).toEqual({ messageId: 2, absent: ['nobody'] });
    await carol.client.request('heartbeat');
    const texts = (client: typeof alice.client) =>
      client.events.flatMap((event) => (event.event === 'message' ? event.text : []));
    expect([texts(alice.client), texts(bob.client), texts(carol.client)]).toEqual([[], ['hi'], ['hi', 'psst']]);
  });

  test('empty and over-long messages are refused, 1,024 bytes are not', async () => {
    const { client } = await door.join('lobby', 'alice');
    const codeOf = async (text: string) => (await client.request('send', { kind: 'broadcast', text })).error?.code;
    expect(await codeOf('')).toBe('message.empty');
    expect(await codeOf('好'.repeat(342))).toBe('message.too-long');
    expect(await codeOf('x'.repeat(1024))).toBeUndefined();
  });
});
