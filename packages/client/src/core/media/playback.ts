/**
 * A stream that this client plays.
 *
 * @module
 */

import type { StreamCause } from '@gavel/protocol';
import { Emitter } from '../emitter.ts';
import { SessionError } from '../errors.ts';
import type { FrameTap } from './frame-data/frame-channel.ts';
import { judgeFailure, type MediaContext, type MediaEnd } from './media-context.ts';
import { MediaLink } from './media-link.ts';
import type { StatsReader, StreamStats } from './stats.ts';

/** What to play. */
export interface PlayOptions {
  /** Default true. */
  readonly audio?: boolean;
  /** Default true. */
  readonly video?: boolean;
  /** How long media is buffered before it is played, in milliseconds; default: the browser's choice. */
  readonly jitterBufferMs?: number;
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
  readonly #context: MediaContext;
  readonly #options: PlayOptions;
  readonly #on = { audio: true, video: true };
  #stats: StatsReader | undefined;
  #state: PlaybackState = 'requesting';
  #end: MediaEnd | undefined;
  #wasAnswered = false;
  #unsupported: readonly ('audio' | 'video')[] = [];
  #settle: { resolve(stream: MediaStream): void; reject(error: SessionError): void };

  constructor(context: MediaContext, streamId: string, options: PlayOptions = {}) {
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
    this.#link = new MediaLink({
      ...context,
      ...(options.frames && { frames: options.frames }),
      prepare: (peer, frames) => this.#prepare(peer, frames),
      exchange: (offer) => context.request('play', { streamId, offer }),
      judge: (error) => this.#judge(error),
    });
    this.#link.on('answered', (answer) => {
      this.#wasAnswered = true;
      for (const kind of ['audio', 'video'] as const) if (!answer[kind]) this.#removeTracks(kind);
      this.#unsupported = answer.unsupported ?? [];
      if (this.#unsupported.length > 0) this.emit('unsupported', this.#unsupported);
    });
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

  /** Creates the peer connection, or re-creates it at once. */
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

  /** Enables or disables a kind locally; the server keeps sending its media. */
  setEnabled(kind: 'audio' | 'video', on: boolean): void {
    this.#on[kind] = on;
    for (const track of this.#tracks(kind)) track.enabled = on;
  }

  /** Reads the level of the audio that is received, from 0 to 1; undefined if the browser does not report it. */
  async audioLevel(): Promise<number | undefined> {
    const report = await this.#link.peer?.getStats();
    return report && (await loadStats()).readAudioLevel(report);
  }

  /** Reads the quality since the previous reading; undefined while there is no peer connection. */
  async stats(): Promise<StreamStats | undefined> {
    const report = await this.#link.peer?.getStats();
    if (!report) return undefined;
    const { StatsReader } = await loadStats();
    this.#stats ??= new StatsReader();
    return this.#stats.read(report as unknown as Iterable<[string, object]>);
  }

  /** Ends the playback on this side and removes the tracks from its stream; sends nothing to the server. */
  end(end: MediaEnd): void {
    if (this.#state === 'ended') return;
    this.#end = end;
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

  #prepare(peer: RTCPeerConnection, frames: FrameTap | undefined): void {
    const { jitterBufferMs } = this.#options;
    this.#stats = undefined;
    for (const kind of ['audio', 'video'] as const) {
      if (this.#options[kind] === false) continue;
      const { receiver } = peer.addTransceiver(kind, { direction: 'recvonly' });
      if (jitterBufferMs !== undefined) receiver.jitterBufferTarget = jitterBufferMs;
      if (kind === 'video') frames?.attach(receiver);
    }
    peer.ontrack = ({ track }) => {
      const kind = track.kind === 'audio' ? 'audio' : 'video';
      track.enabled = this.#on[kind];
      for (const old of this.#tracks(kind)) this.stream.removeTrack(old);
      this.stream.addTrack(track);
      this.emit('tracksChanged');
    };
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

/** Loads the reader of statistics at its first use: not every application reads them. */
function loadStats(): Promise<typeof import('./stats.ts')> {
  return import('./stats.ts');
}
