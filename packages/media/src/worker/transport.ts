/**
 * One peer connection of the native binding.
 *
 * A throw in one of the binding's JavaScript callbacks aborts the process, so every callback is wrapped.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalDescriptionInit, PeerConnection, type Track, Video } from 'node-datachannel';
import type { WorkerConfig } from '../ipc.ts';
import type { LocalTransport } from '../sdp/answer.ts';
import { bindingMid, bindingPayloadType, writeBindingOffer } from '../sdp/binding-offer.ts';
import { readLocalTransport } from '../sdp/local-transport.ts';
import type { OfferTransport } from '../sdp/offer.ts';
import type { ClosedRecord } from './closed-ring.ts';
import type { MediaPorts } from './media-ports.ts';
import type { WorkerContext } from './worker-context.ts';

/** What a transport tells its owner. */
export interface TransportHandlers {
  /** RTP and RTCP may be sent from now on. */
  handleOpen(): void;
  /** One RTP or RTCP packet, decrypted; the memory is the receiver's. */
  handlePacket(packet: Buffer): void;
  /** The transport is gone, and not by `close`. Told once. */
  handleLost(): void;
  /** Something threw; the packet or event that it handled is lost. */
  handleError(error: unknown): void;
}

/** How long a transport may take to come up, in milliseconds. */
export const connectTimeoutMs = 20_000;

/** How long a transport may stay `disconnected` before it counts as lost, in milliseconds. */
export const disconnectTimeoutMs = 5_000;

const gatheringTimeoutMs = 1_500;
/** How often the binding is asked where an event of it would do, in milliseconds. */
const pollIntervalMs = 2;
const releaseDelayMs = 5_000;

/** Of the ICE user fragment and password; each three bytes are four of the characters that ICE allows. */
const ufragBytes = 12;
const passwordBytes = 24;

/** Closed connections, held until the binding's threads have surely let go of them. */
const released = new Set<object>();

/**
 * A peer connection in one direction, with one track that carries every kind.
 *
 * It listens to as few of the binding's events as it can: the event loop looks at the handle of each of them, of all peer
 * connections, whenever one has something to tell, which is with every packet that arrives.
 */
export class Transport {
  readonly #connection: PeerConnection;
  readonly #track: Track;
  readonly #handlers: TransportHandlers;
  readonly #config: WorkerConfig;
  readonly #ports: MediaPorts;
  readonly #port: number;
  #state: 'connecting' | 'open' | 'closed' = 'connecting';
  #record: ClosedRecord | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param direction from the browser's point of view
   * @throws MediaError `unavailable` when there is no UDP port for it
   * @throws Error when the binding refuses
   */
  constructor(
    direction: 'sendonly' | 'recvonly',
    offer: OfferTransport,
    { config, ports }: Pick<WorkerContext, 'config' | 'ports'>,
    handlers: TransportHandlers,
  ) {
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
      this.#connection.onStateChange(this.#wrap((state: string) => this.#handleState(state)));
      const video = new Video(bindingMid, direction === 'sendonly' ? 'RecvOnly' : 'SendOnly');
      video.addVP8Codec(bindingPayloadType);
      this.#track = this.#connection.addTrack(video);
      // Without it the binding never forgets the track.
      this.#track.onClosed(() => undefined);
      this.#track.onMessage(
        this.#wrap((packet: Buffer) => {
          if (this.#record !== undefined) this.#record.arrivedAfterClose += 1;
          if (this.#state !== 'closed') this.#handlers.handlePacket(packet);
        }),
      );
      this.#connection.setRemoteDescription(writeBindingOffer(offer, direction, config.iceServers.length > 0), 'offer');
      this.#connection.setLocalDescription('answer', createIceCredentials());
    } catch (error) {
      this.#state = 'closed';
      this.#connection.close();
      ports.release(this.#port);
      throw error;
    }
    this.#timer = setTimeout(() => this.#lose(), connectTimeoutMs);
  }

  /** Resolves with our side's ICE and DTLS, all candidates gathered. */
  async describe(): Promise<LocalTransport> {
    // A STUN server that does not answer must not hold the answer up: host candidates are there from the start.
    const deadlineMs = performance.now() + gatheringTimeoutMs;
    while (this.#isGathering && performance.now() < deadlineMs) await sleep(pollIntervalMs);
    const description = this.#state === 'closed' ? null : this.#connection.localDescription();
    if (description === null) throw new Error('The peer connection was closed while it gathered');
    return readLocalTransport(description.sdp, this.#config);
  }

  /** Whether packets can be sent. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Encrypts and sends one packet before it returns; `false` when it was not sent. */
  send(packet: Buffer): boolean {
    if (this.#state !== 'open') {
      // Callers forget a closed peer, so this counts a fault of theirs; it must be 0 (KICK-4).
      if (this.#record !== undefined) this.#record.packetsAfterClose += 1;
      return false;
    }
    try {
      return this.#track.sendMessageBinary(packet);
    } catch {
      return false;
    }
  }

  /**
   * Closes the connection: no packet is taken in or sent once this returns (KICK-4).
   *
   * @param record goes on counting what comes nevertheless
   */
  close(record?: ClosedRecord): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#record = record;
    clearTimeout(this.#timer);
    this.#track.close();
    this.#connection.close();
    this.#ports.release(this.#port);
    released.add(this);
    setTimeout(() => released.delete(this), releaseDelayMs).unref();
  }

  get #isGathering(): boolean {
    return this.#state !== 'closed' && this.#connection.gatheringState() !== 'complete';
  }

  /** A moment lies between the connection and its track, and packets sent in it are lost. */
  #awaitTrack(): void {
    if (this.#state !== 'connecting') return;
    if (!this.#track.isOpen()) {
      setTimeout(
        this.#wrap(() => this.#awaitTrack()),
        pollIntervalMs,
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
      this.#timer = setTimeout(() => this.#lose(), disconnectTimeoutMs);
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

  #wrap<A extends unknown[]>(callback: (...args: A) => void): (...args: A) => void {
    return (...args) => {
      try {
        callback(...args);
      } catch (error) {
        this.#handlers.handleError(error);
      }
    };
  }
}

/**
 * Names a transport. All share one port, and the binding tells a new client's transport by this name alone: of the four
 * characters that it would choose itself, two are the same once in 16.7 million pairs, and the later of such two never
 * comes up.
 */
function createIceCredentials(): LocalDescriptionInit {
  return {
    iceUfrag: randomBytes(ufragBytes).toString('base64'),
    icePwd: randomBytes(passwordBytes).toString('base64'),
  };
}
