/**
 * A stream that this client plays.
 *
 * @module
 */

import type { StreamCause, VideoPreferences } from '@gavel/protocol';
import { Emitter } from '../emitter.ts';
import { SessionError } from '../errors.ts';
import type { FrameTap } from './frame-data/frame-channel.ts';
import { judgeFailure, type MediaEnd, type StreamContext } from './media-context.ts';
import { type MediaAnswer, MediaLink, type Sections } from './media-link.ts';
import { PlayPreferences } from './play-preferences.ts';
import type { SectionTools } from './section-tools.ts';
import type { StreamStats } from './stats.ts';
import { StreamMeter } from './stream-meter.ts';

/** What to play. */
export interface PlayOptions {
  /** Default true. */
  readonly audio?: boolean;
  /** Default true. */
  readonly video?: boolean;
  /**
   * How long media is buffered before it is played, in milliseconds; default: the browser's choice, and where 8 % of the sound
   * or more is lost, at least the time in which it is sent again (80 to 200 ms).
   */
  readonly jitterBufferMs?: number;
  /** The highest layer of the video that is received, from 0; default: by the size of the views; without views, no maximum. */
  readonly maxLayer?: number;
  /** Gets the encoded frames of the video that is received. */
  readonly frames?: Promise<FrameTap | undefined>;
}

/** State of a playback. */
export type PlaybackState = 'requesting' | 'playing' | 'ended';

/** The events of a playback. */
export interface PlaybackEvents {
  /** `end` is set in the state `ended`. */
  stateChanged: [state: PlaybackState, end: MediaEnd | undefined];
  /** A track was added to the stream or removed from it. */
  tracksChanged: [];
  /** Some kinds of the stream are not played: this browser supports none of their codecs (MED-8). */
  unsupported: [kinds: readonly ('audio' | 'video')[]];
  /** The server has paused the video for want of bandwidth, or sends it again (BWE-2). */
  videoPaused: [isPaused: boolean];
}

/** Causes after which a stream is not expected back, so its playback ends. After other causes the playback waits for it. */
const FINAL: ReadonlySet<StreamCause> = new Set<StreamCause>([
  'stopped',
  'deleted',
  'forbidden',
  'media-failed',
  'kicked',
  'room-closed',
  'replaced',
  'token-expired',
]);

/** A stream that this client plays. Its `MediaStream` stays the same over new peer connections (MED-3). */
export class Playback extends Emitter<PlaybackEvents> {
  readonly streamId: string;
  /** For `<video srcObject>`; its tracks are replaced inside. */
  readonly stream: MediaStream;
  /** Resolves with the stream when its media is first connected; rejects with a `SessionError` if it never is. */
  readonly ready: Promise<MediaStream>;
  readonly #link: MediaLink;
  readonly #context: StreamContext;
  readonly #options: PlayOptions;
  readonly #on = { audio: true, video: true };
  readonly #meter: StreamMeter;
  readonly #preferences: PlayPreferences;
  #isAtServer = false;
  #isVideoPaused = false;
  #state: PlaybackState = 'requesting';
  #end: MediaEnd | undefined;
  #wasAnswered = false;
  #unsupported: readonly ('audio' | 'video')[] = [];
  #settle: { resolve(stream: MediaStream): void; reject(error: SessionError): void };

