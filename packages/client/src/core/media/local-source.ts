/**
 * A microphone, a camera or a screen of this machine, switched on and off while the browser takes its time to open it.
 *
 * @example
 * const camera = new LocalSource();
 * camera.on('ended', () => console.log('unplugged'));
 * if (await camera.open(() => captureCamera({ audio: false }))) show(camera.tracks);
 *
 * @module
 */

import { Emitter } from '../emitter.ts';
import { SessionError } from '../errors.ts';

/** The events of a local source. */
export interface LocalSourceEvents {
  /** A track ended by itself: unplugged, permission withdrawn, or the browser's own button. It is not in `tracks` any more. */
  ended: [track: MediaStreamTrack];
}

/**
 * A local source with the state that was asked for last. Each request to open has a generation: what the browser gives to a
 * request that a later call has overtaken is stopped at once (PRIV-1).
 */
export class LocalSource extends Emitter<LocalSourceEvents> {
  #tracks: readonly MediaStreamTrack[] = [];
  #isWanted = false;
  /** Rises with every call. */
  #generation = 0;
  #opening: Promise<boolean> | undefined;

  /** Whether it is wanted and open. */
  get isOn(): boolean {
    return this.#isWanted && this.#tracks.length > 0;
  }

  /** The request that the browser has not answered yet and no later call has overtaken. */
  get opening(): Promise<boolean> | undefined {
    return this.#opening;
  }

  /** The open tracks; a source that was switched off may keep them, disabled. */
  get tracks(): readonly MediaStreamTrack[] {
    return this.#tracks;
  }

  /**
   * Opens it by a call of the browser, in place of the tracks before. Gives false when a later call has overtaken this one: then
   * what was captured is stopped. Where it fails, the tracks before stay.
   *
   * @throws SessionError of `capture`; `client.no-media` where the browser gave no live track
   */
  open(capture: () => Promise<MediaStream>): Promise<boolean> {
    const wasOn = this.isOn;
    const generation = this.#overtake(true);
    const opening = this.#open(capture, generation, wasOn);
    this.#opening = opening;
    return opening;
  }

  /** Takes these tracks in place of those before, which are stopped. */
  use(tracks: readonly MediaStreamTrack[]): void {
    this.#overtake(true);
    this.#replace(tracks);
  }

  /** Switches on again what is open. */
  switchOn(): void {
    this.#overtake(true);
    for (const track of this.#tracks) track.enabled = true;
  }

  /** Switches it off and keeps what is open, disabled; a request under way is overtaken. */
  switchOff(): void {
    this.#overtake(false);
    for (const track of this.#tracks) track.enabled = false;
  }

  /** Switches it off and stops its tracks; a request under way is overtaken. */
  close(): void {
    this.#overtake(false);
    this.#replace([]);
  }

  async #open(capture: () => Promise<MediaStream>, generation: number, wasOn: boolean): Promise<boolean> {
    const isOvertaken = () => generation !== this.#generation;
    let tracks: MediaStreamTrack[] = [];
    try {
      tracks = (await capture()).getTracks();
      const isLive = tracks.length > 0 && tracks.every((track) => track.readyState === 'live');
      if (!isOvertaken() && !isLive) throw new SessionError('client.no-media', 'the browser gave no live track');
    } catch (error) {
      stopTracks(tracks);
      if (isOvertaken()) return false;
      this.#opening = undefined;
      this.#isWanted = wasOn && this.#tracks.length > 0;
      throw error;
    }
    if (isOvertaken()) {
      stopTracks(tracks);
      return false;
    }
    this.#opening = undefined;
    this.#replace(tracks);
    return true;
  }

  #overtake(isWanted: boolean): number {
    this.#generation += 1;
    this.#opening = undefined;
    this.#isWanted = isWanted;
    return this.#generation;
  }

  #replace(tracks: readonly MediaStreamTrack[]): void {
    const before = this.#tracks;
    this.#tracks = [...tracks];
    stopTracks(before.filter((track) => !tracks.includes(track)));
    for (const track of tracks) {
      track.enabled = true;
      if (!before.includes(track)) track.addEventListener('ended', () => this.#handleEnded(track));
    }
  }

  #handleEnded(track: MediaStreamTrack): void {
    if (!this.#tracks.includes(track)) return;
    this.#tracks = this.#tracks.filter((other) => other !== track);
    if (this.#tracks.length === 0 && !this.#opening) this.#isWanted = false;
    this.emit('ended', track);
  }
}

/** Stops tracks. No `ended` event comes of it. */
export function stopTracks(tracks: readonly MediaStreamTrack[]): void {
  for (const track of tracks) track.stop();
}
