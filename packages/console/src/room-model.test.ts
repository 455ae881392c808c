import type { ZegoEvents } from '@gavel/client/zego';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type DeviceSource, Devices } from './devices.ts';
import type { CallbackName, Engine } from './engine.ts';
import { Log } from './log.ts';
import { ownStreamId, RoomModel } from './room-model.ts';
import type { SourceKind } from './sources.ts';

const track = (name: string) => ({ name, enabled: true, stop: vi.fn() });
const camera = track('first camera');
const microphone = track('first microphone');
const media = { getVideoTracks: () => [camera], getAudioTracks: () => [microphone] } as unknown as MediaStream;
const urls = { urlsFLV: '', urlsRTMP: '', urlsHLS: '', urlsHttpsFLV: '', urlsHttpsHLS: '' };
const bob = { userID: 'bob', userName: 'Bob' };

/** Stands in for the SDK: keeps the handlers, and notes the calls. */
class ScriptedEngine {
  readonly calls: string[] = [];
  readonly #handlers = new Map<string, (...args: unknown[]) => void>();
  login: () => Promise<boolean> = () => {
    this.raise('roomStateChanged', 'r', 'LOGINED', 0, '');
    return Promise.resolve(true);
  };

  raise<Name extends CallbackName>(name: Name, ...args: ZegoEvents[Name]): void {
    this.#handlers.get(name)?.(...args);
  }

  on(name: string, handler: (...args: unknown[]) => void): boolean {
    this.#handlers.set(name, handler);
    return true;
  }

  loginRoom(): Promise<boolean> {
    this.calls.push('login');
    this.raise('roomStateChanged', 'r', 'LOGINING', 0, '');
    return this.login();
  }

  logoutRoom(): void {
    this.calls.push('logout');
    this.raise('roomStateChanged', 'r', 'LOGOUT', 0, '');
  }

  startPublishingStream(streamID: string): boolean {
    this.calls.push(`publish ${streamID}`);
    return true;
  }

  stopPublishingStream(streamID: string): boolean {
    this.calls.push(`unpublish ${streamID}`);
    return true;
  }

  startPlayingStream(streamID: string): Promise<MediaStream> {
    this.calls.push(`play ${streamID}`);
    return streamID === 'broken' ? Promise.reject({ errorCode: 1104031 }) : Promise.resolve(media);
  }

  stopPlayingStream(streamID: string): void {
    this.calls.push(`stop ${streamID}`);
  }

  mutePublishStreamAudio = () => true;
  mutePublishStreamVideo = () => true;
  sendBroadcastMessage = (_room: string, text: string) =>
    Promise.resolve({ errorCode: text === 'too much' ? 1109001 : 0 });
  replaceTrack = vi.fn(async () => ({ errorCode: 0 }));
  retryNow = () => void this.calls.push('retry');
  destroyEngine = () => void this.calls.push('destroy');
}

let engine: ScriptedEngine;
let model: RoomModel;
let devices: Devices;
const openDevice = vi.fn();
const closed = vi.fn();
const openSource = vi.fn((_kind: SourceKind) => Promise.resolve({ stream: media, close: closed }));
const options = { appId: 1, roomId: 'r', userId: 'ann', userName: 'Ann', token: '', source: 'camera' } as const;
const listed = (streamID: string) => ({ streamID, user: bob, extraInfo: '', ...urls });

beforeEach(() => {
  vi.clearAllMocks();
  engine = new ScriptedEngine();
  devices = new Devices({ enumerateDevices: async () => [] } as unknown as DeviceSource);
  openDevice.mockReset();
  model = new RoomModel({
    createEngine: () => engine as unknown as Engine,
    openSource,
    openDevice,
    devices,
    now: () => 5,
    log: new Log(() => 0),
  });
});

