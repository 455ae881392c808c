/**
 * A customer's server for callbacks: it records every request, and answers as the test configures.
 *
 * @module
 */

import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** A received callback. */
export interface ReceivedCallback {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** The body, byte for byte. */
  readonly raw: string;
  /** The body as JSON; numbers above 2^53 have lost their last digits here. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** The answer to a callback: a status, a whole answer, or a failure. */
export type ReceiverAnswer =
  | number
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** Sends no answer. */
  | 'hang'
  /** Sends 200 and a body that never ends. */
  | 'endless'
  /** Closes the connection. */
  | 'cut';

/** Returns the answer to a callback; a promise delays it. */
export type ReceiverBehaviour = (callback: ReceivedCallback) => ReceiverAnswer | Promise<ReceiverAnswer>;

/** A running receiver. */
export interface CallbackReceiver {
  readonly port: number;
  /** All received callbacks, in order, retries included. */
  readonly received: readonly ReceivedCallback[];
  /** The answers from now on; 200 by default. */
  behaviour: ReceiverBehaviour;
  /** Returns the URL of a path. */
  url(path?: string): string;
  /** Returns the names of the received events. */
  events(): string[];
  /** Resolves when at least this many callbacks have been received in total. */
  count(atLeast: number): Promise<readonly ReceivedCallback[]>;
  /** Stops the receiver and closes all connections. */
  close(): Promise<void>;
}

/** Starts a receiver on a port of this machine; 0 picks a free one. Close it at the end of the test. */
export async function startCallbackReceiver({ port = 0 } = {}): Promise<CallbackReceiver> {
  const received: ReceivedCallback[] = [];
  const waiting = new Set<() => void>();
  const http = createServer((request, response) => void receive(request, response));

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks).toString();
    const { url: path = '/', method = '', headers } = request;
    const callback = { path, method, headers, raw, body: JSON.parse(raw) as Record<string, unknown> };
    received.push(callback);
    for (const check of [...waiting]) check();
    answer(response, await receiver.behaviour(callback));
  }

  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  const address = http.address() as AddressInfo;
  const receiver: CallbackReceiver = {
    port: address.port,
    received,
    behaviour: () => 200,
    url: (path = '/') => `http://127.0.0.1:${address.port}${path}`,
    events: () => received.map(({ body }) => String(body.event)),
    count: (atLeast) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (received.length < atLeast) return;
          waiting.delete(check);
          resolve(received);
        };
        waiting.add(check);
        check();
      }),
    close: () => closeServer(http),
  };
  return receiver;
}

function answer(response: ServerResponse, how: ReceiverAnswer): void {
  if (how === 'hang') return;
  if (how === 'cut') {
    response.destroy();
    return;
  }
  if (how === 'endless') {
    response.writeHead(200);
    const fill = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    };
    response.on('drain', fill);
    fill();
    return;
  }
  if (typeof how === 'number') response.writeHead(how).end();
  else response.writeHead(how.status, how.headers).end(how.body);
}

function closeServer(http: Server): Promise<void> {
  return new Promise((resolve) => {
    http.close(() => resolve());
    http.closeAllConnections();
  });
}
