/**
 * The sources of the user's video and audio.
 *
 * @module
 */

import type { DeviceKind } from './devices.ts';
import type { Engine } from './engine.ts';
import type { User } from './room-state.ts';
import { TestPicture } from './test-picture.ts';

/** A source of video and audio; with `none` the user only watches. */
export type SourceKind = 'camera' | 'test' | 'none';

/** An open source; closing it releases the devices. */
export interface SourceHandle {
  readonly stream: MediaStream;
  close(): void;
}

/** The devices to open; empty for the browser's default. */
export interface ChosenDevices {
  readonly cameraId: string;
  readonly microphoneId: string;
}

/** Opens a source; rejects if the browser or the user does not allow it. */
export type OpenSource = (
  kind: SourceKind,
  engine: Engine,
  user: User,
  devices: ChosenDevices,
) => Promise<SourceHandle>;

/** Opens one camera or microphone; rejects as `OpenSource` does. */
export type OpenDevice = (kind: DeviceKind, id: string) => Promise<MediaStreamTrack>;

/** The requested camera resolution, in pixels. */
const CAMERA_SIZE = { width: 640, height: 360 } as const;

/** Returns whether this page may use cameras: browsers allow this only on https and on localhost. */
export function canUseCamera(): boolean {
  return typeof navigator.mediaDevices?.getUserMedia === 'function';
}

/** Opens a camera and microphone, or the test picture. */
export const openSource: OpenSource = async (kind, engine, user, { cameraId, microphoneId }) => {
  if (kind === 'camera') {
    const camera = {
      ...CAMERA_SIZE,
      ...(cameraId && { videoInput: cameraId }),
      ...(microphoneId && { audioInput: microphoneId }),
    };
    const stream = await engine.createStream({ camera });
    return { stream, close: () => engine.destroyStream(stream) };
  }
  const picture = new TestPicture(user);
  try {
    const stream = await engine.createStream({ custom: { source: picture.stream } });
    return {
      stream,
      close: () => {
        engine.destroyStream(stream);
        picture.close();
      },
    };
  } catch (error) {
    picture.close();
    throw error;
  }
};

/** Opens one camera or microphone. */
export const openDevice: OpenDevice = async (kind, id) => {
  const chosen = id ? { deviceId: { exact: id } } : {};
  const stream = await navigator.mediaDevices.getUserMedia(
    kind === 'camera' ? { video: { ...CAMERA_SIZE, ...chosen } } : { audio: id ? chosen : true },
  );
  const [track] = stream.getTracks();
  if (!track) throw new Error('The browser opened no device.');
  return track;
};
