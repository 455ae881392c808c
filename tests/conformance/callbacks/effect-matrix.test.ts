/**
 * The column "server callbacks" of the effect matrix (reference zego 2.7): each cause with its callbacks, in order.
 */

import { RawClient } from '@gavel/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { publish } from '../zego/harness.ts';
import { type Stage, startStage, tell, until } from './harness.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await startStage();
});
afterEach(() => stage.close());

/** Two users in a room, one of them with a stream; their own callbacks are already consumed. */
async function fill() {
  const anna = await stage.join('r', 'anna');
  const bob = await stage.join('r', 'bob');
  await publish(anna, 'anna-cam');
  await stage.news();
  return { anna, bob };
}

/** Returns the number of connections of all nodes. */
async function countConnections(): Promise<number> {
  const texts = await Promise.all(stage.nodeUrls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
  return texts.reduce((sum, text) => sum + Number(/^gavel_connections (\d+)$/m.exec(text)?.[1]), 0);
}

/** Cuts the connection of a client, and waits until the server has noticed. */
async function lose(client: RawClient): Promise<void> {
  const before = await countConnections();
  client.cut();
  await until(async () => (await countConnections()) < before, 'the server knows that the client is gone');
}

describe('logins and logouts', () => {
  it('the first login: room_create, room_login', async () => {
    await stage.join('r', 'anna');
    expect(await stage.news()).toEqual(['room_create', 'room_login anna']);
  });

  it('a later login: room_login', async () => {
    await stage.join('r', 'anna');
    await stage.news();
    await stage.join('r', 'bob');
    expect(await stage.news()).toEqual(['room_login bob']);
  });

  it('a logout with a stream: stream_close 0, room_logout 0; the last one: room_close 0', async () => {
    const { anna, bob } = await fill();
    await anna.request('logout');
    expect(await stage.news()).toEqual(['stream_close anna-cam 0', 'room_logout anna 0']);
    await bob.request('logout');
    expect(await stage.news()).toEqual(['room_logout bob 0', 'room_close 0']);
  });

  it('the same user logs in again: stream_close 2, room_login with relogin 1', async () => {
    await fill();
    await stage.join('r', 'anna');
    expect(await stage.news()).toEqual(['stream_close anna-cam 2', 'room_login anna relogin']);
    const login = stage.receiver.received.at(-1)?.body;
    // Joined, joined, and the replacement, which is a logout and a login.
    expect(login?.user_update_seq).toBe('4');
  });

  it('the same user logs in to another room from elsewhere: the first room hears of its logout', async () => {
    await fill();
    const client = await RawClient.open(stage.baseUrl);
    await client.login(stage.app.appId, 'other', 'anna', { clientId: 'another-device' });
    // Two rooms: the order of their callbacks is not defined.
    expect((await stage.news()).sort()).toEqual([
      'room_create',
      'room_login anna',
      'room_logout anna 0',
      'stream_close anna-cam 2',
    ]);
  });

  it('a resume within the heartbeat time: none (ROOM-5)', async () => {
    const client = await RawClient.open(stage.baseUrl);
    const { ticket } = await client.login(stage.app.appId, 'r', 'anna');
    await stage.news();
    await lose(client);
    const back = await RawClient.open(stage.baseUrl);
    expect((await back.request('resume', { ticket, lastSeq: 0 })).error).toBeUndefined();
    expect(await stage.news()).toEqual([]);
  });
});

describe('members that are not heard of', () => {
  it('a heartbeat that is missing: stream_close 1, room_logout 1, and at the last user room_close 1', async () => {
    const anna = await stage.join('r', 'anna');
    await publish(anna, 'anna-cam');
    await stage.news();
    stage.clock.advance(101_000);
    await stage.receiver.count(6);
    expect(await stage.news()).toEqual(['stream_close anna-cam 1', 'room_logout anna 1', 'room_close 1']);
  });

  it('a connection that was lost: stream_close 4, room_logout 2, and at the last user room_close 2', async () => {
    const anna = await stage.join('r', 'anna');
    await publish(anna, 'anna-cam');
    await stage.news();
    await lose(anna);
    stage.clock.advance(101_000);
    await stage.receiver.count(6);
    expect(await stage.news()).toEqual(['stream_close anna-cam 4', 'room_logout anna 2', 'room_close 2']);
  });
});

describe('streams', () => {
  it('publish and stop: stream_create, stream_close 0', async () => {
    const anna = await stage.join('r', 'anna');
    await stage.news();
    await publish(anna, 'anna-cam');
    expect(await stage.news()).toEqual(['stream_create anna-cam']);
    await anna.media.unpublish('anna-cam');
    expect(await stage.news()).toEqual(['stream_close anna-cam 0']);
  });

  it('a publish whose media is refused: none', async () => {
    const anna = await stage.join('r', 'anna');
    await stage.news();
    const { error } = await anna.media.publish('anna-cam', { offer: 'bad' });
    expect(error).toBeDefined();
    expect(await stage.news()).toEqual([]);
  });

  it('DeleteStream: stream_close 100 (STRM-5)', async () => {
    await fill();
    const params = { RoomId: 'r', UserId: 'admin', StreamId: 'anna-cam' };
    expect(await stage.codeOf('DeleteStream', params)).toBe(0);
    expect(await stage.news()).toEqual(['stream_close anna-cam 100']);
  });

  it('AddStream of a server, and the room’s end: stream_create, and stream_close 5 before room_close', async () => {
    const anna = await stage.join('r', 'anna');
    const params = {
      RoomId: 'r',
      UserId: 'robot',
      UserName: 'Robot',
      StreamId: 'made',
      StreamTitle: 'T',
      ExtraInfo: 'e',
    };
    expect(await stage.codeOf('AddStream', params)).toBe(0);
    await anna.request('logout');
    expect(await stage.news()).toEqual([
      'room_create',
      'room_login anna',
      'stream_create made',
      'room_logout anna 0',
      'stream_close made 5',
      'room_close 0',
    ]);
  });
});

describe('KickoutUser', () => {
  it('stream_close 3, room_logout 3; the room goes on (KICK-7)', async () => {
    await fill();
    expect(await stage.codeOf('KickoutUser', { RoomId: 'r', UserId: ['anna'] })).toBe(0);
    expect(await stage.news()).toEqual(['stream_close anna-cam 3', 'room_logout anna 3']);
  });

  it('of the last user: stream_close 3, room_logout 3, room_close 3, in this order (KICK-7)', async () => {
    const anna = await stage.join('r', 'anna');
    await publish(anna, 'anna-cam');
    await publish(anna, 'anna-screen');
    await stage.news();
    expect(await stage.codeOf('KickoutUser', { RoomId: 'r', UserId: ['anna', 'nobody'] })).toBe(0);
    expect(await stage.news()).toEqual([
      'stream_close anna-cam 3',
      'stream_close anna-screen 3',
      'room_logout anna 3',
      'room_close 3',
    ]);
  });

  it('that is refused: none', async () => {
    await fill();
    expect(await stage.codeOf('KickoutUser', { RoomId: 'r', UserId: ['nobody'] })).toBe(50002);
    expect(await stage.codeOf('KickoutUser', { RoomId: 'nowhere', UserId: ['anna'] })).toBe(50001);
    expect(await stage.news()).toEqual([]);
  });
});

describe('CloseRoom', () => {
  const parts = ['stream_close anna-cam 5', 'room_logout anna 3', 'room_logout bob 3'];

  it('without RoomCloseCallback: stream_close 5, room_logout 3 for each user, no room_close (CLOSE-3)', async () => {
    await fill();
    expect(await stage.codeOf('CloseRoom', { RoomId: 'r', CustomReason: 'over' })).toBe(0);
    expect(await stage.news()).toEqual(parts);
    stage.nextSecond();
    await fill();
    expect(await stage.codeOf('CloseRoom', { RoomId: 'r', RoomCloseCallback: 'false' })).toBe(0);
    expect(await stage.news()).toEqual(parts);
  });

  it('with RoomCloseCallback=true: the same, and then room_close 0 (CLOSE-3)', async () => {
    await fill();
    expect(await stage.codeOf('CloseRoom', { RoomId: 'r', RoomCloseCallback: 'true' })).toBe(0);
    expect(await stage.news()).toEqual([...parts, 'room_close 0']);
  });
});

describe('what has no callback', () => {
  it('messages, extra info of streams, figures', async () => {
    const { anna } = await fill();
    await anna.request('send', { kind: 'broadcast', text: 'hello' });
    await anna.request('updateStream', { streamId: 'anna-cam', extraInfo: 'x' });
    await stage.call('DescribeUserNum', { RoomId: ['r'] });
    expect(await stage.news()).toEqual([]);
  });
});

it('rooms of the test environment send callbacks too', async () => {
  await stage.join('r', 'anna', { environment: 'test' });
  expect(await stage.news()).toEqual(['room_create', 'room_login anna']);
});

it('an App without addresses sends nothing, and waits for nothing', async () => {
  await stage.join('r', 'zoe', { app: stage.otherApp });
  expect(await stage.news()).toEqual([]);
  expect(stage.receiver.received.map(tell)).toEqual([]);
});
