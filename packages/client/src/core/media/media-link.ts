/**
 * The part of a member's peer connection that carries one stream.
 *
 * @module
 */

import type { NegotiatedItem, NegotiateParams, StreamMids } from '@gavel/protocol';
import { Backoff, MEDIA_BACKOFF } from '../backoff.ts';
import { Emitter } from '../emitter.ts';
import { SessionError } from '../errors.ts';
import type { Clock } from '../platform.ts';
import type { FrameTap } from './frame-data/frame-channel.ts';
import type { SendingHints } from './sdp.ts';
import type { SectionTools } from './section-tools.ts';

/** State of a media link. */
export type MediaLinkState =
  /** Not started. */
  | 'idle'
  /** Its offer is not answered yet, or the transport is not connected yet. */
  | 'negotiating'
  /** Media flows. */
  | 'connected'
  /** It was refused; the next attempt waits for its backoff delay. */
  | 'waiting'
  /** The next attempt waits until the session is resumed or the stream is listed again. */
  | 'suspended'
  /** Ended. */
  | 'closed';

/** What was agreed about a stream. */
export type MediaAnswer = Extract<NegotiatedItem, { audio: boolean }>;

/** How to handle a failed attempt. */
export type Verdict = 'retry' | 'suspend' | 'fail';

/** The sections of a stream on the peer connection, by kind. */
export type Sections = Map<'audio' | 'video', RTCRtpTransceiver>;

/** Dependencies of a media link. */
export interface MediaLinkTask {
  readonly role: 'publish' | 'play';
  readonly streamId: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** The link ends after attempts have failed for longer than this. */
  readonly retryWindowMs: number;
  /** Gets the encoded video frames; the stream is not offered before it is there. */
  readonly frames?: Promise<FrameTap | undefined> | undefined;
  /** Adds the sections that the stream needs and does not have. Called before every offer. */
  prepare(peer: RTCPeerConnection, sections: Sections, tools: SectionTools, frames: FrameTap | undefined): void;
  /** Adds the stream to the lists of an offer. */
  list(params: NegotiateParams, mids: StreamMids): void;
  judge(error: SessionError): Verdict;
  /** Returns hints for the browser about the sections that send, which are written into the answer. */
  sending?(): SendingHints;
  /** The sections were given up; the next offer has new ones. */
  dropped?(): void;
}

/** The peer connection that carries links. */
export interface LinkHost {
  /** Offers a link, or offers it again. */
  offer(link: MediaLink): void;
  /** Gives up sections of a link, so that they send and receive nothing. */
  retire(sections: Iterable<RTCRtpTransceiver>): void;
  /** Lists a link no longer. */
  remove(link: MediaLink): void;
}

/** The events of a media link. */
export interface MediaLinkEvents {
  stateChanged: [state: MediaLinkState];
  /** An offer was answered: for the first time on this peer connection, or with another result. */
  answered: [answer: MediaAnswer];
  /** The link failed permanently; it is closed. */
  failed: [error: SessionError];
}

/**
 * How long a transport may take to connect, and a link that was never connected, all attempts included. The reason is reported
 * within 10 s (CONN-4).
 */
export const CONNECT_MS = 8_000;
/** The least time for a transport to connect. */
export const MIN_CONNECT_MS = 1_000;

/** One published or played stream on the peer connection: offered until it is agreed, and again after every loss. */
export class MediaLink extends Emitter<MediaLinkEvents> {
  readonly task: MediaLinkTask;
  readonly #host: LinkHost;
  readonly #backoff: Backoff;
  readonly #sections: Sections = new Map();
  #state: MediaLinkState = 'idle';
  #answer: MediaAnswer | undefined;
  #timer: unknown;
  #failingSinceMs: number | undefined;
  #frames: FrameTap | undefined;
  #isReady: boolean;
  #isOffered = false;
  #wasConnected = false;
  /** When the first of the consecutive answers was given whose transports did not connect. */
  #tryingSinceMs: number | undefined;

  constructor(host: LinkHost, task: MediaLinkTask) {
    super();
    this.#host = host;
    this.task = task;
    this.#backoff = new Backoff(MEDIA_BACKOFF, task.random);
    this.#isReady = !task.frames;
    void task.frames?.then((frames) => {
      this.#frames = frames;
      this.#isReady = true;
      this.extend();
    });
  }

  /** The current state. */
  get state(): MediaLinkState {
    return this.#state;
  }

  /** The sections of the stream; empty while there is no peer connection. */
  get sections(): ReadonlyMap<'audio' | 'video', RTCRtpTransceiver> {
    return this.#sections;
  }

  /** Whether the next offer lists the stream. */
  get isWanted(): boolean {
    return this.#isReady && (this.#state === 'negotiating' || this.#state === 'connected');
  }

  /** Whether an offer on the current peer connection was made with its sections. */
  get isOffered(): boolean {
    return this.#isOffered;
  }

  /** Whether the server has agreed to the stream on the current peer connection. */
  get isAnswered(): boolean {
    return this.#answer !== undefined;
  }

