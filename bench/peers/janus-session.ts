/**
 * A session with Janus over a WebSocket of its own, with one plugin handle.
 *
 * @module
 */

import { ThinWebSocket } from '../harness/thin-websocket.ts';

/** A session description. */
export interface Jsep {
  readonly type: string;
  readonly sdp: string;
}

/** A plugin's message. */
export interface PluginAnswer<T> {
  readonly data: T;
  readonly jsep?: Jsep;
}

interface Message {
  readonly janus: string;
  readonly transaction?: string;
  readonly data?: { readonly id: number };
  readonly plugindata?: { readonly data: { readonly error?: string } };
  readonly jsep?: Jsep;
  readonly error?: { readonly reason: string };
}

interface Waiting {
  /** Asynchronous requests to a plugin are acknowledged first. */
  readonly passesAck: boolean;
  resolve(message: Message): void;
  reject(error: Error): void;
}

/** One session. */
export class JanusSession {
  /** Resolves when Janus says that the handle's peer connection is up. */
  readonly mediaUp: Promise<void>;
  /** Called with unsolicited messages, unparsed; the bytes are only valid during the call. */
  onEvent: ((text: Buffer) => void) | undefined;
  #resolveMediaUp: () => void = () => {};
  readonly #socket: ThinWebSocket;
  readonly #waiting = new Map<string, Waiting>();
  #lastTransaction = 0;
  #sessionId = 0;
  #handleId = 0;

  private constructor(socket: ThinWebSocket) {
    this.#socket = socket;
    this.mediaUp = new Promise((resolve) => {
      this.#resolveMediaUp = resolve;
    });
    socket.onText = (text) => {
      if (this.onEvent && !text.includes('"transaction"')) this.onEvent(text);
      else this.#receive(JSON.parse(text.toString()) as Message);
    };
    socket.onClose = () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('Janus closed the connection'));
    };
  }

  /** Connects and makes a session. */
  static async open(port: number): Promise<JanusSession> {
    const session = new JanusSession(await ThinWebSocket.open({ port, path: '/', protocol: 'janus-protocol' }));
    session.#sessionId = (await session.#request({ janus: 'create' })).data?.id ?? 0;
    return session;
  }

  /** Attaches to a plugin; later requests use this handle. */
  async attach(plugin: string): Promise<void> {
    const { data } = await this.#request({ janus: 'attach', session_id: this.#sessionId, plugin });
    this.#handleId = data?.id ?? 0;
  }

  /** Makes a request of the plugin that is answered at once. */
  async ask(body: object): Promise<void> {
    await this.#message(body, undefined, false);
  }

  /** Makes a request of the plugin whose answer is an event. */
  async tell<T>(body: object, jsep?: Jsep): Promise<PluginAnswer<T>> {
    const message = await this.#message(body, jsep, true);
    return { data: message.plugindata?.data as T, ...(message.jsep && { jsep: message.jsep }) };
  }

  /** Sends a keep-alive without waiting for its answer. */
  keepAlive(): void {
    this.#socket.send(JSON.stringify({ janus: 'keepalive', session_id: this.#sessionId, transaction: 'keep' }));
  }

  /** Ends the connection, and with it the session. */
  drop(): void {
    this.#socket.drop();
  }

  async #message(body: object, jsep: Jsep | undefined, passesAck: boolean): Promise<Message> {
    const ids = { session_id: this.#sessionId, handle_id: this.#handleId };
    const message = await this.#request({ janus: 'message', ...ids, body, ...(jsep && { jsep }) }, passesAck);
    const error = message.plugindata?.data.error;
    if (error !== undefined) throw new Error(`Janus refused ${JSON.stringify(body)}: ${error}`);
    return message;
  }

  #request(request: object, passesAck = false): Promise<Message> {
    return new Promise((resolve, reject) => {
      this.#lastTransaction += 1;
      const transaction = String(this.#lastTransaction);
      this.#waiting.set(transaction, { passesAck, resolve, reject });
      this.#socket.send(JSON.stringify({ ...request, transaction }));
    });
  }

  #receive(message: Message): void {
    if (message.janus === 'webrtcup') this.#resolveMediaUp();
    const waiting = this.#waiting.get(message.transaction ?? '');
    if (message.transaction === undefined || waiting === undefined) return;
    if (waiting.passesAck && message.janus === 'ack') return;
    this.#waiting.delete(message.transaction);
    if (message.janus === 'error') waiting.reject(new Error(message.error?.reason));
    else waiting.resolve(message);
  }
}
