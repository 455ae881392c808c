/**
 * One TCP connection of a client (RFC 6544).
 *
 * @module
 */

import type { Socket } from 'node:net';
import type { TcpCounts } from '../engine.ts';
import type { NativeBuffer } from '../ffi/memory.ts';
import type { PeerPath } from '../transport/peer-path.ts';
import { parseIp } from '../udp/ip-text.ts';
import { FRAME_HEADER_BYTES, FrameReader } from './frame-reader.ts';

/** The mutable counters of a TCP port. */
export type TcpCounters = { -readonly [K in keyof TcpCounts]: number };

/** What a connection needs of its port. */
export interface TcpHost {
  readonly counters: TcpCounters;
  /** Memory for one packet that is received, and for one to send, which all connections share. */
  readonly slots: { readonly received: NativeBuffer; readonly outgoing: NativeBuffer };
  /** The connection's client has made its first authentic check. */
  handleCheck(connection: TcpConnection): void;
  handlePacket(packet: NativeBuffer, length: number, connection: TcpConnection): void;
  /** The connection has ended. Called once. */
  handleEnd(connection: TcpConnection): void;
  /** Calls the connection's `flush` at the end of the event loop's turn. */
  scheduleFlush(connection: TcpConnection): void;
}

/** Bytes that wait for a slow client: about a second of video. What does not fit is lost, as over UDP. */
export const MAX_QUEUED_BYTES = 256 << 10;
/** Bytes of a client before its first authentic check: some dozens of checks. */
export const MAX_UNCHECKED_BYTES = 4_096;

const MAPPED_PREFIX = '::ffff:';

/** A connection, and the path to its peer once the peer has made an authentic check. */
export class TcpConnection implements PeerPath {
  readonly key: string;
  readonly remoteAddress: string;
  readonly ip: Buffer;
  readonly port: number;
  readonly openedAtMs: number;
  readonly #socket: Socket;
  readonly #host: TcpHost;
  readonly #reader = new FrameReader();
  #hasChecked = false;
  #uncheckedBytes = 0;
  #isCorked = false;
  #isOpen = true;

  /** @param id unique at the port */
  constructor(socket: Socket, id: number, nowMs: number, host: TcpHost) {
    this.key = `tcp.${id}`;
    const { remoteAddress = '', remotePort = 0 } = socket;
    const isMapped = remoteAddress.startsWith(MAPPED_PREFIX) && remoteAddress.includes('.');
    this.remoteAddress = isMapped ? remoteAddress.slice(MAPPED_PREFIX.length) : remoteAddress;
    this.ip = Buffer.from(parseIp(this.remoteAddress));
    this.port = remotePort;
    this.openedAtMs = nowMs;
    this.#socket = socket;
    this.#host = host;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    // A client that has ended its side reads nothing that matters any more.
    for (const event of ['end', 'error', 'close']) socket.on(event, () => this.close());
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Records that the client has made an authentic check: from now on its peer decides when the connection ends. */
  recordCheck(): void {
    if (this.#hasChecked) return;
    this.#hasChecked = true;
    this.#host.handleCheck(this);
  }

  nextSlot(): NativeBuffer {
    return this.#host.slots.outgoing;
  }

  queue(length: number): boolean {
    const { counters, slots } = this.#host;
    if (!this.#isOpen || this.#socket.writableLength + length > MAX_QUEUED_BYTES) {
      counters.blocked += 1;
      return false;
    }
    const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length);
    frame.writeUInt16BE(length, 0);
    slots.outgoing.bytes.copy(frame, FRAME_HEADER_BYTES, 0, length);
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#socket.cork();
      this.#host.scheduleFlush(this);
    }
    this.#socket.write(frame);
    counters.sent += 1;
    return true;
  }

  /** Sends what is queued. */
  flush(): void {
    if (!this.#isCorked) return;
    this.#isCorked = false;
    this.#socket.uncork();
  }

  /** Ends the connection with a reset, so that the system forgets what it has not sent yet (KICK-4). */
  close(): void {
    if (!this.#isOpen) return;
    this.flush();
    this.#isOpen = false;
    this.#socket.resetAndDestroy();
    this.#host.handleEnd(this);
  }

  #receive(chunk: Buffer): void {
    const { counters, slots } = this.#host;
    if (!this.#hasChecked) {
      this.#uncheckedBytes += chunk.length;
      if (this.#uncheckedBytes > MAX_UNCHECKED_BYTES) {
        counters.expired += 1;
        this.close();
        return;
      }
    }
    for (const packet of this.#reader.read(chunk)) {
      counters.received += 1;
      packet.copy(slots.received.bytes);
      this.#host.handlePacket(slots.received, packet.length, this);
      // The packet may have ended the connection: what follows in the chunk must not be handled (KICK-4).
      if (!this.#isOpen) return;
    }
    if (!this.#reader.isBroken) return;
    counters.malformed += 1;
    this.close();
  }
}
