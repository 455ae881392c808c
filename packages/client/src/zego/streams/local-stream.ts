/**
 * One local stream: what it captures, what is sent of it, and the mix of its audio.
 *
 * @module
 */

import { Emitter } from '../../core/emitter.ts';
import { SessionError } from '../../core/errors.ts';
import { stopTracks } from '../../core/media/local-source.ts';
import type { MediaPlatform } from '../../core/media/media-platform.ts';
import type { Publication } from '../../core/media/publication.ts';
import { CODES, refusal } from '../errors.ts';
import { warn } from '../warnings.ts';
import type { AudioMixer, MixedElement } from './audio-mixer.ts';
import type { Encoding, StreamPlan } from './capture-plan.ts';
import { captureElement, resolveSource } from './custom-source.ts';
import { type Feed, FeedOpener, KINDS, type Kind, kindOf } from './feed-opener.ts';

/** Dependencies of a local stream. */
export interface LocalStreamTask {
  readonly media: MediaPlatform;
  /** The publications of a stream. */
  publicationsOf(stream: MediaStream): readonly Publication[];
  /** The engine's audio context; undefined if there is no Web Audio. */
  audioContext(): AudioContext | undefined;
  /** The browser opened a device: the user has permitted it. */
  deviceOpened(): void;
  /** A microphone or camera was lost, or its permission revoked. */
  deviceLost(stream: LocalStream, kind: Kind, track: MediaStreamTrack): void;
  /** The browser's own button ended screen sharing. */
  screenEnded(stream: LocalStream): void;
}

/** The events of a local stream. */
export interface LocalStreamEvents {
  /** Another track is sent, or would be if the stream were published. */
  trackChanged: [kind: Kind, track: MediaStreamTrack];
  /** Another track is captured. */
  captured: [kind: Kind, track: MediaStreamTrack];
  /** The stream was destroyed. */
  destroyed: [];
}

/** The state of one kind. */
interface Slot {
  /** What was captured last. */
  captured: Feed | undefined;
  /** What is sent; differs from `captured` while a published stream waits for `send`. */
  sent: Feed | undefined;
  /** The constraints of a camera that `setCameraOpen` closed. */
  closed: MediaTrackConstraints | undefined;
  /** Whether `setEnabled` turned the kind off. */
  isMuted: boolean;
  /** Whether the sent track was disabled by a call; the application may disable it too. */
  isOff: boolean;
  /** Holds what was captured last. */
  readonly preview: MediaStream;
}

/** One local stream. Every device that it opened is closed by `destroy`. */
export class LocalStream extends Emitter<LocalStreamEvents> {
  /** What is published. */
  readonly media: MediaStream;
  readonly #task: LocalStreamTask;
  readonly #slots: Readonly<Record<Kind, Slot>>;
  readonly #opener: FeedOpener;
  #encoding: Encoding = {};
  /** The media elements in the audio. */
  readonly #mixed = new Map<HTMLMediaElement, MixedElement>();
  #captureVolume = 1;
  /** Sends the microphone and the elements while there is something to mix. */
  #mixer: AudioMixer | undefined;
  #sendsCaptured = true;
  #isMicrophoneMuted = false;
  #isDestroyed = false;

