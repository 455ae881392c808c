/**
 * One peer connection to the server that is re-created, with the same id, whenever it fails.
 *
 * @module
 */

import { Backoff, MEDIA_BACKOFF } from '../backoff.ts';
import { Emitter } from '../emitter.ts';
import { SessionError, toSessionError } from '../errors.ts';
import type { Clock } from '../platform.ts';
import type { FrameTap } from './frame-data/frame-channel.ts';
import type { MediaPlatform } from './media-platform.ts';
import { PathCheck } from './path-check.ts';

/** State of a media link. */
export type MediaLinkState =
  /** Not started. */
  | 'idle'
  /** An offer is being created, sent or answered; the transport is not connected yet. */
  | 'negotiating'
  /** Media flows. */
  | 'connected'
  /** The next attempt waits for its backoff delay. */
  | 'waiting'
  /** The next attempt waits until the session is resumed or the stream is listed again. */
  | 'suspended'
  /** Ended. */
  | 'closed';

/** The server's answer to an offer. */
export interface MediaAnswer {
  readonly answer: string;
  readonly audio: boolean;
  readonly video: boolean;
  /** Requested kinds that are rejected because there is no common codec (MED-8). */
  readonly unsupported?: readonly ('audio' | 'video')[];
}

/** How to handle a failed attempt. */
export type Verdict = 'retry' | 'suspend' | 'fail';

/** Dependencies of a media link. */
export interface MediaLinkTask {
  readonly media: MediaPlatform;
  readonly clock: Clock;
  readonly random: () => number;
  /** Read for every new peer connection. */
  readonly ice: { readonly configuration: RTCConfiguration };
  /** Gets the encoded video frames; peer connections wait for it. */
  readonly frames?: Promise<FrameTap | undefined>;
  /** The link ends after attempts have failed for longer than this. */
  readonly retryWindowMs: number;
  /** Adds the transceivers of a new peer connection. */
  prepare(peer: RTCPeerConnection, frames: FrameTap | undefined): void;
  /** Sends an offer to the server. */
  exchange(offer: string): Promise<MediaAnswer>;
  judge(error: SessionError): Verdict;
  /** An attempt did not reach the media port; undefined: a transport is connected (CONN-4). */
  reportPath(problem: SessionError | undefined): void;
  /** The latest prepared peer connection was closed. */
  dropped?(): void;
}

/** The events of a media link. */
export interface MediaLinkEvents {
  stateChanged: [state: MediaLinkState];
  /** An offer was answered and the answer applied. */
  answered: [answer: MediaAnswer];
  /** The link failed permanently; it is closed. */
  failed: [error: SessionError];
}

/** How long a connection may be `disconnected` before it is re-created; short losses recover by themselves. */
const DISCONNECTED_MS = 3_000;
/**
 * How long a transport may take to connect, and a link that was never connected, all attempts included. The reason is reported
 * within 10 s (CONN-4).
 */
const CONNECT_MS = 8_000;
/** The least time for a transport to connect. */
const MIN_CONNECT_MS = 1_000;

/** One peer connection that is re-created whenever it fails. Offers are sent without waiting for candidates. */
export class MediaLink extends Emitter<MediaLinkEvents> {
  readonly #task: MediaLinkTask;
  readonly #backoff: Backoff;
  #state: MediaLinkState = 'idle';
  #peer: RTCPeerConnection | undefined;
  /** Increases with every attempt, so that results of an earlier attempt are recognized as outdated. */
  #generation = 0;
  #timer: unknown;
  #failingSinceMs: number | undefined;
  #wasConnected = false;
  /** When the first of the consecutive answered offers whose transports did not connect was answered. */
  #tryingSinceMs: number | undefined;
  #path: PathCheck | undefined;

  constructor(task: MediaLinkTask) {
    super();
    this.#task = task;
    this.#backoff = new Backoff(MEDIA_BACKOFF, task.random);
  }

  /** The current state. */
  get state(): MediaLinkState {
    return this.#state;
  }

  /** The current peer connection, if there is one. */
  get peer(): RTCPeerConnection | undefined {
    return this.#peer;
  }

