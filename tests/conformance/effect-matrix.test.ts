/**
 * The effect matrix (reference zego 2.7), all three columns of each row: what the affected client sees, what the others
 * see, which callbacks the customer's server receives. The SDK is real, its media is fake.
 */

import { type OpenSocket, openSocketWith, type SocketLink } from '@gavel/client';
import { type ZegoEvents, ZegoExpressEngine } from '@gavel/client/zego';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMedia, type FakePeer, FakeStream, FakeTrack } from '../../packages/client/src/testing/fake-media.ts';
import { type Stage, startStage, until } from './callbacks/harness.ts';

const ROOM = 'r';

/** The recorded fields of each event; quality and counts are not part of the matrix. */
const TELL: { readonly [E in keyof ZegoEvents]?: (...args: ZegoEvents[E]) => unknown[] } = {
  roomStateChanged: (_room, reason, code) => [reason, code],
  roomUserUpdate: (_room, type, users) => [type, ...users.map(({ userID }) => userID)],
  roomStreamUpdate: (_room, type, streams, data) => {
    const reasons =
      data === '' ? [] : (JSON.parse(data) as { stream_delete_reason: { code: number }[] }).stream_delete_reason;
    return [type, ...streams.map(({ streamID }) => streamID), ...reasons.map(({ code }) => code)];
  },
  streamExtraInfoUpdate: (_room, streams) => streams.map(({ streamID, extraInfo }) => `${streamID}=${extraInfo}`),
  publisherStateUpdate: ({ streamID, state, errorCode }) => [streamID, state, errorCode],
  playerStateUpdate: ({ streamID, state, errorCode }) => [streamID, state, errorCode],
  IMRecvBroadcastMessage: (_room, [message]) => [message?.fromUser.userID, message?.message],
  IMRecvBarrageMessage: (_room, [message]) => [message?.fromUser.userID, message?.message],
  IMRecvCustomCommand: (_room, from, command) => [from.userID, command],
};

/** A user with the SDK, whose connection can be cut. */
class User {
  readonly id: string;
  readonly sdk: ZegoExpressEngine;
  readonly #log: string[] = [];
  readonly #sockets = new Set<SocketLink>();
  #isCut = false;

