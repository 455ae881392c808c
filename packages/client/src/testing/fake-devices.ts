/**
 * Fake microphones, cameras and a screen that can open slowly, fail and disappear. For tests only.
 *
 * @module
 */

import type { FakeClock } from './fake-clock.ts';
import { FakeStream, FakeTrack } from './fake-media.ts';

/** The behaviour of a fake device when it is opened. */
export interface DeviceMood {
  /** How long it takes to open, in milliseconds. */
  delayMs: number;
  /** The name of the browser's error; undefined if opening succeeds. */
  refusal: string | undefined;
}

type Kind = 'audio' | 'video' | 'screen';

/** The devices of a machine, behind the browser's two calls. Every call is answered, whether its caller still waits or not. */
export class FakeDevices {
  readonly moods: Record<Kind, DeviceMood> = {
    audio: { delayMs: 0, refusal: undefined },
    video: { delayMs: 0, refusal: undefined },
    screen: { delayMs: 0, refusal: undefined },
  };
  /** Every track that was ever returned. */
  readonly given: { readonly kind: Kind; readonly track: FakeTrack }[] = [];
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** The members of `navigator` while these devices are plugged in. */
  get navigator() {
    return {
      mediaDevices: {
        getUserMedia: ({ audio, video }: MediaStreamConstraints) => {
          const kinds = [...(audio ? ['audio' as const] : []), ...(video ? ['video' as const] : [])];
          if (kinds.length === 0)
            return Promise.reject(new TypeError('at least one of audio and video must be requested'));
          return this.#open(kinds, kinds);
        },
        getDisplayMedia: () => this.#open(['screen'], ['audio', 'video']),
        enumerateDevices: async () => [],
        addEventListener: () => {},
        removeEventListener: () => {},
      },
    };
  }

  /** Returns the live tracks of a kind. */
  live(kind?: Kind): FakeTrack[] {
    const withClones = (track: FakeTrack): FakeTrack[] => [track, ...track.clones.flatMap(withClones)];
    const tracks = this.given
      .filter((one) => kind === undefined || one.kind === kind)
      .flatMap(({ track }) => withClones(track));
    return tracks.filter(({ readyState }) => readyState === 'live');
  }

  /** Unplugs a device or revokes its permission: the live tracks of the kind end by themselves. */
  unplug(kind: Kind): void {
    for (const track of this.live(kind)) track.finish();
  }

  async #open(devices: readonly Kind[], kinds: readonly ('audio' | 'video')[]): Promise<FakeStream> {
    const moods = devices.map((device) => this.moods[device]);
    const delayMs = Math.max(...moods.map((mood) => mood.delayMs));
    await new Promise<void>((resolve) => this.#clock.setTimeout(resolve, delayMs));
    const refusal = moods.find((mood) => mood.refusal !== undefined)?.refusal;
    if (refusal !== undefined) throw new DOMException('the device cannot be used', refusal);
    const tracks = kinds.map((kind) => new FakeTrack(kind, `${devices.join('-')}-${kind}-${this.given.length}`));
    for (const track of tracks) this.given.push({ kind: devices[0] === 'screen' ? 'screen' : track.kind, track });
    return new FakeStream(tracks);
  }
}