describe('RoomModel', () => {
  it('joins and publishes', async () => {
    await model.join(options);
    expect(engine.calls).toEqual(['login', 'publish ann-main']);
    expect(model.state.own).toMatchObject({ kind: 'requesting', isCamera: true });
  });

  it('only watches where that was chosen, and publishes the test picture when asked to', async () => {
    await model.join({ ...options, source: 'none' });
    expect(engine.calls).toEqual(['login']);
    await model.publish();
    expect(openSource.mock.calls[0]?.[0]).toBe('test');
  });

  it('says why a login was refused', async () => {
    engine.login = () => Promise.reject({ errorCode: 1002033, extendedData: 'x' });
    await model.join(options);
    expect(model.state.phase).toEqual({ kind: 'outside', error: { code: 1002033, text: 'The token was refused.' } });
  });

  it('says nothing of a login that this page gave up', async () => {
    let refuse = (_error: unknown) => {};
    engine.login = () => new Promise((_resolve, reject) => (refuse = reject));
    const joining = model.join(options);
    model.leave();
    refuse({ errorCode: 1000002 });
    await joining;
    expect(model.state.phase).toEqual({ kind: 'outside', error: undefined });
  });

  it('plays what comes, once, and stops what goes', async () => {
    await model.join({ ...options, source: 'none' });
    engine.raise('roomStreamUpdate', 'r', 'ADD', [listed('b1')], '');
    engine.raise('roomStreamUpdate', 'r', 'ADD', [listed('b1')], '');
    await vi.waitFor(() => expect(model.state.streams[0]?.media).toBe(media));
    engine.raise('roomStreamUpdate', 'r', 'DELETE', [listed('b1')], '');
    expect(engine.calls).toEqual(['login', 'play b1', 'stop b1']);
  });

  it('shows why a stream cannot be played', async () => {
    await model.join({ ...options, source: 'none' });
    engine.raise('roomStreamUpdate', 'r', 'ADD', [listed('broken')], '');
    await vi.waitFor(() => expect(model.state.streams[0]?.play.kind).toBe('stopped'));
  });

  it('lets the camera go when this user is removed', async () => {
    await model.join(options);
    engine.raise('roomStateChanged', 'r', 'KICKOUT', 1002055, '{"custom_kickout_message":"why"}');
    expect(closed).toHaveBeenCalledOnce();
    expect(model.state.phase).toMatchObject({ kind: 'ended', ending: { kind: 'removed', reason: 'why' } });
  });

  it('calls it closed where this page closed the room', async () => {
    await model.join(options);
    model.expectClose(true);
    engine.raise('roomStateChanged', 'r', 'KICKOUT', 1002055, '{}');
    expect(model.state.phase).toMatchObject({ kind: 'ended', ending: { kind: 'closed' } });
  });

  it('lets the camera go when the own stream is deleted, and publishes again on demand', async () => {
    await model.join(options);
    engine.raise('publisherStateUpdate', { streamID: 'ann-main', state: 'PUBLISHING', errorCode: 0, extendedData: '' });
    const ended = { streamID: 'ann-main', state: 'NO_PUBLISH', errorCode: 1003025, extendedData: '' } as const;
    engine.raise('publisherStateUpdate', ended);
    expect([model.state.own.kind, closed.mock.calls.length]).toEqual(['removed', 1]);
    await model.publish();
    expect(model.state.own.kind).toBe('requesting');
  });

  it('lets a camera go that opens after this user was removed', async () => {
    const { promise, resolve } = Promise.withResolvers<{ stream: MediaStream; close: typeof closed }>();
    openSource.mockReturnValueOnce(promise);
    const joining = model.join(options);
    await vi.waitFor(() => expect(model.state.own.kind).toBe('opening'));
    engine.raise('roomStateChanged', 'r', 'KICKOUT', 1002055, '{}');
    resolve({ stream: media, close: closed });
    await joining;
    expect(closed).toHaveBeenCalledOnce();
    expect(engine.calls).toEqual(['login']);
  });

  it('says why the camera could not be had', async () => {
    openSource.mockRejectedValueOnce({ errorCode: 1100999, extendedData: 'Permission denied' });
    await model.join(options);
    expect(model.state.own).toMatchObject({
      kind: 'failed',
      error: { text: 'The browser was not allowed to use the camera or microphone.' },
    });
  });

  it('adds own and received messages to the chat', async () => {
    await model.join(options);
    expect(await model.say('hi')).toBeUndefined();
    const message = { fromUser: bob, message: '你好', sendTime: 5, messageID: 1 };
    engine.raise('IMRecvBroadcastMessage', 'r', [message]);
    expect(model.state.chat.map(({ text, own }) => [text, own])).toEqual([
      ['hi', true],
      ['你好', false],
    ]);
    expect(await model.say('too much')).toMatchObject({ code: 1109001 });
  });

  it('switches the camera while it is published, and stops the one before', async () => {
    await model.join(options);
    model.setCamera(false);
    const second = track('second camera');
    openDevice.mockResolvedValueOnce(second);
    await model.setDevice('camera', 'c2');
    expect(engine.replaceTrack).toHaveBeenCalledWith(media, second);
    expect([camera.stop.mock.calls.length, second.stop.mock.calls.length, second.enabled]).toEqual([1, 0, false]);
  });

  it('uses the microphone that was chosen last, whichever opens first', async () => {
    await model.join(options);
    const slow = Promise.withResolvers();
    const [first, second] = [track('first'), track('second')];
    openDevice.mockReturnValueOnce(slow.promise).mockResolvedValueOnce(second);
    const changing = model.setDevice('microphone', 'm1');
    await model.setDevice('microphone', 'm2');
    slow.resolve(first);
    await changing;
    expect(engine.replaceTrack.mock.calls).toEqual([[media, second]]);
    expect(first.stop).toHaveBeenCalledOnce();
  });

  it('leaves no camera open that was chosen before leaving', async () => {
    await model.join(options);
    const slow = Promise.withResolvers();
    const late = track('late');
    openDevice.mockReturnValueOnce(slow.promise);
    const changing = model.setDevice('camera', 'c2');
    model.leave();
    slow.resolve(late);
    await changing;
    expect([late.stop.mock.calls.length, engine.replaceTrack.mock.calls.length]).toEqual([1, 0]);
  });

  it('says why a camera could not be switched to, and keeps the one before', async () => {
    await model.join(options);
    openDevice.mockRejectedValueOnce(new DOMException('Could not start video source', 'NotReadableError'));
    await model.setDevice('camera', 'c2');
    expect(devices.state.error).toBe('The camera or microphone is in use by another program.');
    expect(camera.stop).not.toHaveBeenCalled();
  });

  it('publishes nothing new and tries again on demand while the connection is lost', async () => {
    await model.join({ ...options, source: 'none' });
    engine.raise('roomStateChanged', 'r', 'RECONNECTING', 1002051, '');
    await model.publish('test');
    model.retryNow();
    expect(engine.calls).toEqual(['login', 'retry']);
    expect(model.state.phase.kind).toBe('reconnecting');
  });

  it('drops an engine that is not the current one', async () => {
    await model.join(options);
    const old = engine;
    engine = new ScriptedEngine();
    await model.join({ ...options, source: 'none' });
    expect(old.calls.slice(-2)).toEqual(['logout', 'destroy']);
    old.raise('roomStateChanged', 'r', 'KICKOUT', 1002055, '{}');
    expect(model.state.phase.kind).toBe('inside');
  });
});

describe('ownStreamId', () => {
  it('keeps to the characters that a stream id may have', () => {
    expect(ownStreamId("a~b.c'd")).toBe('a-b-c-d-main');
  });
});
