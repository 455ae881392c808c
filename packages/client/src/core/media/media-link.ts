/**
 * One peer connection to the server that is re-created, with the same id, whenever it fails.
 *
 * @module
 */

import { Backoff, MEDIA_BACKOFF } from '../backoff.ts';
import { Emitter } from '../emitter.ts';
import { SessionError, toSessionError } from '../errors.ts';
import type { Clock } from '../platform.ts';
import type { MediaPlatform } from './media-platform.ts';

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
  | 'held'
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
export type Verdict = 'retry' | 'hold' | 'fail';

/** Dependencies of a media link. */
export interface MediaLinkTask {
  readonly media: MediaPlatform;
  readonly clock: Clock;
  readonly random: () => number;
  readonly iceServers: readonly RTCIceServer[];
  /** The link ends after attempts have failed for longer than this. */
  readonly retryWindowMs: number;
  /** Adds the transceivers of a new peer connection. */
  prepare(peer: RTCPeerConnection): void;
  /** Sends an offer to the server. */
  exchange(offer: string): Promise<MediaAnswer>;
  judge(error: SessionError): Verdict;
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
/** How long a transport may take to connect. */
const CONNECT_MS = 10_000;
/** A link that was never connected fails after this many answered offers whose transport did not connect. */
const MAX_UNCONNECTED_TRIES = 2;

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
  #unconnectedTries = 0;

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
    if (this.#state === 'held' || this.#state === 'waiting') this.restart();
  }

  /** Closes the connection until `restart` or `resume`; the retry window keeps running. */
  hold(): void {
    if (this.#state === 'closed') return;
    this.#dropPeer();
    this.#unconnectedTries = 0;
    this.#failingSinceMs ??= this.#task.clock.now();
    this.#timer = this.#task.clock.setTimeout(() => this.#giveUp(), this.#remainingMs());
    this.#setState('held');
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
    try {
      const peer = this.#task.media.createPeerConnection({
        iceServers: [...this.#task.iceServers],
        bundlePolicy: 'max-bundle',
      });
      this.#peer = peer;
      this.#task.prepare(peer);
      peer.onconnectionstatechange = () => {
        if (!isLate()) this.#handleConnectionState(peer.connectionState);
      };
      await peer.setLocalDescription();
      if (isLate()) return;
      const answer = await this.#task.exchange(peer.localDescription?.sdp ?? '');
      if (isLate()) return;
      await peer.setRemoteDescription({ type: 'answer', sdp: answer.answer });
      if (isLate()) return;
      if (peer.connectionState !== 'connected') this.#expect(CONNECT_MS, 'the media transport did not connect');
      this.emit('answered', answer);
    } catch (error) {
      if (!isLate()) this.#handleFailure(toSessionError(error));
    }
  }

  #handleConnectionState(state: RTCPeerConnectionState): void {
    if (state === 'connected') {
      this.#task.clock.clearTimeout(this.#timer);
      this.#backoff.reset();
      this.#failingSinceMs = undefined;
      this.#wasConnected = true;
      this.#setState('connected');
    } else if (state === 'disconnected') {
      this.#expect(DISCONNECTED_MS, 'the media transport was disconnected');
    } else if (state === 'failed') {
      this.#handleNoTransport('the media transport failed');
    }
  }

  #expect(withinMs: number, otherwise: string): void {
    this.#task.clock.clearTimeout(this.#timer);
    this.#timer = this.#task.clock.setTimeout(() => {
      this.#handleNoTransport(otherwise);
    }, withinMs);
  }

  /** The server answers, but its media port cannot be reached: fails after a few attempts instead of a long silence (MED-6). */
  #handleNoTransport(message: string): void {
    this.#unconnectedTries += 1;
    if (this.#wasConnected || this.#unconnectedTries < MAX_UNCONNECTED_TRIES) {
      this.#handleFailure(new SessionError('media.unavailable', message));
      return;
    }
    this.#dropPeer();
    this.#fail(new SessionError('client.timeout', 'the media port of the server cannot be reached'));
  }

  #handleFailure(error: SessionError): void {
    const verdict = this.#task.judge(error);
    if (verdict === 'hold') {
      this.hold();
      return;
    }
    this.#dropPeer();
    this.#failingSinceMs ??= this.#task.clock.now();
    if (verdict === 'fail') {
      this.#fail(error);
      return;
    }
    const delayMs = this.#backoff.next();
    if (delayMs > this.#remainingMs()) {
      this.#giveUp();
      return;
    }
    this.#timer = this.#task.clock.setTimeout(() => this.restart(), delayMs);
    this.#setState('waiting');
  }

  #remainingMs(): number {
    const sinceMs = this.#failingSinceMs ?? this.#task.clock.now();
    return Math.max(0, sinceMs + this.#task.retryWindowMs - this.#task.clock.now());
  }

  #giveUp(): void {
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
    if (!peer) return;
    peer.onconnectionstatechange = null;
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
