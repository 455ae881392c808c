/**
 * The streams that an engine plays, and their states in this dialect.
 *
 * @module
 */

import type { MediaEnd } from '../core/media/media-context.ts';
import type { Playback, PlaybackState } from '../core/media/playback.ts';
import type { RoomSession } from '../core/session.ts';
import { checkStreamId } from './checks.ts';
import { CODES, codeOfMediaEnd, extendedDataOfMediaEnd, refusal, toZegoError } from './errors.ts';
import type { Emit } from './events.ts';
import type { QualityReports } from './quality-reports.ts';
import type { ZegoSEIConfig } from './sei.ts';
import { openSei } from './sei-loading.ts';
import type { ZegoPlayerState, ZegoPlayOptions } from './types.ts';
import { warnUnsupported } from './warnings.ts';

const SUPPORTED = ['audio', 'video', 'isSEIStart', 'jitterBufferTarget', 'playoutDelayHint', 'enableLowLatency'];

/** The vendor's codes for received video with too few frames, and with enough again. */
const VIDEO_PAUSED = { code: 1009, message: 'the video is paused for want of bandwidth' };
const VIDEO_RESUMED = { code: 2009, message: 'the video is sent again' };

/** The streams that an engine plays, by stream id. */
export class Players {
  readonly #quality: QualityReports;
  readonly #emit: Emit;
  readonly #ended: (stream: MediaStream) => void;
  #seiConfig: ZegoSEIConfig = {};
  readonly #areOn = { audio: true, video: true };
  readonly #playbacks = new Map<string, { readonly playback: Playback; readonly session: RoomSession }>();

  /** `ended` is called with the stream of each playback that ends. */
  constructor(quality: QualityReports, emit: Emit, ended: (stream: MediaStream) => void) {
    this.#quality = quality;
    this.#emit = emit;
    this.#ended = ended;
  }

