/**
 * The media of one room session: its publications and playbacks, kept running while the session lasts.
 *
 * @module
 */

import type { PersonalEventFrame } from '@gavel/protocol';
import { Backoff, MEDIA_BACKOFF } from '../backoff.ts';
import { mayRetryLater, SessionError, toSessionError } from '../errors.ts';
import type { RoomChange } from '../room-view.ts';
import type { JoinKind, SessionEnd } from '../session-state.ts';
import { LazyConnection } from './lazy-connection.ts';
import type { MediaContext, StreamContext } from './media-context.ts';
import { Playback, type PlayOptions } from './playback.ts';
import { Publication, type PublishOptions } from './publication.ts';

type EndMethod = 'unpublish' | 'stop';

/** An event about the video or the viewers of one stream. */
export type StreamEventFrame = Extract<
  PersonalEventFrame,
  { event: 'videoPaused' | 'demandChanged' | 'viewerUnsupported' }
>;

/** Publications and playbacks of one session, by stream id. The session calls the `handle…` methods. */
export class RoomMedia {
  readonly #context: StreamContext | undefined;
  readonly #connection: LazyConnection | undefined;
  readonly #publications = new Map<string, Publication>();
  readonly #playbacks = new Map<string, Playback>();
  /** Requests that could not be sent while the connection was lost. */
  #pendingEnds: { readonly method: EndMethod; readonly streamId: string }[] = [];
  /** The stream of the room's active speaker. */
  #speaker: string | undefined;
  /** Increases when the server has lost all media: unconfirmed ends from before are then obsolete. */
  #generation = 0;
  readonly #request: MediaContext['request'] | undefined;

  /** Ends of streams that the server has not confirmed yet, by stream id. */
  readonly #ending = new Map<string, Promise<void>>();

