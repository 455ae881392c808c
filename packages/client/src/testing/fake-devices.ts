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
  /** What the browser was asked to open. */
  readonly requests: MediaStreamConstraints[] = [];
  /** The list of devices; while it is empty, every device id is good. */
  list: MediaDeviceInfo[] = [];
  /** Whether names and ids are hidden, as before the user has permitted a device. */
  hidesNames = false;
  readonly #watchers = new Set<() => void>();
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** The members of `navigator` while these devices are plugged in. */
  get navigator() {
    return {
      mediaDevices: {
        getUserMedia: (constraints: MediaStreamConstraints) => {
          const { audio, video } = constraints;
          this.requests.push(constraints);
          const kinds = [...(audio ? ['audio' as const] : []), ...(video ? ['video' as const] : [])];
          if (kinds.length === 0)
            return Promise.reject(new TypeError('at least one of audio and video must be requested'));
          if (!this.#hasDevices(audio, video)) {
            return Promise.reject(new DOMException('there is no such device', 'OverconstrainedError'));
          }
          return this.#open(kinds, kinds);
        },
        getDisplayMedia: (constraints: MediaStreamConstraints) => {
          this.requests.push(constraints);
          return this.#open(['screen'], ['audio', 'video']);
        },
        enumerateDevices: async () =>
          this.hidesNames ? this.list.map((device) => ({ ...device, deviceId: '', label: '' })) : this.list,
        addEventListener: (_: string, watcher: () => void) => this.#watchers.add(watcher),
        removeEventListener: (_: string, watcher: () => void) => this.#watchers.delete(watcher),
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

  /** Adds a device to the list. */
  plug(kind: MediaDeviceKind, deviceId: string): void {
    this.list = [...this.list, { kind, deviceId, groupId: '', label: `Name of ${deviceId}` } as MediaDeviceInfo];
    for (const watcher of this.#watchers) watcher();
  }

  /** Removes a device from the list. */
  unlist(deviceId: string): void {
    this.list = this.list.filter((device) => device.deviceId !== deviceId);
    for (const watcher of this.#watchers) watcher();
  }

  /** The number of watchers of the list. */
  get watcherCount(): number {
    return this.#watchers.size;
  }

  /** Unplugs a device or revokes its permission: the live tracks of the kind end by themselves. */
  unplug(kind: Kind): void {
    for (const track of this.live(kind)) track.finish();
  }

  #hasDevices(...kinds: (boolean | MediaTrackConstraints | undefined)[]): boolean {
    if (this.list.length === 0) return true;
    return kinds.every((constraints) => {
      const wanted = typeof constraints === 'object' ? constraints.deviceId : undefined;
      const id = typeof wanted === 'object' && 'exact' in wanted ? wanted.exact : undefined;
      return id === undefined || this.list.some(({ deviceId }) => deviceId === id);
    });
  }

  async #open(devices: readonly Kind[], kinds: readonly ('audio' | 'video')[]): Promise<FakeStream> {
    const moods = devices.map((device) => this.moods[device]);
    const delayMs = Math.max(...moods.map((mood) => mood.delayMs));
    await new Promise<void>((resolve) => this.#clock.setTimeout(resolve, delayMs));
    const refusal = moods.find((mood) => mood.refusal !== undefined)?.refusal;
    if (refusal !== undefined) throw new DOMException('the device cannot be used', refusal);
    this.hidesNames = false;
    const tracks = kinds.map((kind) => new FakeTrack(kind, `${devices.join('-')}-${kind}-${this.given.length}`));
    for (const track of tracks) this.given.push({ kind: devices[0] === 'screen' ? 'screen' : track.kind, track });
    return new FakeStream(tracks);
  }
}
