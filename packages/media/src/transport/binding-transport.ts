/**
 * The transport of the native binding (libdatachannel).
 *
 * A throw in one of the binding's JavaScript callbacks aborts the process, so every callback is wrapped.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { PeerConnection, type Track, Video } from 'node-datachannel';
import type { TransportDump } from '../engine.ts';
import { createIceCredentials, type IceCredentials } from '../ice/credentials.ts';
import type { WorkerConfig } from '../ipc.ts';
import type { LocalTransport } from '../sdp/answer.ts';
import { BINDING_MID, BINDING_PAYLOAD_TYPE, writeBindingOffer } from '../sdp/binding-offer.ts';
import { readLocalTransport } from '../sdp/local-transport.ts';
import type { OfferTransport } from '../sdp/offer.ts';
import type { MediaPorts } from '../worker/media-ports.ts';
import {
  CONNECT_TIMEOUT_MS,
  guard,
  type Transport,
  type TransportFactory,
  type TransportHandlers,
} from './transport.ts';

/** How long a transport may stay `disconnected` before it counts as lost, in milliseconds. */
export const DISCONNECT_TIMEOUT_MS = 5_000;

const GATHERING_TIMEOUT_MS = 1_500;
/** Interval, in milliseconds, at which the binding is polled instead of listening to one of its events. */
const POLL_INTERVAL_MS = 2;
const RELEASE_DELAY_MS = 5_000;

/** Closed connections, referenced until the binding's threads no longer use them. */
const released = new Set<object>();

/** Creates transports of the native binding. */
export class BindingTransportFactory implements TransportFactory {
  readonly kind = 'libdatachannel';
  readonly #config: WorkerConfig;
  readonly #ports: MediaPorts;

  constructor(config: WorkerConfig, ports: MediaPorts) {
    this.#config = config;
    this.#ports = ports;
  }

  create(offer: OfferTransport, handlers: TransportHandlers): Transport {
    return new BindingTransport(offer, this.#config, this.#ports, handlers);
  }

  dump(): TransportDump {
    return { kind: this.kind };
  }
}

/**
 * A peer connection with one track, which carries all streams and every kind in both directions.
 *
 * It listens to as few of the binding's events as possible: for every packet that arrives, the event loop checks the
 * handles of all events of all peer connections.
 */
class BindingTransport implements Transport {
  readonly #connection: PeerConnection;
  readonly #track: Track;
  readonly #handlers: TransportHandlers;
  readonly #config: WorkerConfig;
  readonly #ports: MediaPorts;
  readonly #port: number;
  #state: 'connecting' | 'open' | 'closed' = 'connecting';
  #timer: NodeJS.Timeout | undefined;

  /**
   * @throws MediaError `unavailable` if there is no free UDP port
   * @throws Error if the binding rejects the offer
   */
  constructor(offer: OfferTransport, config: WorkerConfig, ports: MediaPorts, handlers: TransportHandlers) {
    this.#handlers = handlers;
    this.#config = config;
    this.#ports = ports;
    this.#port = ports.acquire();
    this.#connection = new PeerConnection('gavel', {
      iceServers: [...config.iceServers],
      enableIceUdpMux: config.isMultiplexed,
      portRangeBegin: this.#port,
      portRangeEnd: this.#port,
      disableAutoNegotiation: true,
      ...(config.listenAddress === undefined ? {} : { bindAddress: config.listenAddress }),
    });
    try {
      this.#connection.onStateChange(guard(handlers, (state: string) => this.#handleState(state)));
      const video = new Video(BINDING_MID, 'SendRecv');
      video.addVP8Codec(BINDING_PAYLOAD_TYPE);
      this.#track = this.#connection.addTrack(video);
      // Without this handler, the binding never releases the track.
      this.#track.onClosed(() => undefined);
      this.#track.onMessage(
        guard(handlers, (packet: Buffer) => {
          if (this.#state !== 'closed') this.#handlers.handlePacket(packet);
        }),
      );
      this.#connection.setRemoteDescription(writeBindingOffer(offer, config.iceServers.length > 0), 'offer');
      this.#connection.setLocalDescription('answer', createIceCredentials());
    } catch (error) {
      this.#state = 'closed';
      this.#connection.close();
      ports.release(this.#port);
      throw error;
    }
    this.#timer = setTimeout(() => this.#lose(), CONNECT_TIMEOUT_MS);
  }

  /** Resolves with the server's ICE and DTLS parameters when all candidates are gathered. */
  async describe(): Promise<LocalTransport> {
    // A STUN server that does not answer must not delay the answer: host candidates are available from the start.
    const deadlineMs = performance.now() + GATHERING_TIMEOUT_MS;
    while (this.#isGathering && performance.now() < deadlineMs) await sleep(POLL_INTERVAL_MS);
    const description = this.#state === 'closed' ? null : this.#connection.localDescription();
    if (description === null) throw new Error('The peer connection was closed while it gathered candidates');
    return readLocalTransport(description.sdp, this.#config);
  }

  /** Whether packets can be sent. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Encrypts and sends one packet synchronously; returns `false` if it was not sent. */
  send(packet: Buffer): boolean {
    if (this.#state !== 'open') return false;
    try {
      return this.#track.sendMessageBinary(packet);
    } catch {
      return false;
    }
  }

  /** The binding's ICE agent (libjuice) refuses other credentials than its first. */
  restartIce(): IceCredentials | undefined {
    return undefined;
  }

  /** Closes the connection: after this returns, no packet is received or sent (KICK-4). */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    clearTimeout(this.#timer);
    this.#track.close();
    this.#connection.close();
    this.#ports.release(this.#port);
    released.add(this);
    setTimeout(() => released.delete(this), RELEASE_DELAY_MS).unref();
  }

  get #isGathering(): boolean {
    return this.#state !== 'closed' && this.#connection.gatheringState() !== 'complete';
  }

  /** Waits for the track, which opens shortly after the connection: packets sent before that are lost. */
  #awaitTrack(): void {
    if (this.#state !== 'connecting') return;
    if (!this.#track.isOpen()) {
      setTimeout(
        guard(this.#handlers, () => this.#awaitTrack()),
        POLL_INTERVAL_MS,
      );
      return;
    }
    this.#state = 'open';
    clearTimeout(this.#timer);
    this.#handlers.handleOpen();
  }

  #handleState(state: string): void {
    if (this.#state === 'closed') return;
    if (state === 'failed' || state === 'closed') {
      this.#lose();
    } else if (state === 'disconnected') {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#lose(), DISCONNECT_TIMEOUT_MS);
    } else if (state === 'connected' && this.#state === 'open') {
      clearTimeout(this.#timer);
    } else if (state === 'connected') {
      this.#awaitTrack();
    }
  }

  #lose(): void {
    if (this.#state === 'closed') return;
    this.close();
    this.#handlers.handleLost();
  }
}
