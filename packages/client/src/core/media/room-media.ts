/**
 * The media of one room session: what it publishes and plays, kept going while the session is.
 *
 * @module
 */

import type { PersonalEventFrame } from '@gavel/protocol';
import { Backoff, MEDIA_BACKOFF } from '../backoff.ts';
import { mayRetryLater, SessionError, toSessionError } from '../errors.ts';
import type { RoomChange } from '../room-view.ts';
import type { JoinKind, SessionEnd } from '../session-state.ts';
import type { MediaContext } from './media-context.ts';
import { Playback, type PlayOptions } from './playback.ts';
import { Publication, type PublishOptions } from './publication.ts';

type EndMethod = 'unpublish' | 'stop';

/** Publications and playbacks of one session, by stream id. The session tells it what happens by `handleX`. */
export class RoomMedia {
  readonly #context: MediaContext | undefined;
  readonly #publications = new Map<string, Publication>();
  readonly #playbacks = new Map<string, Playback>();
  /** What the server could not be told while the connection was lost. */
  #owed: { readonly method: EndMethod; readonly streamId: string }[] = [];
  /** Rises when the server has forgotten everything: ends that it has not confirmed are of no use any more. */
  #generation = 0;
  readonly #request: MediaContext['request'] | undefined;

  /** Ends of streams that the server has not confirmed yet, by stream id. */
  readonly #ending = new Map<string, Promise<void>>();