  /** Creates the connection, or re-creates it at once. */
  restart(): void {
    if (this.#state === 'closed') return;
    this.#dropPeer();
    void this.#negotiate(this.#generation);
  }

  /** Re-creates the connection at once if it is neither connected nor connecting. */
  resume(): void {
    if (this.#state === 'suspended' || this.#state === 'waiting') this.restart();
  }

  /** Closes the connection until `restart` or `resume`; the retry window keeps running. */
  suspend(): void {
    if (this.#state === 'closed') return;
    this.#dropPeer();
    this.#tryingSinceMs = undefined;
    this.#failingSinceMs ??= this.#task.clock.now();
    this.#timer = this.#task.clock.setTimeout(() => this.#failByTimeout(), this.#remainingMs());
    this.#setState('suspended');
  }

  /** Ends the link. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#dropPeer();
    this.#setState('closed');
  }

  async #negotiate(generation: number): Promise<void> {
    const isLate = () => generation !== this.#generation;
    this.#setState('negotiating');
    if (isLate()) return;
    const { clock, media, ice } = this.#task;
    try {
      const frames = this.#task.frames && (await this.#task.frames);
      if (isLate()) return;
      const configuration = { ...ice.configuration, ...frames?.configuration };
      const peer = media.createPeerConnection(configuration);
      this.#peer = peer;
      let isAnswered = false;
      const path = new PathCheck(peer, configuration, () => {
        if (isAnswered && !isLate()) this.#handleNoTransport();
      });
      this.#path = path;
      this.#task.prepare(peer, frames);
      peer.onconnectionstatechange = () => {
        if (!isLate()) this.#handleConnectionState(peer.connectionState);
      };
      await peer.setLocalDescription();
      if (isLate()) return;
      const answer = await this.#task.exchange(peer.localDescription?.sdp ?? '');
      if (isLate()) return;
      path.handleAnswer(answer.answer);
      await peer.setRemoteDescription({ type: 'answer', sdp: answer.answer });
      if (isLate()) return;
      isAnswered = true;
      if (peer.connectionState !== 'connected') this.#expectConnection(clock.now());
      this.emit('answered', answer);
      if (path.isHopeless && !isLate()) this.#handleNoTransport();
    } catch (error) {
      if (isLate()) return;
      this.#tryingSinceMs = undefined;
      this.#handleFailure(toSessionError(error));
    }
  }

  #expectConnection(nowMs: number): void {
    this.#tryingSinceMs ??= nowMs;
    const sinceMs = this.#wasConnected ? nowMs : this.#tryingSinceMs;
    this.#expect(Math.max(MIN_CONNECT_MS, sinceMs + CONNECT_MS - nowMs));
  }

  #handleConnectionState(state: RTCPeerConnectionState): void {
    if (state === 'connected') {
      this.#task.clock.clearTimeout(this.#timer);
      this.#backoff.reset();
      this.#failingSinceMs = undefined;
      this.#wasConnected = true;
      this.#tryingSinceMs = undefined;
      this.#task.reportPath(undefined);
      this.#setState('connected');
    } else if (state === 'disconnected') {
      this.#expect(DISCONNECTED_MS);
    } else if (state === 'failed') {
      this.#handleNoTransport();
    }
  }

  #expect(withinMs: number): void {
    this.#task.clock.clearTimeout(this.#timer);
    this.#timer = this.#task.clock.setTimeout(() => this.#handleNoTransport(), withinMs);
  }

  /**
   * The media port was not reached, or not any more. A link that was never connected fails when its time is over (MED-6); one
   * that was connected is re-created until the retry window ends.
   */
  #handleNoTransport(): void {
    const wasOpen = this.#state === 'connected';
    const error = this.#path?.explain() ?? new SessionError('media.unavailable', 'the media transport failed');
    // A lost transport may have a path: the next attempt shows it.
    if (!wasOpen) this.#task.reportPath(error);
    const sinceMs = this.#tryingSinceMs ?? this.#task.clock.now();
    this.#handleFailure(error, this.#wasConnected ? undefined : sinceMs + CONNECT_MS - MIN_CONNECT_MS);
  }

  /** @param untilMs the link fails if the next attempt would begin later */
  #handleFailure(error: SessionError, untilMs = Number.POSITIVE_INFINITY): void {
    const verdict = this.#task.judge(error);
    if (verdict === 'suspend') {
      this.suspend();
      return;
    }
    this.#dropPeer();
    this.#failingSinceMs ??= this.#task.clock.now();
    if (verdict === 'fail') {
      this.#fail(error);
      return;
    }
    const delayMs = this.#backoff.next();
    if (this.#task.clock.now() + delayMs > untilMs) {
      this.#fail(error);
      return;
    }
    if (delayMs > this.#remainingMs()) {
      this.#failByTimeout();
      return;
    }
    this.#timer = this.#task.clock.setTimeout(() => this.restart(), delayMs);
    this.#setState('waiting');
  }

  #remainingMs(): number {
    const sinceMs = this.#failingSinceMs ?? this.#task.clock.now();
    return Math.max(0, sinceMs + this.#task.retryWindowMs - this.#task.clock.now());
  }

  #failByTimeout(): void {
    this.#fail(new SessionError('client.timeout', `no media for ${this.#task.retryWindowMs} ms`));
  }

  #fail(error: SessionError): void {
    this.close();
    this.emit('failed', error);
  }

  #dropPeer(): void {
    this.#generation += 1;
    this.#task.clock.clearTimeout(this.#timer);
    const peer = this.#peer;
    this.#peer = undefined;
    this.#path = undefined;
    if (!peer) return;
    peer.onconnectionstatechange = null;
    peer.onicecandidate = null;
    peer.onicecandidateerror = null;
    peer.onicegatheringstatechange = null;
    peer.ontrack = null;
    peer.close();
    this.#task.dropped?.();
  }

  #setState(state: MediaLinkState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.emit('stateChanged', state);
  }
}
