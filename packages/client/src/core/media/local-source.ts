/**
 * A microphone, camera or screen of this machine. It can be switched on and off while the browser is still opening it.
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
  /** A track ended by itself: unplugged, permission withdrawn, or the browser's own button. It is no longer in `tracks`. */
  ended: [track: MediaStreamTrack];
}

/**
 * A local source in the state that was requested last. Each request to open has a generation: when a later call supersedes a
 * request, the tracks that the browser returns for it are stopped at once (PRIV-1).
 */
export class LocalSource extends Emitter<LocalSourceEvents> {
  #tracks: readonly MediaStreamTrack[] = [];
  #isWanted = false;
  /** Increases with every call. */
  #generation = 0;
  #opening: Promise<boolean> | undefined;

  /** Whether the source is requested and open. */
  get isOn(): boolean {
    return this.#isWanted && this.#tracks.length > 0;
  }

  /** The pending request, unless a later call has superseded it. */
  get opening(): Promise<boolean> | undefined {
    return this.#opening;
  }

  /** The open tracks; a source that is switched off may keep them, disabled. */
  get tracks(): readonly MediaStreamTrack[] {
    return this.#tracks;
  }

  /**
   * Opens the source with a browser call and replaces the previous tracks. Returns false if a later call has superseded this one;
   * the captured tracks are then stopped. If it fails, the previous tracks stay.
   *
   * @throws SessionError of `capture`; `client.no-media` if the browser returned no live track
   */
  open(capture: () => Promise<MediaStream>): Promise<boolean> {
    const wasOn = this.isOn;
    const generation = this.#overtake(true);
    const opening = this.#open(capture, generation, wasOn);
    this.#opening = opening;
    return opening;
  }

  /** Replaces the tracks; the previous ones are stopped. */
  use(tracks: readonly MediaStreamTrack[]): void {
    this.#overtake(true);
    this.#replace(tracks);
  }

  /** Enables the open tracks again. */
  switchOn(): void {
    this.#overtake(true);
    for (const track of this.#tracks) track.enabled = true;
  }

  /** Switches off and keeps the open tracks, disabled; supersedes a pending request. */
  switchOff(): void {
    this.#overtake(false);
    for (const track of this.#tracks) track.enabled = false;
  }

  /** Switches off and stops the tracks; supersedes a pending request. */
  close(): void {
    this.#overtake(false);
    this.#replace([]);
  }

  async #open(capture: () => Promise<MediaStream>, generation: number, wasOn: boolean): Promise<boolean> {
    const isSuperseded = () => generation !== this.#generation;
    let tracks: MediaStreamTrack[] = [];
    try {
      tracks = (await capture()).getTracks();
      const isLive = tracks.length > 0 && tracks.every((track) => track.readyState === 'live');
      if (!isSuperseded() && !isLive) throw new SessionError('client.no-media', 'the browser returned no live track');
    } catch (error) {
      stopTracks(tracks);
      if (isSuperseded()) return false;
      this.#opening = undefined;
      this.#isWanted = wasOn && this.#tracks.length > 0;
      throw error;
    }
    if (isSuperseded()) {
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

/** Stops tracks. This raises no `ended` event. */
export function stopTracks(tracks: readonly MediaStreamTrack[]): void {
  for (const track of tracks) track.stop();
}