  /** Until when the transport should connect, in milliseconds of the clock; undefined if it was connected before. */
  get connectByMs(): number | undefined {
    if (this.#wasConnected) return undefined;
    return this.#tryingSinceMs === undefined ? undefined : this.#tryingSinceMs + CONNECT_MS;
  }

  /** Offers the stream, or offers it again on the same sections. */
  restart(): void {
    if (this.#state === 'closed') return;
    this.task.clock.clearTimeout(this.#timer);
    this.#answer = undefined;
    this.#setState('negotiating');
    if (this.isWanted) this.#host.offer(this);
  }

  /** Offers the stream at once if it waits. */
  resume(): void {
    if (this.#state === 'suspended' || this.#state === 'waiting') this.restart();
  }

  /** Offers the sections that are missing, such as for a track of a further kind; the others go on. */
  extend(): void {
    if (this.isWanted) this.#host.offer(this);
  }

  /** Replaces the section of a kind by a new one. */
  renew(kind: 'audio' | 'video'): void {
    const section = this.#sections.get(kind);
    this.#sections.delete(kind);
    if (section) this.#host.retire([section]);
    this.extend();
  }

  /** Takes the stream out of the offers until `restart` or `resume`; the retry window keeps running. */
  suspend(): void {
    if (this.#state === 'closed') return;
    this.#release();
    this.#tryingSinceMs = undefined;
    this.#failingSinceMs ??= this.task.clock.now();
    this.#timer = this.task.clock.setTimeout(() => this.#failByTimeout(), this.#remainingMs());
    this.#setState('suspended');
  }

  /** Ends the link. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#release();
    this.#setState('closed');
  }

  /** Adds the missing sections to the peer connection. */
  prepare(peer: RTCPeerConnection, tools: SectionTools): void {
    this.#isOffered = true;
    this.task.prepare(peer, this.#sections, tools, this.#frames);
  }

  /** Adds the stream and its sections to the lists of an offer. */
  list(params: NegotiateParams): void {
    const mids: { audio?: string; video?: string } = {};
    for (const [kind, { mid }] of this.#sections) if (mid !== null) mids[kind] = mid;
    this.task.list(params, mids);
  }

  /** Handles what the server has answered about this stream. */
  handleResult(result: NegotiatedItem, isTransportConnected: boolean): void {
    if ('error' in result) {
      this.handleFailure(new SessionError(result.error.code, result.error.message, result.error.details));
      return;
    }
    const before = this.#answer;
    this.#answer = result;
    if (!this.#wasConnected) this.#tryingSinceMs ??= this.task.clock.now();
    if (!before || !isSame(before, result)) this.emit('answered', result);
    if (isTransportConnected) this.handleConnected();
  }

  /** Handles a transport that is connected. */
  handleConnected(): void {
    if (!this.isAnswered || !this.isWanted) return;
    this.#backoff.reset();
    this.#failingSinceMs = undefined;
    this.#wasConnected = true;
    this.#tryingSinceMs = undefined;
    this.#setState('connected');
  }

  /** Handles a refusal of this stream, or of an offer that contained it for the first time. */
  handleFailure(error: SessionError): void {
    const verdict = this.task.judge(error);
    if (verdict === 'suspend') {
      this.suspend();
      return;
    }
    this.#tryingSinceMs = undefined;
    this.#failingSinceMs ??= this.task.clock.now();
    if (verdict === 'fail') {
      this.#fail(error);
      return;
    }
    const delayMs = this.#backoff.next();
    if (delayMs > this.#remainingMs()) {
      this.#failByTimeout();
      return;
    }
    this.#release();
    this.#timer = this.task.clock.setTimeout(() => this.restart(), delayMs);
    this.#setState('waiting');
  }

  /** Handles the end of the peer connection: its sections are gone. */
  handleClosed(): void {
    this.#dropSections();
    if (this.#state === 'connected') this.#setState('negotiating');
  }

  /**
   * Handles a transport that could not be reached, or not any more. A link that was never connected fails when its time is over
   * (MED-6); one that was connected is offered until the retry window ends.
   *
   * @param nextAtMs when the next peer connection is made
   */
  handleLost(error: SessionError, nextAtMs: number): void {
    if (!this.isWanted) return;
    this.#failingSinceMs ??= this.task.clock.now();
    const { connectByMs } = this;
    if (connectByMs !== undefined && nextAtMs > connectByMs - MIN_CONNECT_MS) this.#fail(error);
    else if (nextAtMs > this.#failingSinceMs + this.task.retryWindowMs) this.#failByTimeout();
  }

  #remainingMs(): number {
    const sinceMs = this.#failingSinceMs ?? this.task.clock.now();
    return Math.max(0, sinceMs + this.task.retryWindowMs - this.task.clock.now());
  }

  #failByTimeout(): void {
    this.#fail(new SessionError('client.timeout', `no media for ${this.task.retryWindowMs} ms`));
  }

  #fail(error: SessionError): void {
    this.close();
    this.emit('failed', error);
  }

  #release(): void {
    this.task.clock.clearTimeout(this.#timer);
    this.#host.retire(this.#sections.values());
    this.#dropSections();
    this.#host.remove(this);
  }

  #dropSections(): void {
    this.#isOffered = false;
    this.#answer = undefined;
    this.#sections.clear();
    this.task.dropped?.();
  }

  #setState(state: MediaLinkState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.emit('stateChanged', state);
  }
}

function isSame(one: MediaAnswer, other: MediaAnswer): boolean {
  return one.audio === other.audio && one.video === other.video && `${one.unsupported}` === `${other.unsupported}`;
}
