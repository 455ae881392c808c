/**
 * Where the own picture and sound come from.
 *
 * @module
 */

import type { Engine } from './engine.ts';
import type { User } from './room-state.ts';
import { TestPicture } from './test-picture.ts';

/** A source of picture and sound; `none` watches only. */
export type SourceKind = 'camera' | 'test' | 'none';

/** An open source; closing it lets the devices go. */
export interface SourceHandle {
  readonly stream: MediaStream;
  close(): void;
}

/** Opens a source; rejects where the browser or the user does not allow it. */
export type OpenSource = (kind: SourceKind, engine: Engine, user: User) => Promise<SourceHandle>;

/** Tells whether this page may use cameras at all: browsers allow it on https and on localhost only. */
export function canUseCamera(): boolean {
  return typeof navigator.mediaDevices?.getUserMedia === 'function';
}

/** Opens a camera and microphone, or the test picture. */
export const openSource: OpenSource = async (kind, engine, user) => {
  if (kind === 'camera') {
    const stream = await engine.createStream({ camera: { width: 640, height: 360 } });
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
