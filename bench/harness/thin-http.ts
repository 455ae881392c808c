/**
 * A minimal HTTP client over persistent connections: one call at a time on each, bodies by Content-Length.
 *
 * @module
 */

import { connect, type Socket } from 'node:net';

const NOTHING = Buffer.alloc(0);
const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** The answer to a call. */
export interface ThinAnswer {
  readonly status: number;
  readonly body: string;
}

/** A call under way or waiting for a connection. */
interface Call {
  readonly request: string;
  readonly resolve: (answer: ThinAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** Writes a request. */
export function requestText(method: string, path: string, headers: Record<string, string> = {}, body = ''): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines.join('')}${length}\r\n${body}`;
}

/** Some kept connections to one port. */
export class ThinHttp {
  readonly #idle: HttpConnection[] = [];
  readonly #all: HttpConnection[] = [];
  readonly #waiting: Call[] = [];

  /** @param connections how many calls may be under way at once */
  constructor(port: number, connections: number) {
    for (let index = 0; index < connections; index += 1) {
      const connection = new HttpConnection(port, () => this.#next(connection));
      this.#all.push(connection);
      this.#idle.push(connection);
    }
  }

  /** Makes a call, when a connection is free. Rejects when its connection is lost. */
  call(request: string): Promise<ThinAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      const connection = this.#idle.pop();
      if (connection) this.#next(connection);
    });
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  #next(connection: HttpConnection): void {
    const call = this.#waiting.shift();
    if (call) connection.begin(call);
    else this.#idle.push(connection);
  }
}

/** One connection, opened at its first call and again after the server has closed it. */
class HttpConnection {
  readonly #port: number;
  readonly #onFree: () => void;
  #socket: Socket | undefined;
  #call: Call | undefined;
  #pending: Buffer = NOTHING;

  constructor(port: number, onFree: () => void) {
    this.#port = port;
    this.#onFree = onFree;
  }

  begin(call: Call): void {
    this.#call = call;
    this.#socket ??= this.#open();
    this.#socket.write(call.request);
  }

  close(): void {
    this.#socket?.destroy();
  }

  #open(): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#socket = undefined;
      this.#pending = NOTHING;
      const call = this.#call;
      this.#call = undefined;
      call?.reject(new Error('connection lost before the answer'));
      if (call) this.#onFree();
    });
    return socket;
  }

  #receive(chunk: Buffer): void {
    const data = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    this.#pending = data;
    const headEnd = data.indexOf(END_OF_HEAD);
    if (headEnd < 0) return;
    const head = data.toString('latin1', 0, headEnd);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    const end = headEnd + END_OF_HEAD.length + length;
    if (data.length < end) return;
    this.#pending = NOTHING;
    const call = this.#call;
    this.#call = undefined;
    call?.resolve({
      status: Number(head.slice(9, 12)),
      body: data.toString('utf8', headEnd + END_OF_HEAD.length, end),
    });
    this.#onFree();
  }
}
