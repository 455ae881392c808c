/**
 * Plays the participants' audio, in pages that do not do so themselves.
 *
 * @module
 */

import type { MediaPlatform } from '../core/media/media-platform.ts';
import { CODES, RealtimeKitError } from './errors.ts';

/** The members of a page's audio element that this module uses. */
interface Speaker {
  srcObject: MediaProvider | null;
  autoplay: boolean;
  play(): Promise<void>;
  setSinkId?(deviceId: string): Promise<void>;
}

/** Plays tracks through one audio element, on the selected speaker. */
export class AudioPlayback {
  readonly #media: MediaPlatform | undefined;
  readonly #onRefused: (error: Error) => void;
  readonly #tracks = new Map<string, MediaStreamTrack>();
  readonly #handlers = new Set<(error: Error) => void>();
  #speaker: Speaker | undefined;
  #deviceId: string | undefined;

  /** `onRefused` is called if the browser does not play audio before the user has clicked. */
  constructor(media: MediaPlatform | undefined, onRefused: (error: Error) => void) {
    this.#media = media;
    this.#onRefused = onRefused;
  }

  /** Plays a participant's audio instead of the track that it had before. @throws RealtimeKitError `1610` without an audio track */
  addParticipantTrack(participantId: string, track: MediaStreamTrack): void {
    requireTrack(track);
    this.#tracks.set(participantId, track);
    void this.#start();
  }

  /** Stops playing a participant's audio. */
  removeParticipantTrack(participantId: string): void {
    if (this.#tracks.delete(participantId)) void this.#start();
  }

  /** Plays tracks in addition to the others. @throws RealtimeKitError `1610` for anything but a list of audio tracks */
  async playTracks(tracks: readonly MediaStreamTrack[]): Promise<void> {
    if (!Array.isArray(tracks)) throw new RealtimeKitError(CODES.noTrack, 'a list of tracks is required');
    for (const track of tracks) requireTrack(track);
    for (const track of tracks) this.#tracks.set(track.id, track);
    await this.#start();
  }

  /** Stops playing a track. */
  removeTrack(trackId: string): void {
    for (const [key, { id }] of this.#tracks) if (id === trackId) this.#tracks.delete(key);
    void this.#start();
  }

  /** Plays again, after the browser has refused to; call it from a click. */
  async play(): Promise<void> {
    await this.#start();
  }

  /** Selects the speaker. Browsers that cannot do this use the system's speaker. */
  setSpeakerDevice(deviceId: string): void {
    this.#deviceId = deviceId;
    this.#speaker?.setSinkId?.(deviceId).catch((error: Error) => this.#report(error));
  }

  /** Adds a handler of errors of playing. */
  onError(callback: (error: Error) => void): void {
    this.#handlers.add(callback);
  }

  /** Stops playing. */
  stop(): void {
    this.#tracks.clear();
    if (this.#speaker) this.#speaker.srcObject = null;
  }

  async #start(): Promise<void> {
    if (this.#tracks.size === 0 || !this.#media) return this.stop();
    const speaker = this.#openSpeaker();
    if (!speaker) return;
    speaker.srcObject = this.#media.createMediaStream([...this.#tracks.values()]);
    try {
      await speaker.play();
    } catch (error) {
      // Another call has replaced the source before it started.
      if ((error as Error).name !== 'AbortError') this.#report(error as Error);
    }
  }

  #openSpeaker(): Speaker | undefined {
    const { Audio: AudioElement } = globalThis as { readonly Audio?: new () => Speaker };
    if (this.#speaker || !AudioElement) return this.#speaker;
    this.#speaker = new AudioElement();
    this.#speaker.autoplay = true;
    if (this.#deviceId !== undefined) this.setSpeakerDevice(this.#deviceId);
    return this.#speaker;
  }

  #report(error: Error): void {
    if (error.name === 'NotAllowedError') this.#onRefused(error);
    for (const handler of this.#handlers) handler(error);
  }
}

/** @throws RealtimeKitError `1610` */
function requireTrack(track: MediaStreamTrack): void {
  if (track?.kind !== 'audio') throw new RealtimeKitError(CODES.noTrack, 'an audio track is required');
}