  constructor(id: string, appId: number, server: string) {
    this.id = id;
    const platform = { openSocket: this.#openSocket(), media: connectingMedia() };
    this.sdk = new ZegoExpressEngine(appId, server, { platform, reconnectingDelayMs: 0 });
    for (const [event, tell] of Object.entries(TELL) as [keyof ZegoEvents, (...args: unknown[]) => unknown[]][]) {
      this.sdk.on(event, (...args: unknown[]) => this.#log.push([event, ...tell(...args)].join(' ')));
    }
  }

  login(): Promise<boolean> {
    return this.sdk.loginRoom(ROOM, '', { userID: this.id }, { userUpdate: true });
  }

  async publish(streamId: string, extraInfo?: string): Promise<void> {
    const stream = new FakeStream([new FakeTrack('audio'), new FakeTrack('video')]) as unknown as MediaStream;
    this.sdk.startPublishingStream(streamId, stream, extraInfo === undefined ? {} : { extraInfo });
    await this.saw(`publisherStateUpdate ${streamId} PUBLISHING 0`);
    // It is stored after the answer, and before others see the stream.
    const isAnnounced = () => stage.receiver.received.some(({ body }) => body.stream_id === streamId);
    await until(isAnnounced, `the callback of ${streamId}`);
  }

  async play(streamId: string): Promise<void> {
    await this.sdk.startPlayingStream(streamId);
    await this.saw(`playerStateUpdate ${streamId} PLAYING 0`);
  }

  /** Waits for an event. */
  saw(line: string): Promise<void> {
    return until(() => this.#log.includes(line), `${line} at ${this.id}; there is ${this.#log.join('; ')}`);
  }

  /** Returns the events since the last call. */
  news(): string[] {
    return this.#log.splice(0);
  }

  /** Cuts the connection until `mend`. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.close(3000, '');
  }

  mend(): void {
    this.#isCut = false;
  }

  #openSocket(): OpenSocket {
    const open = openSocketWith(WebSocket);
    return (url, protocol, handlers) => {
      const link = open(this.#isCut ? 'ws://127.0.0.1:9/' : url, protocol, {
        ...handlers,
        closed: (code, reason) => {
          this.#sockets.delete(link);
          // A cut connection has no close reason.
          handlers.closed(code === 3000 ? 1006 : code, reason);
        },
      });
      this.#sockets.add(link);
      return link;
    };
  }
}

/** Media whose transports connect as soon as they are answered. */
function connectingMedia() {
  const media = new FakeMedia();
  const { createPeerConnection } = media.platform;
  return {
    ...media.platform,
    createPeerConnection: (configuration: RTCConfiguration) => {
      const connection = createPeerConnection(configuration);
      const peer = connection as unknown as FakePeer;
      const answered = peer.setRemoteDescription.bind(peer);
      peer.setRemoteDescription = async (description) => {
        await answered(description);
        peer.become('connected');
      };
      return connection;
    },
  };
}

let stage: Stage;
let users: User[];
const newUser = (id: string): User => {
  const user = new User(id, stage.app.appId, stage.baseUrl);
  users.push(user);
  return user;
};
beforeEach(async () => {
  users = [];
  stage = await startStage();
});
afterEach(async () => {
  for (const { sdk } of users) sdk.destroyEngine();
  await stage.close();
});

/** Anna publishes and plays Bob, Bob publishes and plays Anna; their own events are already consumed. */
async function fill(): Promise<{ anna: User; bob: User }> {
  const anna = newUser('anna');
  const bob = newUser('bob');
  await anna.login();
  await bob.login();
  await anna.publish('anna-cam');
  await bob.publish('bob-cam');
  await anna.saw('roomStreamUpdate ADD bob-cam');
  await bob.saw('roomStreamUpdate ADD anna-cam');
  await anna.play('bob-cam');
  await bob.play('anna-cam');
  await anna.saw('roomUserUpdate ADD bob');
  await stage.news();
  anna.news();
  bob.news();
  return { anna, bob };
}

describe('logins', () => {
  it('the first login', async () => {
    const anna = newUser('anna');
    await anna.login();
    expect(anna.news()).toEqual(['roomStateChanged LOGINING 0', 'roomStateChanged LOGINED 0']);
    expect(await stage.news()).toEqual(['room_create', 'room_login anna']);
  });

  it('a later login', async () => {
    const anna = newUser('anna');
    await anna.login();
    await anna.publish('anna-cam');
    anna.news();
    await stage.news();
    const bob = newUser('bob');
    await bob.login();
    expect(bob.news()).toEqual([
      'roomStateChanged LOGINING 0',
      'roomStreamUpdate ADD anna-cam',
      'roomStateChanged LOGINED 0',
      'roomUserUpdate ADD anna',
    ]);
    await anna.saw('roomUserUpdate ADD bob');
    expect(anna.news()).toEqual(['roomUserUpdate ADD bob']);
    expect(await stage.news()).toEqual(['room_login bob']);
  });

  it('logoutRoom, and of the last user too', async () => {
    const { anna, bob } = await fill();
    bob.sdk.logoutRoom(ROOM);
    await anna.saw('roomUserUpdate DELETE bob');
    expect(bob.news()).toEqual([
      'playerStateUpdate anna-cam NO_PLAY 0',
      'publisherStateUpdate bob-cam NO_PUBLISH 0',
      'roomStateChanged LOGOUT 0',
    ]);
    expect(anna.news()).toEqual([
      'roomStreamUpdate DELETE bob-cam 1',
      'playerStateUpdate bob-cam NO_PLAY 1004002',
      'roomUserUpdate DELETE bob',
    ]);
    expect(await stage.news()).toEqual(['stream_close bob-cam 0', 'room_logout bob 0']);
    anna.sdk.logoutRoom(ROOM);
    // Nobody is left who is told after the callbacks are stored; they are sent after the room is gone.
    await until(() => stage.receiver.received.some(({ body }) => body.event === 'room_close'), 'the room is closed');
    expect(await stage.rooms.summary(key())).toBeUndefined();
    expect(await stage.news()).toEqual(['stream_close anna-cam 0', 'room_logout anna 0', 'room_close 0']);
  });

  it('the same user logs in elsewhere', async () => {
    const { anna, bob } = await fill();
    const again = newUser('bob');
    await again.login();
    await anna.saw('roomStreamUpdate DELETE bob-cam 3');
    await bob.saw('roomStateChanged KICKOUT 1002050');
    expect(bob.news()).toEqual([
      'playerStateUpdate anna-cam NO_PLAY 1002050',
      'publisherStateUpdate bob-cam NO_PUBLISH 1002050',
      'roomStateChanged KICKOUT 1002050',
    ]);
    expect(anna.news().slice(0, 2)).toEqual([
      'roomStreamUpdate DELETE bob-cam 3',
      'playerStateUpdate bob-cam NO_PLAY 1004020',
    ]);
    expect((await stage.news()).filter((line) => line !== 'room_logout bob 0')).toEqual([
      'stream_close bob-cam 2',
      'room_login bob relogin',
    ]);
  });
});

describe('streams', () => {
  it('startPublishingStream with an extra info, and stopPublishingStream', async () => {
    const { anna, bob } = await fill();
    await bob.publish('bob-screen', 'hello');
    await anna.saw('streamExtraInfoUpdate bob-screen=hello');
    expect(bob.news()).toEqual([
      'publisherStateUpdate bob-screen PUBLISH_REQUESTING 0',
      'publisherStateUpdate bob-screen PUBLISHING 0',
    ]);
    expect(anna.news()).toEqual(['roomStreamUpdate ADD bob-screen', 'streamExtraInfoUpdate bob-screen=hello']);
    expect(await stage.news()).toEqual(['stream_create bob-screen']);

    bob.sdk.stopPublishingStream('bob-screen');
    await anna.saw('roomStreamUpdate DELETE bob-screen 1');
    expect(bob.news()).toEqual(['publisherStateUpdate bob-screen NO_PUBLISH 0']);
    expect(anna.news()).toEqual(['roomStreamUpdate DELETE bob-screen 1']);
    expect(await stage.news()).toEqual(['stream_close bob-screen 0']);
  });

  it('AddStream', async () => {
    const { anna, bob } = await fill();
    const params = { RoomId: ROOM, UserId: 'server', StreamId: 'relay' };
    expect(await stage.codeOf('AddStream', params)).toBe(0);
    for (const user of [anna, bob]) {
      await user.saw('roomStreamUpdate ADD relay');
      expect(user.news()).toEqual(['roomStreamUpdate ADD relay']);
    }
  });

  it('DeleteStream: everyone but the acting user is told', async () => {
    const { anna, bob } = await fill();
    const carol = newUser('carol');
    await carol.login();
    await anna.saw('roomUserUpdate ADD carol');
    await bob.saw('roomUserUpdate ADD carol');
    await stage.news();
    for (const user of [anna, bob, carol]) user.news();
    expect(await stage.codeOf('DeleteStream', { RoomId: ROOM, UserId: 'carol', StreamId: 'bob-cam' })).toBe(0);
    await bob.saw('publisherStateUpdate bob-cam NO_PUBLISH 1003025');
    await anna.saw('roomStreamUpdate DELETE bob-cam 6');
    expect(bob.news()).toEqual([
      'roomStreamUpdate DELETE bob-cam 6',
      'publisherStateUpdate bob-cam NO_PUBLISH 1003025',
    ]);
    expect(anna.news()).toEqual(['roomStreamUpdate DELETE bob-cam 6', 'playerStateUpdate bob-cam NO_PLAY 1004020']);
    expect(carol.news()).toEqual([]);
    expect(await stage.news()).toEqual(['stream_close bob-cam 100']);
  });

  it('ForbidRTCStream', async () => {
    const { anna, bob } = await fill();
    expect(await stage.codeOf('ForbidRTCStream', { StreamId: 'bob-cam', Sequence: '1' })).toBe(0);
    await bob.saw('publisherStateUpdate bob-cam NO_PUBLISH 1003025');
    await anna.saw('playerStateUpdate bob-cam NO_PLAY 1004025');
  });
});

describe('being put out', () => {
  it('KickoutUser, and of the last user too', async () => {
    const { anna, bob } = await fill();
    expect(await stage.codeOf('KickoutUser', { RoomId: ROOM, UserId: ['bob'] })).toBe(0);
    await bob.saw('roomStateChanged KICKOUT 1002055');
    await anna.saw('roomUserUpdate DELETE bob');
    expect(bob.news()).toEqual([
      'playerStateUpdate anna-cam NO_PLAY 1002055',
      'publisherStateUpdate bob-cam NO_PUBLISH 1002055',
      'roomStateChanged KICKOUT 1002055',
    ]);
    expect(anna.news()).toEqual([
      'roomStreamUpdate DELETE bob-cam 4',
      'playerStateUpdate bob-cam NO_PLAY 1004020',
      'roomUserUpdate DELETE bob',
    ]);
    expect(await stage.news()).toEqual(['stream_close bob-cam 3', 'room_logout bob 3']);
    expect(await stage.codeOf('KickoutUser', { RoomId: ROOM, UserId: ['anna'] })).toBe(0);
    expect(await stage.news()).toEqual(['stream_close anna-cam 3', 'room_logout anna 3', 'room_close 3']);
  });

  it('CloseRoom', async () => {
    const { anna, bob } = await fill();
    expect(await stage.codeOf('CloseRoom', { RoomId: ROOM })).toBe(0);
    for (const [user, other] of [
      [anna, bob],
      [bob, anna],
    ] as const) {
      await user.saw('roomStateChanged KICKOUT 1002055');
      expect(user.news()).toEqual([
        `playerStateUpdate ${other.id}-cam NO_PLAY 1002055`,
        `publisherStateUpdate ${user.id}-cam NO_PUBLISH 1002055`,
        'roomStateChanged KICKOUT 1002055',
      ]);
    }
    expect(await stage.news()).toEqual([
      'stream_close anna-cam 5',
      'stream_close bob-cam 5',
      'room_logout anna 3',
      'room_logout bob 3',
    ]);
  });
});

describe('lost connections', () => {
  it('come back in time: nobody else sees anything', async () => {
    const { anna, bob } = await fill();
    bob.cut();
    await bob.saw('roomStateChanged RECONNECTING 1000017');
    bob.mend();
    await bob.saw('roomStateChanged RECONNECTED 0');
    expect(anna.news()).toEqual([]);
    expect(await stage.news()).toEqual([]);
  });

  it('come back too late: the others see the user and its streams go, and come again', async () => {
    const { anna, bob } = await fill();
    bob.cut();
    await bob.saw('roomStateChanged RECONNECTING 1000017');
    bob.news();
    await passHeartbeatTime(anna);
    await anna.saw('roomUserUpdate DELETE bob');
    expect(anna.news()).toEqual([
      'roomStreamUpdate DELETE bob-cam 5',
      // The player waits for the stream's return.
      'playerStateUpdate bob-cam PLAY_REQUESTING 0',
      'roomUserUpdate DELETE bob',
    ]);
    expect(await stage.news()).toEqual(['stream_close bob-cam 4', 'room_logout bob 2']);
    bob.mend();
    await bob.saw('roomStateChanged RECONNECTED 0');
    await anna.saw('playerStateUpdate bob-cam PLAYING 0');
    expect(anna.news()).toEqual([
      'roomUserUpdate ADD bob',
      'roomStreamUpdate ADD bob-cam',
      'playerStateUpdate bob-cam PLAYING 0',
    ]);
    expect(await stage.news()).toEqual(['room_login bob', 'stream_create bob-cam']);
  });

  /** Lets the heartbeat timeout pass, during which only one user sends heartbeats. */
  async function passHeartbeatTime(alive: User): Promise<void> {
    for (let ms = 0; ms <= 100_000; ms += 25_000) {
      stage.clock.advance(25_000);
      await alive.sdk.sendBroadcastMessage(ROOM, 'still here');
    }
  }
});

describe('bans', () => {
  it('a banned login: LOGIN_FAILED 1002066 with the end of the ban, and nobody else sees anything (BAN-1, BAN-2)', async () => {
    const { anna } = await fill();
    const ban = { RuleType: '3', UserId: 'carol', DisabledPrivilege: ['1'], EffectiveTime: '60' };
    const answer = await stage.call('SetForbidUserRule', ban);
    expect(answer.Code).toBe(0);
    const carol = newUser('carol');
    const refusal = await carol.login().then(
      () => 'admitted',
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ errorCode: 1002066 });
    const { extendedData = '{}' } = refusal as { extendedData?: string };
    expect(JSON.parse(extendedData)).toMatchObject({ expire_time: Number(answer.Data?.ExpireTime) });
    expect(carol.news()).toEqual(['roomStateChanged LOGINING 0', 'roomStateChanged LOGIN_FAILED 1002066']);
    expect(anna.news()).toEqual([]);
    expect(await stage.news()).toEqual([]);
  });
});

describe('messages', () => {
  it('a broadcast too many is refused at its sender (LIM-2)', async () => {
    const { anna } = await fill();
    const answers: number[] = [];
    for (const text of ['one', 'two', 'three'])
      answers.push((await anna.sdk.sendBroadcastMessage(ROOM, text)).errorCode);
    expect(answers).toEqual([0, 0, 1009015]);
  });

  it('Send*: everyone but the sending user id', async () => {
    const { anna, bob } = await fill();
    const from = { RoomId: ROOM, UserId: 'bob', MessageContent: 'hi' };
    expect(await stage.codeOf('SendBroadcastMessage', { ...from, MessageCategory: '2' })).toBe(0);
    expect(await stage.codeOf('SendBarrageMessage', { ...from, MessageCategory: '2' })).toBe(0);
    const command = { RoomId: ROOM, FromUserId: 'bob', MessageContent: 'psst' };
    expect(await stage.codeOf('SendCustomCommand', { ...command, ToUserId: ['anna'] })).toBe(0);
    await anna.saw('IMRecvCustomCommand bob psst');
    expect(anna.news()).toEqual([
      'IMRecvBroadcastMessage bob hi',
      'IMRecvBarrageMessage bob hi',
      'IMRecvCustomCommand bob psst',
    ]);
    expect(bob.news()).toEqual([]);
    expect(await stage.news()).toEqual([]);
  });
});

const key = () =>
  ({ appId: stage.app.appId, environment: 'production', roomId: ROOM }) as Parameters<typeof stage.rooms.summary>[0];
