/**
 * The ports of a worker, and the peers behind them.
 *
 * A datagram is assigned to its peer by its address, in one lookup. An address, or a TCP connection, becomes a peer's by an authentic STUN
 * request only, so that DTLS and media from anywhere else are dropped unread.
 *
 * @module
 */

import { DtlsContext } from '../dtls/dtls-context.ts';
import type { TransportDump } from '../engine.ts';
import type { NativeBuffer } from '../ffi/memory.ts';
import type { IceCredentials } from '../ice/credentials.ts';
import {
  type BindingRequest,
  hasFragment,
  parseBindingRequest,
  readFragment,
  writeBindingResponse,
} from '../ice/stun.ts';
import type { WorkerConfig } from '../ipc.ts';
import { HostAddresses, writeHostCandidates } from '../sdp/host-candidates.ts';
import type { OfferTransport } from '../sdp/offer.ts';
import type { TcpConnection } from '../tcp/tcp-connection.ts';
import { TcpListener } from '../tcp/tcp-listener.ts';
import { type AddressKey, readAddressKey, SocketAddress } from '../udp/socket-address.ts';
import { UdpPath } from '../udp/udp-path.ts';
import { UdpSocket } from '../udp/udp-socket.ts';
import { OpenSslTransport } from './openssl-transport.ts';
import type { PeerPath } from './peer-path.ts';
import type { Transport, TransportFactory, TransportHandlers } from './transport.ts';

/** As often as a DTLS session in its handshake must be called. */
const HANDSHAKE_TICK_MS = 1;
const TIMEOUT_CHECK_MS = 1_000;

/** Credentials that are valid, and whose they are. */
interface Account {
  readonly credentials: IceCredentials;
  readonly transport: OpenSslTransport;
}

/** An authentic connectivity check. */
interface Check extends Account {
  readonly request: BindingRequest;
}

/** Counters of an endpoint since its start. */
export interface EndpointCounters {
  /** Datagrams from addresses of no peer, and of no known kind. */
  unknown: number;
  /** STUN requests that name no peer, are not authentic, or come from an address that another peer uses. */
  forged: number;
  /** Media packets that are not authentic, or repetitions. */
  refused: number;
  /** Media packets that were not encrypted: malformed, too old, or of a sequence number that another packet had. */
  unsent: number;
}

/** Creates transports that share one UDP port, and one TCP port where one is opened. It lives as long as its worker. */
export class OpenSslEndpoint implements TransportFactory {
  readonly kind = 'openssl';
  readonly socket: UdpSocket;
  readonly context: DtlsContext;
  readonly counters: EndpointCounters = { unknown: 0, forged: 0, refused: 0, unsent: 0 };
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly #listenAddress: string | undefined;
  readonly #addresses: HostAddresses;
  readonly #reportError: (where: string, error: unknown) => void;
  readonly #transports = new Set<OpenSslTransport>();
  readonly #byFragment = new Map<string, Account>();
  readonly #byAddress = new Map<AddressKey, OpenSslTransport>();
  readonly #handshakes = new Set<OpenSslTransport>();
  readonly #timeoutTimer: NodeJS.Timeout;
  #handshakeTimer: NodeJS.Timeout | undefined;
  #tcp: TcpListener | undefined;

  /** @throws MediaError `unavailable` when the port cannot be bound */
  constructor(
    config: Pick<WorkerConfig, 'portMin' | 'listenAddress' | 'announcedAddress'>,
    now: () => number,
    reportError: (where: string, error: unknown) => void,
  ) {
    this.now = now;
    this.#listenAddress = config.listenAddress;
    this.#reportError = reportError;
    this.context = new DtlsContext();
    this.socket = new UdpSocket(
      config.portMin,
      config.listenAddress,
      (packet, length, words, at) => {
        try {
          this.#handleDatagram(packet, length, words, at);
        } catch (error) {
          // An error that left the callback would end the process.
          this.#reportError('a datagram', error);
        }
      },
      now,
      () => this.#transports.size,
    );
    this.#addresses = new HostAddresses(config, now);
    this.#timeoutTimer = setInterval(() => this.checkTimeouts(), TIMEOUT_CHECK_MS);
  }

  /** The number of addresses that belong to peers. */
  get addressCount(): number {
    return this.#byAddress.size;
  }