  /** Without a context (no WebRTC), publishing and playing throw `client.no-media`. */
  constructor(context: MediaContext | undefined) {
    if (!context) return;
    this.#request = context.request;
    const host = new LazyConnection({ ...context, negotiate: (params) => context.request('negotiate', params) });
    this.#connection = host;
    this.#context = {
      ...context,
      host,
      // A change of a stream must not reach the server before the end of an earlier stream with its id.
      request: async (method, params) => {
        if ('streamId' in params) await this.#ending.get(params.streamId);
        return context.request(method, params);
      },
    };
  }

  /** Whether WebRTC is available. */
  get isAvailable(): boolean {
    return this.#context !== undefined;
  }

  /** Publications by stream id. */
  get publications(): ReadonlyMap<string, Publication> {
    return this.#publications;
  }

  /** Playbacks by stream id. */
  get playbacks(): ReadonlyMap<string, Playback> {
    return this.#playbacks;
  }

  /**
   * Publishes a stream, and publishes it again automatically whenever its media is lost.
   *
   * @throws SessionError `client.no-media` if there is no WebRTC; `stream.taken` if it is already published
   */
  publish(streamId: string, source: MediaStream, options: PublishOptions = {}): Publication {
    if (this.#publications.has(streamId)) {
      throw new SessionError('stream.taken', 'this client already publishes a stream with this id');
    }
    const publication = new Publication(this.#requireContext(), streamId, source, options);
    this.#publications.set(streamId, publication);
    publication.on('stateChanged', (state, end) => {
      if (state !== 'ended' || this.#publications.get(streamId) !== publication) return;
      this.#publications.delete(streamId);
      if (end?.kind === 'failed' && publication.wasAnswered) this.#endAtServer('unpublish', streamId);
    });
    this.#start(publication);
    return publication;
  }

  /** Stops publishing a stream; returns false if it was not published. */
  unpublish(streamId: string): boolean {
    const publication = this.#publications.get(streamId);
    if (!publication) return false;
    publication.end({ kind: 'stopped' });
    this.#endAtServer('unpublish', streamId);
    return true;
  }

  /**
   * Plays a stream, and plays it again automatically whenever its media is lost. For a stream that is already played it returns
   * the same playback.
   *
   * @throws SessionError `client.no-media` if there is no WebRTC
   */
  play(streamId: string, options: PlayOptions = {}): Playback {
    const known = this.#playbacks.get(streamId);
    if (known) return known;
    const playback = new Playback(this.#requireContext(), streamId, options);
    if (streamId === this.#speaker) playback.handleSpeaking(true);
    this.#playbacks.set(streamId, playback);
    playback.on('stateChanged', (state, end) => {
      if (state !== 'ended' || this.#playbacks.get(streamId) !== playback) return;
      this.#playbacks.delete(streamId);
      if (end?.kind === 'failed' && playback.wasAnswered) this.#endAtServer('stop', streamId);
    });
    this.#start(playback);
    return playback;
  }

  /** Stops playing a stream; returns false if it was not played. */
  stop(streamId: string): boolean {
    const playback = this.#playbacks.get(streamId);
    if (!playback) return false;
    playback.end({ kind: 'stopped' });
    this.#endAtServer('stop', streamId);
    return true;
  }

  /** Handles a new login: the server no longer has any media of this client. */
  handleForgotten(): void {
    this.#pendingEnds = [];
    this.#generation += 1;
    this.handleSpeaker(undefined);
    for (const publication of this.#publications.values()) publication.suspend();
    for (const playback of this.#playbacks.values()) playback.suspend();
    this.#connection?.close();
  }

  /** Continues the media that waited for the session. */
  handleJoined(): void {
    const pendingEnds = this.#pendingEnds;
    this.#pendingEnds = [];
    // Media started under the same id meanwhile waits for this.
    for (const { method, streamId } of pendingEnds) this.#endAtServer(method, streamId);
    for (const publication of this.#publications.values()) publication.resume();
    for (const playback of this.#playbacks.values()) {
      if (this.#context?.isListed(playback.streamId)) playback.resume();
    }
    this.#connection?.handleJoined();
  }

  /** Handles a machine that is online again, perhaps in another network (CONN-3). */
  handleOnline(): void {
    this.#connection?.restartIce();
  }

  /** Replaces the peer connection, which the server reports as lost (MED-3). */
  handleMediaLost(): void {
    this.#connection?.replace();
  }

  /** Requests streams again that the server does not send any longer. */
  handlePlayLost({ streamIds }: Extract<PersonalEventFrame, { event: 'playLost' }>): void {
    for (const streamId of streamIds) this.#playbacks.get(streamId)?.restart();
  }

  /** Handles an event about the video or the viewers of one stream. */
  handleStreamEvent(frame: StreamEventFrame): void {
    const { streamId } = frame;
    switch (frame.event) {
      case 'videoPaused':
        this.#playbacks.get(streamId)?.handleVideoPaused(frame.isPaused);
        break;
      case 'demandChanged':
        this.#publications.get(streamId)?.handleDemand(frame);
        break;
      case 'viewerUnsupported':
        this.#publications.get(streamId)?.handleViewerUnsupported(frame.kinds);
        break;
    }
  }

  /** Handles another active speaker of the room, or none. */
  handleSpeaker(streamId: string | undefined): void {
    this.#speaker = streamId;
    for (const playback of this.#playbacks.values()) playback.handleSpeaking(playback.streamId === streamId);
  }

  /** Ends the media that the server has closed (STRM-3). */
  handleMediaClosed(frame: Extract<PersonalEventFrame, { event: 'mediaClosed' }>): void {
    this.#publications.get(frame.streamId)?.end({ kind: 'closed', cause: frame.cause });
    this.#playbacks.get(frame.streamId)?.handleRemoved(frame.cause);
  }

  /** Ends a publication that the server ended before it announced the stream. */
  handlePublishEnded(frame: Extract<PersonalEventFrame, { event: 'publishEnded' }>): void {
    this.#publications.get(frame.streamId)?.end({ kind: 'closed', cause: frame.cause });
  }

  /** Handles streams that were added, removed or taken over; `via` is set if a resume or a new login revealed this. */
  handleChange(change: RoomChange, via?: JoinKind): void {
    for (const { stream, cause, own } of change.streamsRemoved) {
      // After a new login, own streams are missing from the room until they are published again. And an end that
      // this client requested does not end what it has started since.
      const isExpected = via === 'relogin' || (cause === 'stopped' && this.#ending.has(stream.streamId));
      if (own && !isExpected) this.#publications.get(stream.streamId)?.end({ kind: 'closed', cause });
      this.#playbacks.get(stream.streamId)?.handleRemoved(cause);
    }
    for (const { streamId, muted } of change.ownStreams) {
      if (muted) this.#publications.get(streamId)?.handleMuted(muted);
    }
    for (const stream of change.streamsAdded) this.#playbacks.get(stream.streamId)?.resume();
  }

  /** Ends all media. If the member was removed, the tracks that it published are stopped too (KICK-5). */
  end(end: SessionEnd): void {
    for (const playback of [...this.#playbacks.values()]) playback.end({ kind: 'session', end });
    for (const publication of [...this.#publications.values()]) {
      publication.end({ kind: 'session', end });
      if (end.kind === 'removed') for (const track of publication.source.getTracks()) track.stop();
    }
    this.#connection?.close();
    this.#pendingEnds = [];
    this.#generation += 1;
  }

  /** Starts a publication or a playback; an end of the same stream that is under way comes first. */
  #start(media: Publication | Playback): void {
    const ending = this.#ending.get(media.streamId);
    if (ending) void ending.then(() => media.restart());
    else media.restart();
  }

  #endAtServer(method: EndMethod, streamId: string): void {
    const before = this.#ending.get(streamId);
    const ended = this.#requestEnd(method, streamId, before).finally(() => {
      if (this.#ending.get(streamId) === ended) this.#ending.delete(streamId);
    });
    this.#ending.set(streamId, ended);
  }

  /** Repeats the request until the server answers, so that a stream ended here does not stay visible to others (PRIV-3). */
  async #requestEnd(method: EndMethod, streamId: string, before: Promise<void> | undefined): Promise<void> {
    const { clock, random } = this.#requireContext();
    const backoff = new Backoff(MEDIA_BACKOFF, random);
    const generation = this.#generation;
    if (before) await before;
    while (generation === this.#generation) {
      try {
        await this.#request?.(method, { streamId });
        return;
      } catch (error) {
        const { code } = toSessionError(error);
        if (generation !== this.#generation || !mayRetryLater(code)) return;
        if (code === 'client.disconnected' || code === 'client.not-joined') {
          this.#pendingEnds.push({ method, streamId });
          return;
        }
        await new Promise<void>((resolve) => clock.setTimeout(resolve, backoff.next()));
      }
    }
  }

  #requireContext(): StreamContext {
    if (!this.#context) throw new SessionError('client.no-media', 'WebRTC is not available');
    return this.#context;
  }
}
