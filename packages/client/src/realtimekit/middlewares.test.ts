import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { FakeDevices } from '../testing/fake-devices.ts';
import { FakeStream, FakeTrack } from '../testing/fake-media.ts';
import { createWorld } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';

/** The browser's audio graph: remembers what is connected. */
class FakeAudioContext {
  static readonly open = new Set<FakeAudioContext>();
  readonly connections: string[] = [];

  constructor() {
    FakeAudioContext.open.add(this);
  }

  createNode(name: string) {
    return { name, connect: (other: { name: string }) => this.connections.push(`${name} > ${other.name}`) };
  }

  createMediaStreamSource() {
    return this.createNode('microphone');
  }

  createMediaStreamDestination() {
    return { ...this.createNode('output'), stream: new FakeStream([new FakeTrack('audio', 'processed')]) };
  }

  async close(): Promise<void> {
    FakeAudioContext.open.delete(this);
  }
}

/** The page: canvases whose pictures become tracks. */
const fakeDocument = {
  createElement: (name: string) =>
    name === 'canvas'
      ? {
          captureStream: () => new FakeStream([new FakeTrack('video', 'canvas')]),
          getContext: () => ({ drawImage: () => {} }),
        }
      : { readyState: 4, play: async () => {} },
};

const nodeOf = (name: string) => async (context: AudioContext) =>
  (context as unknown as FakeAudioContext).createNode(name) as unknown as AudioWorkletNode;

let world: ReturnType<typeof createWorld>;
let devices: FakeDevices;

beforeEach(() => {
  world = createWorld();
  devices = new FakeDevices(world.clock);
  vi.stubGlobal('navigator', devices.navigator);
  vi.stubGlobal('AudioContext', FakeAudioContext);
  vi.stubGlobal('MediaStream', FakeStream);
  vi.stubGlobal('document', fakeDocument);
  vi.stubGlobal('HTMLMediaElement', { HAVE_CURRENT_DATA: 2 });
});
afterEach(() => {
  vi.unstubAllGlobals();
  FakeAudioContext.open.clear();
});

/** Lets a device open and the middlewares start; their module is loaded at its first use. */
async function openDevice(): Promise<void> {
  await world.clock.advance(0);
  await settle();
  await vi.dynamicImportSettled();
  await settle();
}

/** Runs a call that waits for the fake clock. */
async function run<T>(call: Promise<T>): Promise<T> {
  const done = call.then((value) => value);
  done.catch(() => {});
  await openDevice();
  await world.clock.advance(0);
  return done;
}

const create = () =>
  RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });

describe('audio middlewares', () => {
  it('change what is sent, in the order of addition, at once and at each opening', async () => {
    const { self } = await create();
    await run(self.enableAudio());
    expect(self.audioTrack).toBe(self.rawAudioTrack);
    const [loud, deep] = [nodeOf('loud'), nodeOf('deep')];
    expect(await run(self.addAudioMiddleware(loud))).toMatchObject({ success: true });
    expect(await run(self.addAudioMiddleware(deep))).toMatchObject({ success: true });
    expect(self.audioTrack?.id).toBe('processed');
    expect([...FakeAudioContext.open].map(({ connections }) => connections)).toEqual([
      ['microphone > loud', 'loud > deep', 'deep > output'],
    ]);
    expect(devices.live('audio')).toHaveLength(1);
    expect(await run(self.removeAudioMiddleware(loud))).toMatchObject({ success: true });
    expect([...FakeAudioContext.open].map(({ connections }) => connections)).toEqual([
      ['microphone > deep', 'deep > output'],
    ]);
    expect(await run(self.removeAllAudioMiddlewares())).toMatchObject({ success: true });
    expect(self.audioTrack).toBe(self.rawAudioTrack);
    expect([FakeAudioContext.open.size, devices.live('audio').length]).toEqual([0, 1]);
  });

  it('one that fails is not added, and the microphone stays on without it', async () => {
    const { self } = await create();
    await run(self.enableAudio());
    const broken = async (): Promise<AudioWorkletNode> => {
      throw new Error('no worklet');
    };
    expect(await run(self.addAudioMiddleware(broken))).toEqual({ success: false, message: 'no worklet' });
    expect([self.audioEnabled, devices.live('audio').length, FakeAudioContext.open.size]).toEqual([true, 1, 0]);
  });

  it.each([undefined, null, 'loud', {}])('%s is no middleware', async (middleware) => {
    const { self } = await create();
    expect(await self.addAudioMiddleware(middleware as never)).toMatchObject({ success: false });
    expect(await self.removeVideoMiddleware((middleware ?? 'none') as never)).toMatchObject({ success: false });
  });
});

describe('privacy with middlewares', () => {
  it('a camera that is turned off or left is closed, whatever a middleware does meanwhile (PRIV-1)', async () => {
    const meeting = await create();
    const { self } = meeting;
    let start: (frame: () => Promise<void>) => void = () => {};
    const slow = () => new Promise<() => Promise<void>>((resolve) => (start = resolve));
    await run(self.addVideoMiddleware(slow));
    const opening = self.enableVideo();
    await openDevice();
    expect(devices.live('video')).toHaveLength(1);
    await meeting.leave();
    expect(devices.live()).toEqual([]);
    start(async () => {});
    await opening;
    expect([self.videoEnabled, devices.live().length]).toEqual([false, 0]);

    const again = self.enableVideo();
    await openDevice();
    start(async () => {});
    await again;
    expect([self.videoEnabled, self.videoTrack?.id, devices.live('video').length]).toEqual([true, 'canvas', 1]);
    await self.disableVideo();
    expect(devices.live()).toEqual([]);
  });

  it('a camera that is lost is off, although the middleware’s canvas is not (PRIV-2)', async () => {
    const { self } = await create();
    await run(self.addVideoMiddleware(async () => async () => {}));
    await run(self.enableVideo());
    const processed = self.videoTrack;
    devices.unplug('video');
    await settle();
    expect([self.videoEnabled, self.videoTrack, processed?.readyState]).toEqual([false, undefined, 'ended']);
    expect(self.mediaPermissions.video).toBe('COULD_NOT_START');
  });

  it('a failing middleware leaves no camera open (PRIV-1)', async () => {
    const { self } = await create();
    await run(self.addVideoMiddleware(() => Promise.reject(new Error('no canvas'))));
    await expect(run(self.enableVideo())).rejects.toMatchObject({ code: '1602' });
    expect([self.videoEnabled, devices.live().length]).toEqual([false, 0]);
  });
});
