/**
 * A client by hand at the transport of our own: its socket, its DTLS session, and the media that it sends and gets.
 *
 * @module
 */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect as connectTcp, type Socket as TcpSocket } from 'node:net';
import { DtlsContext } from '../src/dtls/dtls-context.ts';
import { DtlsSession } from '../src/dtls/dtls-session.ts';
import { parseFingerprint } from '../src/dtls/fingerprint.ts';
import { allocatePermanent } from '../src/ffi/memory.ts';
import type { IceCredentials } from '../src/ice/credentials.ts';
import type { OfferTransport } from '../src/sdp/offer.ts';
import { SrtpSession } from '../src/srtp/srtp-session.ts';
import { FrameReader } from '../src/tcp/frame-reader.ts';
import type { OpenSslEndpoint } from '../src/transport/openssl-endpoint.ts';
import type { Transport } from '../src/transport/transport.ts';
import { createRequest } from './stun-request.ts';
import { waitFor } from './synthetic-peer.ts';

const HOST = '127.0.0.1';
const HAND_SSRC = 1_000;
const clientContext = new DtlsContext();
const memory = allocatePermanent(1 << 16);

/** The transport part of these clients' offers. They begin the DTLS handshake. */
export const HAND_OFFER: OfferTransport = {
  iceUfrag: 'client',
  icePwd: 'client-password-of-22-chars',
  fingerprint: clientContext.certificate.fingerprint,
  setup: 'actpass',
  candidates: [],
};

/** Replaces the transport part of an offer, and its SSRC, by those of these clients. */
export function withHandTransport(offer: string): string {
  return offer
    .replace(/a=fingerprint:.*?\r\n/g, `a=fingerprint:${HAND_OFFER.fingerprint}\r\n`)
    .replace(/a=setup:\w+/g, `a=setup:${HAND_OFFER.setup}`)
    .replace(/a=ssrc:\d+/g, `a=ssrc:${HAND_SSRC}`);
}

/** Creates an RTP packet with some bytes of payload. */
export function createHandPacket(sequence: number): Buffer {
  const packet = Buffer.from('8060000000000000000003e8aabbccdd', 'hex');
  packet.writeUInt16BE(sequence, 2);
  packet.writeUInt32BE(HAND_SSRC, 8);
  return packet;
}

/** Puts the length before a packet, as over TCP (RFC 4571). */
export function frame(packet: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(packet.length);
  return Buffer.concat([length, packet]);
}

/** A client of one transport. */
export class HandClient {
  /** Media packets received, decrypted. */
  readonly media: Buffer[] = [];
  /** STUN responses received. */
  answers = 0;
  /** Bytes of everything received. */
  receivedBytes = 0;
  /** Why the DTLS session ended; empty until then. */
  ended = '';
  /** Replaces what is sent by other datagrams. */
  intercept: (datagram: Buffer) => readonly Buffer[] = (datagram) => [datagram];
  /** Under which it makes its connectivity checks. */
  credentials: IceCredentials;
  /** In the order of their use. */
  readonly sockets: Socket[] = [];
  /** In the order of their use. */
  readonly tcpSockets: TcpSocket[] = [];
  /** Where packets are sent to. */
  #send: (packet: Buffer) => void = () => undefined;
  readonly #port: number;
  readonly #dtls: DtlsSession;
  #srtp: SrtpSession | undefined;

