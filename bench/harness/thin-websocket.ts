/**
 * A WebSocket client that does as little as it can, so that the load does not hide the server that it measures: no
 * checks, no events but whole text messages, a mask of zeros, which is allowed and leaves the bytes as they are.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { connectThin } from './thin-socket.ts';

const NOTHING = Buffer.alloc(0);
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** The address and the handshake. */
export interface ThinWebSocketOptions {
  readonly port: number;
  readonly path: string;
  readonly protocol?: string;
}

/** One client connection. */
export class ThinWebSocket {
  /** Called with each text message; the bytes are only good during the call. */
  onText: (text: Buffer) => void = () => {};
  /** Called once, when the connection has ended. */
  onClose: () => void = () => {};
  readonly #socket: Socket;
  #pending: Buffer = NOTHING;
  #onChunk: (chunk: Buffer) => void = () => {};

  private constructor(port: number) {
    this.#socket = connectThin(port, (chunk) => this.#onChunk(chunk));
    this.#socket.on('close', () => this.onClose());
  }

  /** Connects. Rejects when the server does not switch protocols, or ends the connection before it does. */
  static open({ port, path, protocol }: ThinWebSocketOptions): Promise<ThinWebSocket> {
    return new Promise((resolve, reject) => {
      const client = new ThinWebSocket(port);
      const socket = client.#socket;
      let head = '';
      client.onClose = () => reject(new Error('connection closed during the WebSocket handshake'));
      client.#onChunk = (chunk) => {
        head += chunk.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        client.#onChunk = (next) => client.#receive(next);
        if (!head.startsWith('HTTP/1.1 101')) {
          socket.destroy();
          reject(new Error(`WebSocket refused: ${head.split('\r\n', 1)[0]}`));
          return;
        }
        client.onClose = () => {};
        resolve(client);
        const rest = Buffer.from(head.slice(end + 4), 'latin1');
        if (rest.length > 0) setImmediate(() => client.#receive(rest));
      };
      socket.once('error', reject);
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n` +
          `${protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`}\r\n`,
      );
    });
  }

  /** Sends a text message. */
  send(text: string): void {
    this.#write(TEXT, Buffer.from(text));
  }

  /** Ends the connection without a close frame. */
  drop(): void {
    this.#socket.destroy();
  }

  #write(opcode: number, payload: Buffer): void {
    const isShort = payload.length < 126;
    const head = Buffer.alloc(isShort ? 6 : 8);
    head[0] = 0x80 | opcode;
    head[1] = 0x80 | (isShort ? payload.length : 126);
    if (!isShort) head.writeUInt16BE(payload.length, 2);
    this.#socket.write(Buffer.concat([head, payload]));
  }

  #receive(chunk: Buffer): void {
    let data = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    for (let frame = readFrame(data); frame; frame = readFrame(data)) {
      data = data.subarray(frame.size);
      if (frame.opcode === TEXT) this.onText(frame.payload);
      else if (frame.opcode === PING) this.#write(PONG, frame.payload);
      else if (frame.opcode === CLOSE) this.#socket.end();
    }
    this.#pending = data.length > 0 ? Buffer.from(data) : NOTHING;
  }
}

/** Reads one frame of a server, which is never masked and here never fragmented. */
function readFrame(data: Buffer): { opcode: number; payload: Buffer; size: number } | undefined {
  if (data.length < 2) return undefined;
  const short = (data[1] ?? 0) & 0x7f;
  const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (data.length < headBytes) return undefined;
  const length = short < 126 ? short : short === 126 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2));
  const size = headBytes + length;
  if (data.length < size) return undefined;
  return { opcode: (data[0] ?? 0) & 0x0f, payload: data.subarray(headBytes, size), size };
}
