/**
 * A signalling client that only sends and receives frames, for tests of the protocol.
 *
 * @module
 */

import {
  type EventFrame,
  type LoginResult,
  type Params,
  type ServerFrame,
  SUBPROTOCOL,
  type WireError,
} from '@gavel/protocol';
import { RawMedia } from './raw-media.ts';

/** A received answer. */
export type RawAnswer = { readonly result?: unknown; readonly error?: WireError };

/** One WebSocket. */
export class RawClient {
  readonly events: EventFrame[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Publishes and plays, without media. */
  readonly media = new RawMedia((method, params) => this.request(method, params));
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (answer: RawAnswer) => void>();
  readonly #waiting: {
    readonly match: (event: EventFrame) => boolean;
    readonly resolve: (event: EventFrame) => void;
  }[] = [];
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }: MessageEvent<unknown>) => this.#receive(JSON.parse(String(data)) as ServerFrame);
    this.closed = new Promise((resolve) => {
      socket.onclose = ({ code, reason }) => resolve({ code, reason });
    });
  }

  /** Connects, with additional headers, as a proxy would send. Rejects if the server refuses the WebSocket. */
  static async open(
    baseUrl: string,
    protocols: string[] = [SUBPROTOCOL],
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RawClient> {
    // Node's WebSocket accepts headers, but its type is the browser's, which does not have them.
    const options = { protocols, headers } as unknown as string[];
    const socket = new WebSocket(`${baseUrl.replace('http', 'ws')}/signalling`, options);
    const client = new RawClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error('the server refused the WebSocket'));
    });
    return client;
  }

  /** Sends a request, and returns its answer. */
  request(method: string, params: unknown = {}): Promise<RawAnswer> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<RawAnswer>((resolve) => this.#answers.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answer;
  }

  /** Logs in to a room without a token, as dev mode allows. Throws when refused. */
  async login(
    appId: number,
    roomId: string,
    userId: string,
    more: Partial<Params<'login'>> = {},
  ): Promise<LoginResult> {
    const credential = { scheme: 'app-token', appId };
    const params = { credential, clientId: `client-of-${userId}`, roomId, userId, members: true, ...more };
    const { result, error } = await this.request('login', params);
    if (error) throw new Error(`login refused: ${error.code} ${error.message}`);
    return result as LoginResult;
  }

  /** Sends raw data. */
  sendRaw(data: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(data);
  }

  /** Resolves with the first event of a kind, received already or in the future. */
  event<E extends EventFrame['event']>(kind: E): Promise<Extract<EventFrame, { event: E }>> {
    const match = (event: EventFrame): boolean => event.event === kind;
    const received = this.events.find(match);
    const event = received
      ? Promise.resolve(received)
      : new Promise<EventFrame>((resolve) => this.#waiting.push({ match, resolve }));
    return event as Promise<Extract<EventFrame, { event: E }>>;
  }

  /** Closes without a close code, as a lost network does. */
  cut(): void {
    this.#socket.close();
  }

  /** Closes with a close frame, like a browser whose page closes. Programs cannot send the browser's code 1001. */
  closeInOrder(): void {
    this.#socket.close(1000);
  }

  #receive(frame: ServerFrame): void {
    if ('id' in frame) {
      this.#answers.get(frame.id)?.(frame as RawAnswer);
      this.#answers.delete(frame.id);
      return;
    }
    this.events.push(frame);
    for (const waiting of [...this.#waiting]) {
      if (!waiting.match(frame)) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.resolve(frame);
    }
  }
}