  private constructor(port: number, credentials: IceCredentials, fingerprint: string) {
    this.#port = port;
    this.credentials = credentials;
    const expected = parseFingerprint(fingerprint);
    if (expected === undefined) throw new Error('the answer has no fingerprint');
    this.#dtls = new DtlsSession(clientContext, 'client', expected, {
      sendDatagram: (datagram) => this.sendRaw(Buffer.from(datagram)),
      handleKeys: (keys) => {
        this.#srtp = new SrtpSession(keys);
      },
      handleEnd: (reason) => {
        this.ended = reason;
      },
    });
  }

  /** Creates a client that has made its first connectivity check, and nothing more. */
  static async check(endpoint: OpenSslEndpoint, transport: Transport): Promise<HandClient> {
    const client = await HandClient.create(endpoint, transport);
    await client.useNewSocket();
    return client;
  }

  /** Creates a client without a socket. */
  static async create(endpoint: OpenSslEndpoint, transport: Transport): Promise<HandClient> {
    const { iceUfrag, icePwd, fingerprint } = await transport.describe();
    return new HandClient(endpoint.socket.port, { iceUfrag, icePwd }, fingerprint);
  }

  /** Creates a client of an engine by the answer to its offer (`withHandTransport`), without a socket. */
  static fromAnswer(answer: string): HandClient {
    const find = (pattern: RegExp): string => {
      const value = pattern.exec(answer)?.[1];
      if (value === undefined) throw new Error(`The answer has no ${pattern}`);
      return value;
    };
    const credentials = { iceUfrag: find(/a=ice-ufrag:(\S+)/), icePwd: find(/a=ice-pwd:(\S+)/) };
    const port = Number(find(/a=candidate:\S+ 1 UDP \d+ 127\.0\.0\.1 (\d+)/i));
    return new HandClient(port, credentials, find(/a=fingerprint:(.+?)\r?\n/));
  }

  /** Creates a client that is connected: over UDP, or over TCP if a port is given. */
  static async connect(endpoint: OpenSslEndpoint, transport: Transport, tcpPort?: number): Promise<HandClient> {
    const client = await HandClient.create(endpoint, transport);
    await (tcpPort === undefined ? client.useNewSocket() : client.useTcp(tcpPort));
    client.startHandshake();
    await waitFor(() => client.hasKeys && transport.isOpen);
    // A slow machine repeats flights of the handshake. Two round trips later both sides have answered the last of them.
    await client.check();
    await client.check();
    return client;
  }

  get hasKeys(): boolean {
    return this.#srtp !== undefined;
  }

  /** The socket that it uses. */
  get socket(): Socket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('the client has no socket');
    return socket;
  }

  startHandshake(): void {
    this.#dtls.start();
  }

  /** Repeats lost flights of the handshake. */
  tick(): void {
    this.#dtls.tick();
  }

  /** Continues from another port, as a client does whose network has changed. */
  async useNewSocket(): Promise<void> {
    await this.openSocket();
    await this.check();
  }

  /** Continues from another port, which the server does not know yet. */
  async openSocket(): Promise<void> {
    const socket = createSocket('udp4');
    this.sockets.push(socket);
    socket.on('message', (message) => this.#receive(message));
    socket.bind(0, HOST);
    await once(socket, 'listening');
    this.#send = (packet) => socket.send(packet, this.#port, HOST);
  }

  /** Continues over a new TCP connection. */
  async useTcp(port: number): Promise<void> {
    const socket = connectTcp(port, HOST);
    this.tcpSockets.push(socket);
    const reader = new FrameReader();
    socket.on('data', (chunk: Buffer) => {
      for (const packet of reader.read(chunk)) this.#receive(packet);
    });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    this.#send = (packet) => socket.write(frame(packet));
    await this.check();
  }

  /** Makes a connectivity check, and waits for its answer. */
  async check(isNominating = true): Promise<void> {
    const before = this.answers;
    this.sendCheck(isNominating);
    await waitFor(() => this.answers > before);
  }

  sendCheck(isNominating = true): void {
    this.sendRaw(createRequest(this.credentials.iceUfrag, this.credentials.icePwd, isNominating));
  }

  sendRaw(bytes: Buffer): void {
    for (const datagram of this.intercept(bytes)) this.#send(datagram);
  }

  /** Encrypts a packet; returns the bytes for the network. */
  protect(sequence: number): Buffer {
    const packet = createHandPacket(sequence);
    memory.bytes.set(packet);
    const length = this.#srtp?.protectRtp(memory, packet.length) ?? 0;
    return Buffer.from(memory.bytes.subarray(0, length));
  }

  /** Encrypts a receiver report; returns the bytes for the network. */
  protectReport(): Buffer {
    const report = Buffer.from('80c9000100000001', 'hex');
    memory.bytes.set(report);
    const length = this.#srtp?.protectRtcp(memory, report.length) ?? 0;
    return Buffer.from(memory.bytes.subarray(0, length));
  }

  /** Closes its sockets and frees its sessions; tells the server nothing. */
  close(): void {
    this.intercept = () => [];
    this.#dtls.close();
    this.#srtp?.free();
    this.#srtp = undefined;
    for (const socket of this.sockets.splice(0)) socket.close();
    for (const socket of this.tcpSockets.splice(0)) socket.destroy();
  }

  #receive(message: Buffer): void {
    this.receivedBytes += message.length;
    const first = message[0] as number;
    if (first < 4) this.answers += 1;
    else {
      memory.bytes.set(message);
      if (first < 64) this.#dtls.receive(memory, message.length);
      else {
        const length = this.#srtp?.unprotectRtp(memory, message.length) ?? 0;
        this.media.push(Buffer.from(memory.bytes.subarray(0, length)));
      }
    }
  }
}