  /** Without a context (no WebRTC here) publishing and playing throw `client.no-media`. */
  constructor(context: MediaContext | undefined) {
    this.#request = context?.request;
    this.#context = context && {
      ...context,
      // Requests of one connection may overtake each other in the server: an end must not hit what came after it.
      request: async (method, params) => {
        if ('streamId' in params) await this.#ending.get(params.streamId);
        return context.request(method, params);
      },
    };
  }

  /** Whether there is WebRTC here. */
  get isAvailable(): boolean {
    return this.#context !== undefined;
  }

  /** What is published, by stream id. */
  get publications(): ReadonlyMap<string, Publication> {
    return this.#publications;
  }

  /** What is played, by stream id. */
  get playbacks(): ReadonlyMap<string, Playback> {
    return this.#playbacks;
  }

  /**
   * Publishes a stream, and publishes it again by itself whenever its media is lost.
   *
   * @throws SessionError `client.no-media` where there is no WebRTC; `stream.taken` where it is published already
   */
  publish(streamId: string, source: MediaStream, options: PublishOptions = {}): Publication {
    if (this.#publications.has(streamId)) {
      throw new SessionError('stream.taken', 'this client publishes a stream of this id already');
    }
    const publication = new Publication(this.#requireContext(), streamId, source, options);
    this.#publications.set(streamId, publication);
    publication.on('stateChanged', (state, end) => {
      if (state !== 'ended' || this.#publications.get(streamId) !== publication) return;
      this.#publications.delete(streamId);
      if (end?.kind === 'failed' && publication.wasAnswered) this.#endAtServer('unpublish', streamId);
    });
    publication.restart();
    return publication;
  }

  /** Stops publishing a stream; gives false where it was not published. */
  unpublish(streamId: string): boolean {
    const publication = this.#publications.get(streamId);
    if (!publication) return false;
    publication.end({ kind: 'stopped' });
    this.#endAtServer('unpublish', streamId);
    return true;
  }

  /**
   * Plays a stream, and plays it again by itself whenever its media is lost. A stream that is played already gives
   * the same playback.
   *
   * @throws SessionError `client.no-media` where there is no WebRTC
   */
  play(streamId: string, options: PlayOptions = {}): Playback {
    const known = this.#playbacks.get(streamId);
    if (known) return known;
    const playback = new Playback(this.#requireContext(), streamId, options);
    this.#playbacks.set(streamId, playback);
    playback.on('stateChanged', (state, end) => {
      if (state !== 'ended' || this.#playbacks.get(streamId) !== playback) return;
      this.#playbacks.delete(streamId);
      if (end?.kind === 'failed' && playback.wasAnswered) this.#endAtServer('stop', streamId);
    });
    playback.restart();
    return playback;
  }

  /** Stops playing a stream; gives false where it was not played. */
  stop(streamId: string): boolean {
    const playback = this.#playbacks.get(streamId);
    if (!playback) return false;
    playback.end({ kind: 'stopped' });
    this.#endAtServer('stop', streamId);
    return true;
  }

  /** Handles a new login: the server knows of no media any more. */
  handleForgotten(): void {
    this.#owed = [];
    this.#generation += 1;
    for (const publication of this.#publications.values()) publication.hold();
    for (const playback of this.#playbacks.values()) playback.hold();
  }

  /** Goes on with what waited for the session. */
  handleJoined(): void {
    const owed = this.#owed;
    this.#owed = [];
    // What has begun under the same id meanwhile waits for it.
    for (const { method, streamId } of owed) this.#endAtServer(method, streamId);
    for (const publication of this.#publications.values()) publication.resume();
    for (const playback of this.#playbacks.values()) {
      if (this.#context?.isListed(playback.streamId)) playback.resume();
    }
  }

  /** Makes again what the server says it has lost (MED-3). */
  handleMediaLost(frame: Extract<PersonalEventFrame, { event: 'mediaLost' }>): void {
    for (const streamId of frame.published) this.#publications.get(streamId)?.restart();
    for (const streamId of frame.played) this.#playbacks.get(streamId)?.restart();
  }

  /** Ends what the server has closed (STRM-3). */
  handleMediaClosed(frame: Extract<PersonalEventFrame, { event: 'mediaClosed' }>): void {
    this.#publications.get(frame.streamId)?.end({ kind: 'closed', cause: frame.cause });
    this.#playbacks.get(frame.streamId)?.handleRemoved(frame.cause);
  }

  /** Ends a publication that the server ended before it announced the stream. */
  handlePublishEnded(frame: Extract<PersonalEventFrame, { event: 'publishEnded' }>): void {
    this.#publications.get(frame.streamId)?.end({ kind: 'closed', cause: frame.cause });
  }

  /** Handles streams that came, went, or changed hands; `via` where that was found in coming back. */
  handleChange(change: RoomChange, via?: JoinKind): void {
    for (const { stream, cause, own } of change.streamsRemoved) {
      // After a new login own streams are gone from the room because they have yet to be published again; and the end
      // that this client asked for is no end of what it has begun since.
      const isExpected = via === 'relogin' || (cause === 'stopped' && this.#ending.has(stream.streamId));
      if (own && !isExpected) this.#publications.get(stream.streamId)?.end({ kind: 'closed', cause });
      this.#playbacks.get(stream.streamId)?.handleRemoved(cause);
    }
    for (const { streamId, muted } of change.ownStreams) {
      if (muted) this.#publications.get(streamId)?.handleMuted(muted);
    }
    for (const stream of change.streamsAdded) this.#playbacks.get(stream.streamId)?.resume();
    for (const { stream, before } of change.streamsUpdated) {
      if (stream.memberId !== before.memberId) this.#playbacks.get(stream.streamId)?.restart();
    }
  }

  /** Ends all media. Where the member was taken out, the tracks it published are stopped too (KICK-5). */
  end(end: SessionEnd): void {
    for (const playback of [...this.#playbacks.values()]) playback.end({ kind: 'session', end });
    for (const publication of [...this.#publications.values()]) {
      publication.end({ kind: 'session', end });
      if (end.kind === 'removed') for (const track of publication.source.getTracks()) track.stop();
    }
    this.#owed = [];
    this.#generation += 1;
  }

  #endAtServer(method: EndMethod, streamId: string): void {
    const before = this.#ending.get(streamId);
    const ended = this.#requestEnd(method, streamId, before).finally(() => {
      if (this.#ending.get(streamId) === ended) this.#ending.delete(streamId);
    });
    this.#ending.set(streamId, ended);
  }

  /** Asks again until the server answers, so that nobody sees a stream for good that was ended here (PRIV-3). */
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
          this.#owed.push({ method, streamId });
          return;
        }
        await new Promise<void>((resolve) => clock.setTimeout(resolve, backoff.next()));
      }
    }
  }

  #requireContext(): MediaContext {
    if (!this.#context) throw new SessionError('client.no-media', 'there is no WebRTC here');
    return this.#context;
  }
}
