/**
 * One peer connection to the server that is made again whenever it fails, under the same name.
 *
 * @module
 */

import { Backoff, MEDIA_BACKOFF } from '../backoff.ts';
import { Emitter } from '../emitter.ts';
import { SessionError, toSessionError } from '../errors.ts';
import type { Clock } from '../platform.ts';
import type { MediaPlatform } from './media-platform.ts';

/** Where a media link stands. */
export type MediaLinkState =
  /** Not begun. */
  | 'idle'
  /** An offer is made, sent, or answered, and the transport not up yet. */
  | 'negotiating'
  /** Media flows. */
  | 'connected'
  /** The next try waits for its time. */
  | 'waiting'
  /** The next try waits for the session to come back, or for the stream to be listed again. */
  | 'held'
  /** Over. */
  | 'closed';

/** The server's answer to an offer. */
export interface MediaAnswer {
  readonly answer: string;
  readonly audio: boolean;
  readonly video: boolean;
  /** Kinds that were asked for and are refused, because there is no codec in common (MED-8). */
  readonly unsupported?: readonly ('audio' | 'video')[];
}

/** What is to be done about a failed try. */
export type Verdict = 'retry' | 'hold' | 'fail';

/** What a media link works with. */
export interface MediaLinkTask {
  readonly media: MediaPlatform;
  readonly clock: Clock;
  readonly random: () => number;
  readonly iceServers: readonly RTCIceServer[];
  /** Tries without success for longer than this end the link. */
  readonly retryWindowMs: number;
  /** Adds the transceivers of a new peer connection. */
  prepare(peer: RTCPeerConnection): void;
  /** Sends an offer to the server. */
  exchange(offer: string): Promise<MediaAnswer>;
  judge(error: SessionError): Verdict;
  /** The peer connection that was prepared last is closed. */
  dropped?(): void;
}

/** The events of a media link. */
export interface MediaLinkEvents {
  stateChanged: [state: MediaLinkState];
  /** An offer was answered and the answer applied. */
  answered: [answer: MediaAnswer];
  /** The link gave up by itself; it is closed. */
  failed: [error: SessionError];
}

/** How long a connection may be `disconnected` before it is made again: short losses mend by themselves. */
const DISCONNECTED_MS = 3_000;
/** How long a transport may take to come up. */
const CONNECT_MS = 10_000;
/** A link that was never up fails after as many answered offers whose transport did not come up. */
const MAX_UNCONNECTED_TRIES = 2;

/** One peer connection that is made again whenever it fails. Offers are sent without waiting for candidates. */
export class MediaLink extends Emitter<MediaLinkEvents> {
  readonly #task: MediaLinkTask;
  readonly #backoff: Backoff;
  #state: MediaLinkState = 'idle';
  #peer: RTCPeerConnection | undefined;
  /** Rises with every try, so that what belongs to an earlier one is seen to be late. */
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

  /** Where it stands. */
  get state(): MediaLinkState {
    return this.#state;
  }

  /** The current peer connection, where there is one. */
  get peer(): RTCPeerConnection | undefined {
    return this.#peer;
  }

  /** Makes the connection, or makes it again at once. */
  restart(): void {
    if (this.#state === 'closed') return;
    this.#dropPeer();
    void this.#negotiate(this.#generation);
  }

  /** Makes the connection again at once if it is not up or coming up. */
  resume(): void {
    if (this.#state === 'held' || this.#state === 'waiting') this.restart();
  }

  /** Gives up the connection until `restart` or `resume`; the retry window runs. */
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
      if (peer.connectionState !== 'connected') this.#expect(CONNECT_MS, 'the transport did not come up');
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
      this.#expect(DISCONNECTED_MS, 'the transport was lost');
    } else if (state === 'failed') {
      this.#handleNoTransport('the transport failed');
    }
  }

  #expect(withinMs: number, otherwise: string): void {
    this.#task.clock.clearTimeout(this.#timer);
    this.#timer = this.#task.clock.setTimeout(() => {
      this.#handleNoTransport(otherwise);
    }, withinMs);
  }

  /** The server answers, but its media port cannot be reached: to go on for long would only be silence (MED-6). */
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