  /**
   * Plays a stream; resolves when its media is connected. A pending playback of the stream is reused.
   *
   * @throws ZegoServerResponse
   */
  async start(session: RoomSession | undefined, streamID: string, options: ZegoPlayOptions = {}): Promise<MediaStream> {
    if (typeof streamID !== 'string') throw refusal(CODES.badPlayParameter);
    const fault = session ? checkStreamId(streamID) : CODES.notLoggedIn;
    if (fault !== CODES.ok || !session) throw refusal(fault);
    const known = this.#playbacks.get(streamID)?.playback;
    if (known?.state === 'playing') throw refusal(CODES.alreadyPlaying);
    try {
      return await (known ?? this.#play(session, streamID, options)).ready;
    } catch (error) {
      throw toZegoError(error, 'player');
    }
  }

  /** Stops playing; does nothing if the stream is not played. */
  stop(streamID: string): void {
    this.#playbacks.get(streamID)?.session.media.stop(streamID);
  }

  /** The playbacks whose media is up. */
  playing(): Playback[] {
    const all = [...this.#playbacks.values()].map(({ playback }) => playback);
    return all.filter(({ state }) => state === 'playing');
  }

  /** Enables or disables a kind of every played stream, also of those that are played later. */
  setAllEnabled(kind: 'audio' | 'video', on: boolean): void {
    this.#areOn[kind] = on;
    for (const { playback } of this.#playbacks.values()) playback.setEnabled(kind, on);
  }

  /** Enables or disables the audio or video of a played stream locally; returns false if it is not played. */
  setEnabled(streamID: string, kind: 'audio' | 'video', on: boolean): boolean {
    const playback = this.#playbacks.get(streamID)?.playback;
    playback?.setEnabled(kind, on);
    return playback !== undefined;
  }

  /** Sets how SEI messages are read, also those of streams that are played now. */
  setSeiConfig(config: ZegoSEIConfig): void {
    this.#seiConfig = config;
  }

  /** Chooses the size of a played stream: 0 the smallest, 1 the largest, 2 automatic; returns false if that is not possible. */
  setVideoType(streamID: string, streamType: number): boolean {
    const playback = this.#playbacks.get(streamID)?.playback;
    if (!playback || ![0, 1, 2].includes(streamType)) return false;
    playback.setMaxLayer([0, 2][streamType]);
    return true;
  }

  /** Adds an element that shows a played stream; returns a function that removes it. */
  addView(stream: MediaStream, element: HTMLVideoElement): () => void {
    const entry = [...this.#playbacks.values()].find(({ playback }) => playback.stream === stream);
    return entry?.playback.addView(element) ?? (() => {});
  }

  #play(session: RoomSession, streamID: string, options: ZegoPlayOptions): Playback {
    const { audio = true, video = true, isSEIStart } = options;
    warnUnsupported('startPlayingStream', options, SUPPORTED);
    const frames =
      isSEIStart && video
        ? openSei(({ openSeiReader }) =>
            openSeiReader(
              () => this.#seiConfig,
              (data) => this.#emit('playerRecvSEI', streamID, data),
            ),
          )
        : undefined;
    const playback = session.media.play(streamID, {
      audio,
      video,
      ...(frames && { frames }),
      ...toJitterBuffer(options),
    });
    for (const kind of ['audio', 'video'] as const) playback.setEnabled(kind, this.#areOn[kind]);
    this.#emitState(streamID, 'PLAY_REQUESTING', CODES.ok);
    this.#watch(playback, session, () => void frames?.then((channel) => channel?.close()));
    return playback;
  }

  #watch(playback: Playback, session: RoomSession, ended: () => void): void {
    const { streamId } = playback;
    this.#playbacks.set(streamId, { playback, session });
    const stopReporting = this.#quality.watchPlayed(playback, () => playback.state === 'playing');
    const handleState = (state: PlaybackState, end: MediaEnd | undefined) => {
      if (state === 'ended') {
        stopReporting();
        ended();
        this.#playbacks.delete(streamId);
        this.#ended(playback.stream);
        this.#emitState(streamId, 'NO_PLAY', codeOfMediaEnd(end, 'player'), extendedDataOfMediaEnd(end));
      } else {
        const unsupported = state === 'playing' ? playback.unsupported : [];
        const code = unsupported.length > 0 ? CODES.playKindUnsupported : CODES.ok;
        const extendedData = unsupported.length > 0 ? JSON.stringify({ unsupported }) : '';
        if (state === 'playing') this.#emitTracks(playback);
        this.#emitState(streamId, state === 'playing' ? 'PLAYING' : 'PLAY_REQUESTING', code, extendedData);
      }
    };
    playback.on('videoPaused', (isPaused) =>
      this.#emit('exceptionUpdate', streamId, isPaused ? VIDEO_PAUSED : VIDEO_RESUMED),
    );
    if (playback.state === 'ended') handleState('ended', playback.ending);
    else playback.on('stateChanged', handleState);
  }

  /** Media that is up has tracks; after a lost connection, others than before. */
  #emitTracks({ streamId, stream }: Playback): void {
    for (const track of stream.getTracks()) {
      this.#emit(track.kind === 'audio' ? 'playerAudioTrackUpdate' : 'playerVideoTrackUpdate', streamId, track);
    }
  }

  #emitState(streamID: string, state: ZegoPlayerState['state'], errorCode: number, extendedData = ''): void {
    this.#emit('playerStateUpdate', { streamID, state, errorCode, extendedData });
  }
}

function toJitterBuffer({ jitterBufferTarget, playoutDelayHint, enableLowLatency }: ZegoPlayOptions) {
  const jitterBufferMs = jitterBufferTarget ?? (playoutDelayHint ?? 0) * 1000;
  return !enableLowLatency && jitterBufferMs > 0 ? { jitterBufferMs: Math.min(jitterBufferMs, 4_000) } : {};
}
