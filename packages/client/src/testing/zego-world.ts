/**
 * A ZEGO engine with everything around it fake. For tests only.
 *
 * @module
 */

import { vi } from 'vitest';
import { ZegoExpressEngine } from '../zego/engine.ts';
import { settle } from './fake-clock.ts';
import { FakeDevices } from './fake-devices.ts';
import type { FakeElement } from './fake-page.ts';
import type { FakeTrack } from './fake-stream.ts';
import { createWorld } from './harness.ts';

/** Creates an engine that is logged in to `room`, with fake devices; undo with `vi.unstubAllGlobals`. */
export async function loginToZego() {
  const world = createWorld();
  const devices = new FakeDevices(world.clock);
  vi.stubGlobal('navigator', devices.navigator);
  const engine = new ZegoExpressEngine(1, 'https://rooms.test', { platform: world.platform });
  await engine.loginRoom('room', 'token', { userID: 'me' });
  // Loaded at its first use otherwise, which takes real time.
  await import('../core/media/stats.ts');
  /** Lets fake devices open. */
  const open = async <T>(call: Promise<T>): Promise<T> => {
    // What rejects is for the caller, at the end.
    call.catch(() => {});
    // `createZegoStream` loads a module.
    await vi.dynamicImportSettled();
    await world.clock.advance(0);
    return call;
  };
  /** Publishes a stream until its media is up. */
  const publish = async (streamID: string, stream: Parameters<typeof engine.startPublishingStream>[1]) => {
    const isBegun = engine.startPublishingStream(streamID, stream);
    await settle();
    if (isBegun) world.media.peer.become('connected');
    return isBegun;
  };
  /** The tracks that the newest peer connection sends, audio then video. */
  const sent = () => world.media.peer.sent;
  return { world, devices, engine, open, publish, sent };
}

/** Passes a fake as what it stands for. */
export const asTrack = (track: FakeTrack): MediaStreamTrack => track as unknown as MediaStreamTrack;

/** Passes a fake as what it stands for. */
export const asElement = (element: FakeElement): HTMLAudioElement => element as unknown as HTMLAudioElement;
