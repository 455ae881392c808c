/**
 * A customer's server that takes callbacks: it records them as they came, and answers as a test wants.
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

/** A callback as it came. */
export interface ReceivedCallback {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** The body, byte for byte. */
  readonly raw: string;
  /** The body as JSON; numbers above 2^53 have lost their last digits here. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** How a callback is answered: a status, or in another way. */
export type ReceiverAnswer =
  | number
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** Never. */
  | 'hang'
  /** With 200 and a body without end. */
  | 'endless'
  /** By hanging up. */
  | 'cut';

/** Decides how a callback is answered; a promise delays the answer. */
export type ReceiverBehaviour = (callback: ReceivedCallback) => ReceiverAnswer | Promise<ReceiverAnswer>;

/** A running receiver. */
export interface CallbackReceiver {
  readonly port: number;
  /** Everything that came, in order, repeats included. */
  readonly received: readonly ReceivedCallback[];
  /** Answers from now on; 200 at first. */
  behaviour: ReceiverBehaviour;
  /** Gives the address of a path. */
  url(path?: string): string;
  /** Names of the events that came. */
  events(): string[];
  /** Resolves when so many have come in all. */
  count(atLeast: number): Promise<readonly ReceivedCallback[]>;
  /** Hangs up on everybody. */
  close(): Promise<void>;
}

/** Starts a receiver on a port of this machine; 0 picks a free one. Close it at the end of the test. */
export async function startCallbackReceiver({ port = 0 } = {}): Promise<CallbackReceiver> {
  const received: ReceivedCallback[] = [];
  const waiting = new Set<() => void>();
  const http = createServer((request, response) => void take(request, response));

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
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
    const pour = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    };
    response.on('drain', pour);
    pour();
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
