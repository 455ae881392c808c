/**
 * One peer connection to the server, and what happens to its transport.
 *
 * @module
 */

import type { SessionError } from '../errors.ts';
import type { Clock } from '../platform.ts';
import type { MediaPlatform } from './media-platform.ts';
import { PathCheck } from './path-check.ts';
import { readFingerprint } from './sdp.ts';
import { SoundDelay } from './sound-delay.ts';

/** Dependencies of a peer transport. */
export interface PeerTransportTask {
  readonly media: MediaPlatform;
  readonly clock: Clock;
  readonly configuration: RTCConfiguration;
  connected(): void;
  /** The browser has detected that packets do not get through; they may again in a moment. */
  disconnected(): void;
  /** ICE should be restarted on this peer connection (CONN-3). */
  interrupted(): void;
  /** The peer connection is of no use any longer; the error says why. */
  lost(error: SessionError): void;
}

/** How long a transport may be `disconnected` before ICE is restarted; short losses recover by themselves. */
const DISCONNECTED_MS = 1_000;
/** How long an ICE restart may take after its answer. */
const RESTART_MS = 5_000;

/** A peer connection with one section that no stream uses, so that its transport connects before the first stream. */
export class PeerTransport {
  readonly peer: RTCPeerConnection;
  readonly #task: PeerTransportTask;
  readonly #path: PathCheck;
  readonly #soundDelay: SoundDelay;
  #timer: unknown;
  #isAnswered = false;
  /** Of the server's certificate, as the first answer has it. */
  #fingerprint: string | undefined;
  #wasConnected = false;
  #isRestarting = false;

  constructor(task: PeerTransportTask) {
    this.#task = task;
    const peer = task.media.createPeerConnection(task.configuration);
    this.peer = peer;
    this.#path = new PathCheck(peer, task.configuration, () => {
      if (this.#isAnswered) this.#lose();
    });
    this.#soundDelay = new SoundDelay(peer, task.clock);
    peer.onconnectionstatechange = () => this.#handleState(peer.connectionState);
    // The first section carries the transport of all (BUNDLE), so it must never be stopped.
    peer.addTransceiver('audio', { direction: 'recvonly' });
  }

  /** Whether media can flow. A short interruption does not count. */
  get isConnected(): boolean {
    return this.#wasConnected;
  }

  /** Applies the server's answer. After the first one, the transport must connect within `withinMs`, in milliseconds. */
  async handleAnswer(sdp: string, withinMs: number): Promise<void> {
    const fingerprint = readFingerprint(sdp);
    if (this.#fingerprint !== undefined && fingerprint !== this.#fingerprint) {
      // The server has no such peer any longer: its transport cannot continue this one.
      this.#lose();
      return;
    }
    this.#fingerprint = fingerprint;
    this.#path.handleAnswer(sdp);
    await this.peer.setRemoteDescription({ type: 'answer', sdp });
    if (this.peer.connectionState === 'closed') return;
    const isFirst = !this.#isAnswered;
    this.#isAnswered = true;
    if (this.#isRestarting) this.#expect(RESTART_MS);
    if (isFirst && this.peer.connectionState !== 'connected') this.#expect(withinMs);
    if (isFirst && this.#path.isHopeless) this.#lose();
  }

  /** Returns why packets do not get through, as far as it is known now. */
  explain(): SessionError {
    return this.#path.explain();
  }

  /** Restarts ICE with the next offer, with the ICE servers of a configuration. */
  restartIce(configuration: RTCConfiguration): void {
    this.peer.setConfiguration(configuration);
    this.peer.restartIce();
    this.#isRestarting = true;
  }

  /** Closes the peer connection; nothing is reported any longer. */
  close(): void {
    const { peer } = this;
    this.#soundDelay.close();
    this.#task.clock.clearTimeout(this.#timer);
    peer.onconnectionstatechange = null;
    peer.onicecandidate = null;
    peer.onicecandidateerror = null;
    peer.onicegatheringstatechange = null;
    peer.close();
  }

  #handleState(state: RTCPeerConnectionState): void {
    const { clock } = this.#task;
    if (state === 'connected') {
      clock.clearTimeout(this.#timer);
      this.#wasConnected = true;
      this.#isRestarting = false;
      this.#task.connected();
    } else if (state === 'disconnected') {
      this.#task.disconnected();
      if (this.#isRestarting) return;
      clock.clearTimeout(this.#timer);
      this.#timer = clock.setTimeout(() => this.#task.interrupted(), DISCONNECTED_MS);
    } else if (state === 'failed') {
      if (this.#wasConnected) this.#task.disconnected();
      this.#lose();
    }
  }

  #expect(withinMs: number): void {
    const { clock } = this.#task;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => {
      this.#isRestarting = false;
      if (this.peer.connectionState !== 'connected') this.#lose();
    }, withinMs);
  }

  #lose(): void {
    this.#task.lost(this.explain());
  }
}