  constructor(context: StreamContext, streamId: string, options: PlayOptions = {}) {
    super();
    this.streamId = streamId;
    this.#context = context;
    this.#options = options;
    this.stream = context.media.createMediaStream();
    const { promise, resolve, reject } = withResolvers<MediaStream>();
    this.ready = promise;
    this.#settle = { resolve, reject };
    // Avoid an unhandled rejection if nobody uses this promise.
    promise.catch(() => {});
    const preferences = new PlayPreferences(
      {
        streamId,
        clock: context.clock,
        random: context.random,
        needsFrames: options.frames !== undefined,
        canSend: () => this.#isAtServer,
        send: (params) => context.request('updatePlay', params),
        isScreen: () => context.isScreen(streamId),
      },
      options.maxLayer,
    );
    this.#preferences = preferences;
    this.#link = new MediaLink(context.host, {
      role: 'play',
      streamId,
      clock: context.clock,
      random: context.random,
      retryWindowMs: context.retryWindowMs,
      frames: options.frames,
      prepare: (peer, sections, tools, frames) => this.#prepare(peer, sections, tools, frames),
      list: ({ play }, mids) => play.push({ streamId, mids, ...preferences.offer() }),
      judge: (error) => this.#judge(error),
      dropped: () => {
        this.#isAtServer = false;
        this.handleVideoPaused(false);
        this.#meter.reset();
      },
    });
    this.#meter = new StreamMeter(() => [...this.#link.sections.values()].map(({ receiver }) => receiver));
    this.#link.on('answered', (answer) => this.#handleAnswer(answer));
    this.#link.on('stateChanged', (state) => {
      if (state === 'closed') return;
      this.#setState(state === 'connected' ? 'playing' : 'requesting');
      if (state === 'connected') this.#settle.resolve(this.stream);
    });
    this.#link.on('failed', (error) => this.end({ kind: 'failed', error }));
  }

  /** The current state. */
  get state(): PlaybackState {
    return this.#state;
  }

  /** Why the playback ended; undefined before its end. */
  get ending(): MediaEnd | undefined {
    return this.#end;
  }

  /** Kinds of the stream that the latest answer rejected because this browser supports none of their codecs. */
  get unsupported(): readonly ('audio' | 'video')[] {
    return this.#unsupported;
  }

  /** Whether the server ever played this stream to this client. */
  get wasAnswered(): boolean {
    return this.#wasAnswered;
  }

  /** Requests the stream, or requests it again on the same peer connection. */
  restart(): void {
    this.#link.restart();
  }

  /** Waits for `resume`: the server no longer has this playback. */
  suspend(): void {
    this.#link.suspend();
  }

  /** Continues after the session was resumed or the stream was listed again. */
  resume(): void {
    this.#link.resume();
  }

  /** Handles the removal of the stream from the room: ends, or waits for its return. */
  handleRemoved(cause: StreamCause | undefined): void {
    if (cause !== undefined && FINAL.has(cause)) this.end({ kind: 'closed', cause });
    else this.#link.suspend();
  }

  /** Whether the server has paused the video for want of bandwidth (BWE-2). */
  get isVideoPaused(): boolean {
    return this.#isVideoPaused;
  }

  /** What is wanted of the video (SIM-1): its highest layer, its height in the page, and its priority. */
  get preferences(): VideoPreferences {
    return this.#preferences.wanted;
  }

  /** Enables or disables a kind locally. No video is sent while it is disabled; audio is. */
  setEnabled(kind: 'audio' | 'video', on: boolean): void {
    this.#on[kind] = on;
    for (const track of this.#tracks(kind)) track.enabled = on;
    if (kind === 'video') this.#preferences.set({ isOn: on });
  }

  /**
   * Chooses the highest layer of the video that is received, from 0, the smallest picture, whatever the size of the views;
   * undefined: by the size of the views (SIM-1). It takes effect with the next keyframe of the layer. If the server cannot be
   * reached, it is sent later, as all preferences.
   */
  setMaxLayer(maxLayer: number | undefined): void {
    this.#preferences.set({ maxLayer });
  }

  /**
   * Adds an element that shows the video. The largest visible view decides which layer is received; while none is visible, no video
   * is. Returns a function that removes the view.
   *
   * @example
   * const removeView = playback.addView(document.querySelector('video'));
   */
  addView(element: HTMLVideoElement): () => void {
    return this.#preferences.addView(element);
  }

  /**
   * Sets the height in which the video is shown, in pixels of the screen, where no view was added: 0 if it is not shown, undefined
   * if that is not known.
   */
  setHeight(height: number | undefined): void {
    this.#preferences.set({ height });
  }

  /** Sets whether this video is more important than others, if there is too little bandwidth for all. */
  setPinned(isPinned: boolean): void {
    this.#preferences.set({ isPinned });
  }

  /** Handles a change of the room's active speaker. */
  handleSpeaking(isSpeaking: boolean): void {
    this.#preferences.set({ isSpeaking });
  }

  /** Handles a video that the server has paused or sends again. */
  handleVideoPaused(isPaused: boolean): void {
    if (isPaused === this.#isVideoPaused) return;
    this.#isVideoPaused = isPaused;
    this.emit('videoPaused', isPaused);
  }

  /** Reads the quality since the previous reading; undefined while there is no peer connection. */
  stats(): Promise<StreamStats | undefined> {
    return this.#meter.read();
  }

  /** Ends the playback on this side and removes the tracks from its stream; sends nothing to the server. */
  end(end: MediaEnd): void {
    if (this.#state === 'ended') return;
    this.#end = end;
    this.#preferences.close();
    this.#link.close();
    this.#removeTracks('audio');
    this.#removeTracks('video');
    const error = end.kind === 'failed' ? end.error : new SessionError('client.ended', 'the playback has ended');
    this.#settle.reject(error);
    this.#setState('ended');
  }

  #judge(error: SessionError) {
    if (error.code !== 'stream.not-found' || this.#context.isListed(this.streamId)) return judgeFailure(error);
    return this.#wasAnswered ? 'suspend' : 'fail';
  }

  #prepare(peer: RTCPeerConnection, sections: Sections, tools: SectionTools, frames: FrameTap | undefined): void {
    const { jitterBufferMs } = this.#options;
    for (const kind of ['audio', 'video'] as const) {
      if (this.#options[kind] === false || sections.has(kind)) continue;
      const section = peer.addTransceiver(kind, { direction: 'recvonly' });
      sections.set(kind, section);
      if (kind === 'video') frames?.attach(section.receiver);
      const codecs = tools.selectReceived(this.#context.media.receivableCodecs(kind));
      if (codecs.length > 0) section.setCodecPreferences(codecs);
      if (jitterBufferMs !== undefined) section.receiver.jitterBufferTarget = jitterBufferMs;
    }
  }

  #handleAnswer(answer: MediaAnswer): void {
    this.#wasAnswered = true;
    this.#isAtServer = true;
    this.#preferences.handleAnswer();
    for (const kind of ['audio', 'video'] as const) {
      const section = this.#link.sections.get(kind);
      if (answer[kind] && section) this.#addTrack(kind, section.receiver.track);
      else this.#removeTracks(kind);
    }
    this.#unsupported = answer.unsupported ?? [];
    if (this.#unsupported.length > 0) this.emit('unsupported', this.#unsupported);
  }

  #addTrack(kind: 'audio' | 'video', track: MediaStreamTrack): void {
    const before = this.#tracks(kind);
    if (before.includes(track)) return;
    track.enabled = this.#on[kind];
    for (const old of before) this.stream.removeTrack(old);
    this.stream.addTrack(track);
    this.emit('tracksChanged');
  }

  #tracks(kind: 'audio' | 'video'): MediaStreamTrack[] {
    return kind === 'audio' ? this.stream.getAudioTracks() : this.stream.getVideoTracks();
  }

  #removeTracks(kind: 'audio' | 'video'): void {
    const tracks = this.#tracks(kind);
    for (const track of tracks) {
      track.stop();
      this.stream.removeTrack(track);
    }
    if (tracks.length > 0) this.emit('tracksChanged');
  }

  #setState(state: PlaybackState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.emit('stateChanged', state, this.#end);
  }
}

/** `Promise.withResolvers`, for browsers that do not have it. */
function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: SessionError) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