  /** Creates an empty stream, or one of the application's tracks in `media`. */
  constructor(task: LocalStreamTask, media: MediaStream = task.media.createMediaStream()) {
    super();
    this.#task = task;
    this.media = media;
    this.#slots = { audio: this.#createSlot('audio'), video: this.#createSlot('video') };
    this.#opener = new FeedOpener({
      opened: (kind, feed) => this.#adopt(kind, feed, this.#sendsCaptured || !this.isPublished),
      ended: (kind, feed) => this.#handleEnded(kind, feed),
    });
  }

  /** How the stream is encoded where it is published. */
  get encoding(): Encoding {
    return this.#encoding;
  }

  /** Whether it is published. */
  get isPublished(): boolean {
    return this.#publications().length > 0;
  }

  /** Whether `destroy` was called. */
  get isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  /** The stream with the track of a kind that was captured last. */
  preview(kind: Kind): MediaStream {
    return this.#slots[kind].preview;
  }

  /** The track of a kind that was captured last. */
  captured(kind: Kind): MediaStreamTrack | undefined {
    return this.#slots[kind].captured?.track;
  }

  /** Sets whether a capture is sent at once (the default) or, while the stream is published, only by `send`. */
  setSendsCaptured(sendsCaptured: boolean): void {
    this.#sendsCaptured = sendsCaptured;
  }

  /** Mutes the microphone by the engine's `muteMicrophone`; media elements in the mix stay audible. */
  setMicrophoneMuted(isMuted: boolean): void {
    this.#isMicrophoneMuted = isMuted;
    this.#applyEnabled('audio');
  }

  /** Turns a kind on or off for the other users; returns false if the stream has no track of it. */
  setEnabled(kind: Kind, isOn: boolean): boolean {
    this.#slots[kind].isMuted = !isOn;
    this.#applyEnabled(kind);
    return tracksOf(this.media, kind).length > 0;
  }

  /** Changes how the stream is encoded. @throws SessionError the browser's refusal */
  async setEncoding(encoding: Encoding): Promise<void> {
    this.#encoding = { ...this.#encoding, ...encoding };
    const { maxVideoKbps } = encoding;
    if (maxVideoKbps === undefined) return;
    await Promise.all(this.#publications().map((publication) => publication.setMaxKbps('video', maxVideoKbps)));
  }

  /**
   * Captures what a plan says.
   *
   * @throws SessionError the browser's refusal; `client.ended` if a later call has superseded this one (PRIV-1)
   * @throws ZegoServerResponse 1103001 or 1103047 for a custom source that has no such track
   */
  async capture(plan: StreamPlan): Promise<void> {
    if (this.#isDestroyed) throw new SessionError('client.ended', 'the stream was destroyed');
    if (plan.origin !== 'custom') return this.#opener.open(plan);
    for (const kind of KINDS) {
      const source = plan[kind];
      if (source === undefined) continue;
      const [track] = tracksOf(resolveSource(source), kind);
      // One source may be given for both kinds and have only one.
      if (!track && plan.audio !== plan.video) throw refusal(CODES.trackNotFound, `the source has no ${kind}`);
      if (!track) continue;
      this.#opener.cancel(kind);
      if (kind === 'video' && plan.hint) track.contentHint = plan.hint;
      this.#adopt(kind, { track, origin: 'custom', constraints: {} }, this.#sendsCaptured || !this.isPublished);
    }
  }

  /** Captures a microphone or camera anew, with some constraints changed, and sends it. @throws as `capture` */
  async recapture(kind: Kind, changes: MediaTrackConstraints): Promise<void> {
    const feed = this.#slots[kind].captured;
    if (feed?.origin !== 'camera') throw missing(kind);
    const { deviceId: _, facingMode: __, ...rest } = feed.constraints;
    const base = 'deviceId' in changes || 'facingMode' in changes ? rest : feed.constraints;
    const { contentHint } = feed.track;
    await this.capture({ origin: 'camera', capture: { [kind]: { ...base, ...changes } }, hint: contentHint });
    await this.send(kind);
  }

  /** Changes the constraints of the captured video. @throws ZegoServerResponse 1103045; SessionError */
  async constrainVideo(constraints: MediaTrackConstraints): Promise<void> {
    const slot = this.#slots.video;
    const feed = slot.captured;
    if (!feed) throw missing('video');
    const merged = { ...feed.constraints, ...constraints };
    try {
      await feed.track.applyConstraints(merged);
    } catch (error) {
      const { name, message } = error as Error;
      throw new SessionError('client.no-media', message, { name });
    }
    const changed = { ...feed, constraints: merged };
    if (slot.sent === feed) slot.sent = changed;
    if (slot.captured === feed) slot.captured = changed;
  }

  /** Closes the camera, or opens it again as it was. @throws ZegoServerResponse 1103045; SessionError */
  async setCameraOpen(isOpen: boolean): Promise<void> {
    const slot = this.#slots.video;
    const { closed, captured } = slot;
    if (isOpen && closed) await this.capture({ origin: 'camera', capture: { video: closed }, hint: '' });
    else if (captured?.origin !== 'camera') throw missing('video');
    else if (!isOpen) {
      this.stop('video');
      slot.closed = captured.constraints;
    }
  }

  /** Sends what was captured last. @throws SessionError the browser's refusal */
  async send(kind: Kind): Promise<void> {
    const slot = this.#slots[kind];
    const before = slot.sent;
    slot.sent = slot.captured;
    const sent = this.#updateSent(kind);
    this.#release(before);
    await sent;
  }

  /** Sends a track of the application; what is captured stays open for the way back. @throws SessionError */
  async replaceTrack(track: MediaStreamTrack): Promise<void> {
    const kind = kindOf(track);
    const slot = this.#slots[kind];
    if (slot.sent?.track !== track) {
      slot.sent = slot.captured?.track === track ? slot.captured : { track, origin: 'custom', constraints: {} };
    }
    await this.#updateSent(kind);
  }

  /** Removes a track; its device stays open until the stream is destroyed. @throws ZegoServerResponse 1103047 */
  async removeTrack(track: MediaStreamTrack): Promise<void> {
    const kind = kindOf(track);
    if (!this.media.getTracks().includes(track)) throw refusal(CODES.trackNotFound, 'the stream has no such track');
    this.#slots[kind].sent = undefined;
    await this.#updateSent(kind);
  }

  /** Stops capturing and sending a kind; returns false if the stream has none. */
  stop(kind: Kind): boolean {
    const slot = this.#slots[kind];
    const { captured, sent } = slot;
    const isActive = captured !== undefined || sent !== undefined || this.#opener.isOpening(kind);
    this.#opener.cancel(kind);
    slot.captured = undefined;
    slot.sent = undefined;
    slot.closed = undefined;
    removeTracks(slot.preview, kind);
    for (const feed of [captured, sent]) this.#release(feed);
    // If the server cannot be reached, it is notified after reconnecting.
    this.#updateSent(kind).catch(() => {});
    return isActive;
  }

  /** Mixes playing media elements into the audio; returns false if the browser cannot. */
  mix(elements: readonly HTMLMediaElement[]): boolean {
    if (!this.#task.media.createAudioContext || this.#isDestroyed) return false;
    for (const element of elements) {
      const stream = this.#mixed.has(element) ? undefined : captureElement(element);
      if (stream) this.#mixed.set(element, { stream, volume: 1 });
    }
    this.#applyMix().catch(this.#reportMixFailure);
    return elements.every((element) => this.#mixed.has(element));
  }

  /** Removes media elements, or all, from the audio; returns false if one is not there. */
  unmix(elements: readonly HTMLMediaElement[] = [...this.#mixed.keys()]): boolean {
    const isDone = elements.length > 0 && elements.every((element) => this.#mixed.has(element));
    for (const element of elements) {
      stopTracks(this.#mixed.get(element)?.stream.getTracks() ?? []);
      this.#mixed.delete(element);
    }
    this.#applyMix().catch(this.#reportMixFailure);
    return isDone;
  }

  /** Sets the volume of a media element in the audio, 1 for its own; returns false if it is not there. */
  setMixVolume(element: HTMLMediaElement, volume: number): boolean {
    const mixed = this.#mixed.get(element);
    if (mixed) this.#mixed.set(element, { ...mixed, volume });
    this.#applyMix().catch(this.#reportMixFailure);
    return mixed !== undefined;
  }

  /** Sets the volume of the captured audio, 1 for its own; returns false if there is no Web Audio. */
  setCaptureVolume(volume: number): boolean {
    if (volume !== 1 && !this.#task.media.createAudioContext) return false;
    this.#captureVolume = volume;
    this.#applyMix().catch(this.#reportMixFailure);
    return true;
  }

  /** Closes every device, also one that is being opened; the stream can capture again (KICK-5). */
  closeDevices(): void {
    this.#opener.closeAll();
    for (const { stream } of this.#mixed.values()) stopTracks(stream.getTracks());
    this.#mixed.clear();
    this.#mixer?.close();
    this.#mixer = undefined;
  }

  /** Closes every device and ends the stream. The application's own tracks continue unless `stopsAll`. */
  destroy(stopsAll = false): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    const isCaptured = KINDS.some((kind) => (this.#slots[kind].captured?.origin ?? 'custom') !== 'custom');
    this.closeDevices();
    if (isCaptured || stopsAll) stopTracks(this.media.getTracks());
    this.emit('destroyed');
  }

  #publications(): readonly Publication[] {
    return this.#task.publicationsOf(this.media);
  }

  #createSlot(kind: Kind): Slot {
    const [track] = tracksOf(this.media, kind);
    const feed: Feed | undefined = track && { track, origin: 'custom', constraints: {} };
    const preview = this.#task.media.createMediaStream(track ? [track] : []);
    return { captured: feed, sent: feed, closed: undefined, isMuted: false, isOff: false, preview };
  }

  #adopt(kind: Kind, feed: Feed, isSent: boolean): void {
    const slot = this.#slots[kind];
    const before = slot.captured;
    slot.captured = feed;
    slot.closed = undefined;
    removeTracks(slot.preview, kind);
    slot.preview.addTrack(feed.track);
    this.emit('captured', kind, feed.track);
    if (feed.source) this.#task.deviceOpened();
    // Not awaited: if the server refuses the kind, the publication turns it off.
    if (isSent) this.send(kind).catch(() => {});
    this.#release(before);
  }

  /** Closes the device of a feed that is neither captured nor sent any more. */
  #release(feed: Feed | undefined): void {
    if (!feed?.source) return;
    const isInUse = KINDS.some((kind) => {
      const { captured, sent } = this.#slots[kind];
      return captured?.source === feed.source || sent?.source === feed.source;
    });
    if (!isInUse) this.#opener.close(feed);
  }

  /** Handles the loss of a device, of its permission, or of a screen (PRIV-2). */
  #handleEnded(kind: Kind, { track, origin }: Feed): void {
    if (kind === 'audio') this.#applyMix().catch(this.#reportMixFailure);
    if (origin === 'camera') this.#task.deviceLost(this, kind, track);
    else if (kind === 'video') this.#task.screenEnded(this);
  }

  #needsMixer(): boolean {
    if (this.#mixed.size > 0) return true;
    return this.#captureVolume !== 1 && this.#slots.audio.sent?.track.readyState === 'live';
  }

  /** Sends the mix, or the captured audio itself once there is nothing to mix. */
  async #applyMix(): Promise<void> {
    // Loaded at its first use. Later calls may change what is to be mixed meanwhile.
    if (this.#needsMixer() && !this.#mixer) await this.#loadMixer();
    const mixer = this.#mixer;
    const { isOff } = this.#slots.audio;
    if (!mixer) return;
    if (!this.#needsMixer()) this.#mixer = undefined;
    mixer.update(this.#mixed, this.#captureVolume);
    this.#updateSent('audio').catch(() => {});
    if (!this.#mixer) mixer.close();
    // With media elements in the mix, a muted microphone does not silence the stream.
    if (this.#isOff('audio') !== isOff) this.#applyEnabled('audio');
  }

  readonly #reportMixFailure = (error: unknown): void => {
    if (!this.#isDestroyed) warn(`mixing failed: ${String(error)}`);
  };

  async #loadMixer(): Promise<void> {
    const { AudioMixer, startAudio } = await import('./audio-mixer.ts');
    const context = this.#task.audioContext();
    // A mix that does not run yet would send silence in place of the microphone.
    if (context) await startAudio(context, this.#task.media.document);
    if (this.#mixer || !this.#needsMixer() || this.#isDestroyed) return;
    if (context) this.#mixer = new AudioMixer(context, (tracks) => this.#task.media.createMediaStream(tracks));
  }

  /** Puts the track that is to be sent into the stream and its publications. A kind that is off stays off (PRIV-1). */
  async #updateSent(kind: Kind): Promise<void> {
    const slot = this.#slots[kind];
    const before = tracksOf(this.media, kind);
    const isOffByApp = !slot.isOff && before.length > 0 && !before.some(({ enabled }) => enabled);
    const track = kind === 'audio' ? this.#mixAudio(slot.sent?.track) : slot.sent?.track;
    if (track && (isOffByApp || slot.isOff || this.#isOff(kind))) track.enabled = false;
    slot.isOff ||= this.#isOff(kind);
    removeTracks(this.media, kind, track);
    if (track && !before.includes(track)) {
      this.media.addTrack(track);
      this.emit('trackChanged', kind, track);
    }
    await Promise.all(this.#publications().map((publication) => publication.replaceTrack(kind, track ?? null)));
  }

  /** Returns the audio to send: the mix, if there is one. */
  #mixAudio(microphone: MediaStreamTrack | undefined): MediaStreamTrack | undefined {
    const mixer = this.#mixer;
    if (!mixer) return microphone;
    mixer.setInput(microphone?.readyState === 'live' ? microphone : undefined);
    if (microphone) microphone.enabled = !this.#isMicrophoneMuted;
    return microphone || this.#mixed.size > 0 ? mixer.track : undefined;
  }

  #applyEnabled(kind: Kind): void {
    const slot = this.#slots[kind];
    slot.isOff = this.#isOff(kind);
    const microphone = this.#slots.audio.sent?.track;
    if (kind === 'audio' && this.#mixer && microphone) microphone.enabled = !this.#isMicrophoneMuted;
    for (const track of tracksOf(this.media, kind)) track.enabled = !slot.isOff;
    // The media itself is off either way. If the server cannot be reached, it is notified after reconnecting.
    for (const publication of this.#publications()) publication.setEnabled(kind, !slot.isOff).catch(() => {});
  }

  #isOff(kind: Kind): boolean {
    if (this.#slots[kind].isMuted) return true;
    const isMixing = this.#mixer !== undefined && this.#mixed.size > 0;
    return kind === 'audio' && this.#isMicrophoneMuted && !isMixing;
  }
}

/** Returns the tracks of a kind. */
export function tracksOf(stream: MediaStream, kind: Kind): MediaStreamTrack[] {
  return kind === 'audio' ? stream.getAudioTracks() : stream.getVideoTracks();
}

function removeTracks(stream: MediaStream, kind: Kind, except?: MediaStreamTrack): void {
  for (const track of tracksOf(stream, kind)) if (track !== except) stream.removeTrack(track);
}

function missing(kind: Kind) {
  return kind === 'audio'
    ? refusal(CODES.noAudioInStream, 'the stream captures no microphone')
    : refusal(CODES.noVideoInStream, 'the stream captures no camera');
}