  /** The addresses that clients can reach the ports at. They may change while the server runs. */
  get candidates(): readonly string[] {
    return writeHostCandidates(this.#addresses.list(), this.socket.port, this.#tcp?.port);
  }

  /**
   * Serves clients over TCP too (RFC 6544).
   *
   * @param port 0 lets the system choose
   * @throws MediaError `unavailable` when the port cannot be bound
   */
  async openTcp(port: number): Promise<TcpListener> {
    this.#tcp = await TcpListener.open(port, this.#listenAddress, this.now, {
      handlePacket: (packet, length, connection) => {
        try {
          this.#handleFrame(packet, length, connection);
        } catch (error) {
          this.#reportError('a TCP packet', error);
        }
      },
      handleEnd: ({ key }) => this.#byAddress.get(key)?.forgetPath(key),
    });
    return this.#tcp;
  }

  create(offer: OfferTransport, handlers: TransportHandlers): Transport {
    const transport = new OpenSslTransport(offer, this, handlers);
    this.#transports.add(transport);
    return transport;
  }

  dump(): TransportDump {
    const { received, sent, truncated, blocked, failed } = this.socket.counters;
    const { unknown, forged, refused, unsent } = this.counters;
    const tcp = this.#tcp;
    return {
      kind: this.kind,
      buffers: this.socket.buffers,
      ...(tcp && { tcp: { port: tcp.port, connections: tcp.connectionCount, counts: { ...tcp.counters } } }),
      datagrams: { received, sent, blocked, failed, dropped: truncated + unknown, forged, refused, unsent },
    };
  }

  /** Accepts the requests of a client that uses these credentials. */
  accept(credentials: IceCredentials, transport: OpenSslTransport): void {
    this.#byFragment.set(credentials.iceUfrag, { credentials, transport });
    this.socket.expectClient();
  }

  /** Accepts no more requests under credentials. */
  revoke({ iceUfrag }: IceCredentials): void {
    this.#byFragment.delete(iceUfrag);
  }

  /** Assigns an address to a transport. A NAT may have given it before to another peer, which does not use it any more. */
  assign(key: AddressKey, transport: OpenSslTransport): void {
    this.#byAddress.set(key, transport);
  }

  /** Releases an address, unless another transport has it by now. */
  release(key: AddressKey, transport: OpenSslTransport): void {
    if (this.#byAddress.get(key) === transport) this.#byAddress.delete(key);
  }

  /** Runs the timers of a handshake until it is done. */
  watchHandshake(transport: OpenSslTransport): void {
    this.#handshakes.add(transport);
    this.#handshakeTimer ??= setInterval(() => this.#tickHandshakes(), HANDSHAKE_TICK_MS);
  }

  /** Removes a closed transport with its addresses. Its credentials are revoked by itself. */
  remove(transport: OpenSslTransport, addresses: Iterable<AddressKey>): void {
    this.#transports.delete(transport);
    this.#handshakes.delete(transport);
    for (const key of addresses) this.release(key, transport);
  }

  /** Ends transports whose time is over. Called once per second. */
  checkTimeouts(): void {
    const nowMs = this.now();
    for (const transport of [...this.#transports]) transport.checkTimeouts(nowMs);
    this.#tcp?.checkTimeouts(nowMs);
  }

  /** Closes the ports; for tests. */
  close(): void {
    for (const transport of [...this.#transports]) transport.close();
    clearInterval(this.#timeoutTimer);
    clearInterval(this.#handshakeTimer);
    this.socket.close();
    this.#tcp?.close();
  }

  #handleDatagram(packet: NativeBuffer, length: number, words: Uint32Array, at: number): void {
    if (length === 0) return;
    const key = readAddressKey(words, at);
    if (!isStun(packet)) {
      this.#handlePacket(key, packet, length);
      return;
    }
    const owner = this.#byAddress.get(key);
    const check = this.#authenticate(packet, length, owner);
    if (check === undefined) return;
    if (owner !== undefined && owner !== check.transport && owner.isUsing(key)) {
      // A member could forge this address to cut off the peer that uses it.
      this.counters.forged += 1;
      return;
    }
    const known = check.transport.findPath(key);
    this.#answer(check, known ?? new UdpPath(this.socket, new SocketAddress(words, at)));
  }

  #handleFrame(packet: NativeBuffer, length: number, connection: TcpConnection): void {
    if (length === 0) return;
    if (!isStun(packet)) {
      this.#handlePacket(connection.key, packet, length);
      return;
    }
    const owner = this.#byAddress.get(connection.key);
    const check = this.#authenticate(packet, length, owner);
    if (check === undefined) return;
    if (owner !== undefined && owner !== check.transport) {
      // A connection belongs to one peer, which closes it.
      this.counters.forged += 1;
      return;
    }
    connection.recordCheck();
    this.#answer(check, connection);
  }

  /** Passes DTLS and media to the peer that an address belongs to. */
  #handlePacket(key: AddressKey, packet: NativeBuffer, length: number): void {
    const transport = this.#byAddress.get(key);
    const first = packet.bytes[0] as number;
    // The first byte tells the protocols apart (RFC 7983).
    if (transport === undefined) this.counters.unknown += 1;
    else if (first >= 128 && first < 192) transport.handleMedia(packet, length);
    else if (first >= 20 && first < 64) transport.handleDtls(packet, length);
    else this.counters.unknown += 1;
  }

  /**
   * Finds the peer that a STUN request comes from.
   *
   * @param owner whose address it comes from, most often the peer itself
   * @returns undefined for anything that is not an authentic request
   */
  #authenticate(packet: NativeBuffer, length: number, owner: OpenSslTransport | undefined): Check | undefined {
    const request = parseBindingRequest(packet.bytes.subarray(0, length));
    const account = request && this.#findAccount(request, owner);
    if (request !== undefined && account?.transport.verifyRequest(request, account.credentials)) {
      const { credentials, transport } = account;
      return { credentials, transport, request };
    }
    this.counters.forged += 1;
    return undefined;
  }

  #findAccount(request: BindingRequest, owner: OpenSslTransport | undefined): Account | undefined {
    // The requests that connected clients repeat: comparing a few bytes costs less than making the text to look up.
    if (owner !== undefined && hasFragment(request, owner.credentials.iceUfrag)) {
      return { credentials: owner.credentials, transport: owner };
    }
    return this.#byFragment.get(readFragment(request));
  }

  #answer({ request, credentials, transport }: Check, path: PeerPath): void {
    const slot = path.nextSlot();
    path.queue(writeBindingResponse(request, credentials.icePwd, path.ip, path.port, slot.bytes));
    transport.handleRequest(request, path, credentials);
  }

  #tickHandshakes(): void {
    for (const transport of this.#handshakes) {
      if (transport.isInHandshake) transport.tickHandshake();
      else this.#handshakes.delete(transport);
    }
    if (this.#handshakes.size > 0) return;
    clearInterval(this.#handshakeTimer);
    this.#handshakeTimer = undefined;
  }
}

/** Whether the first byte is that of a STUN message (RFC 7983). */
function isStun({ bytes }: NativeBuffer): boolean {
  return (bytes[0] as number) < 4;
}
