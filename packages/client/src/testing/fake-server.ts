/**
 * The server's end of the client's sockets. For tests only.
 *
 * @module
 */

import type {
  ErrorCode,
  ErrorDetails,
  EventFrame,
  LoginResult,
  Method,
  NegotiateParams,
  Params,
  PlayParams,
  PublishParams,
  ResumeResult,
  WireMember,
  WireSnapshot,
  WireStream,
} from '@gavel/protocol';
import type { Fetch, OpenSocket, SocketHandlers } from '../core/platform.ts';
import { answerOffer, findNewItems } from './fake-answer.ts';
import { settle } from './fake-clock.ts';

/** A request that a client sent. */
export interface SeenRequest<M extends Method = Method> {
  readonly id: number;
  readonly method: M;
  readonly params: Params<M>;
}

/** One socket of a client, from the server's end. */
export class FakeSocket {
  readonly url: string;
  readonly protocol: string;
  readonly requests: SeenRequest[] = [];
  isClosedByClient = false;
  #isClosed = false;
  readonly #handlers: SocketHandlers;
  readonly #onRequest: (socket: FakeSocket, request: SeenRequest) => void;

  constructor(
    url: string,
    protocol: string,
    handlers: SocketHandlers,
    onRequest: (socket: FakeSocket, request: SeenRequest) => void,
  ) {
    this.url = url;
    this.protocol = protocol;
    this.#handlers = handlers;
    this.#onRequest = onRequest;
  }

  open(): void {
    this.#handlers.opened();
  }

  receive(text: string): void {
    // A browser discards what is sent on a socket that is closed or closing.
    if (this.isClosedByClient || this.#isClosed) return;
    const request = JSON.parse(text) as SeenRequest;
    this.requests.push(request);
    this.#onRequest(this, request);
  }

  push(frame: EventFrame): void {
    this.#handlers.message(JSON.stringify(frame));
  }

  /** Sends a text unchanged. */
  receiveRaw(text: string): void {
    this.#handlers.message(text);
  }

  answer(id: number, result: object): void {
    this.#handlers.message(JSON.stringify({ id, result }));
  }

  refuse(id: number, code: ErrorCode, details?: ErrorDetails): void {
    this.#handlers.message(JSON.stringify({ id, error: { code, message: code, ...(details && { details }) } }));
  }

  close(code: number, reason = ''): void {
    this.#isClosed = true;
    this.#handlers.closed(code, reason);
  }
}

/** How the fake server handles a request: answers with the object, refuses, or does not answer. */
export type Answer = object | { readonly refuse: ErrorCode; readonly details?: ErrorDetails } | undefined;

/** The refusal of a resume where the member was merely lost, such as by a restart of the server: a new login is due. */
export const LOST = { refuse: 'resume.refused', details: { cause: 'connection-lost', reason: '' } } as const;

/** A server at the other end of the client's sockets. Each method is answered as `answers` says; tests replace them. */
export class FakeServer {
  readonly sockets: FakeSocket[] = [];
  /** Whether new sockets open; otherwise they fail with 1006. */
  isReachable = true;
  login: LoginResult = loginResult();
  resume: ResumeResult | { readonly refuse: ErrorCode; readonly details?: ErrorDetails } = {
    events: [],
    serverTimeMs: 0,
  };
  /** `publish` and `play` answer one stream of a `negotiate`; if one of them is not answered, neither is the request. */
  answers: { [M in Method]?: (params: Params<M>) => Answer } & {
    publish?: (item: PublishParams) => Answer;
    play?: (item: PlayParams) => Answer;
  } = {};

  /** Parts of uploads, as `PUT` requests that arrived. */
  readonly parts: { readonly url: string; readonly token: string; readonly bytes: Uint8Array }[] = [];
  /** What the next parts are answered, one each; then they are taken. */
  readonly partAnswers: (object | 'lost')[] = [];

  /** Takes parts of uploads. */
  readonly fetch: Fetch = async (url, { headers, body }) => {
    const answer = this.partAnswers.shift();
    if (answer === 'lost') throw new TypeError('failed to fetch');
    const bytes = new Uint8Array(await body.arrayBuffer());
    const token = headers.authorization?.replace('Bearer ', '') ?? '';
    this.parts.push({ url: url, token, bytes });
    const offset = Number(new URL(url).searchParams.get('offset'));
    return { json: async () => answer ?? { received: offset + bytes.length } };
  };

  readonly openSocket: OpenSocket = (url, protocol, handlers) => {
    const socket = new FakeSocket(url, protocol, handlers, (from, request) => this.#handle(from, request));
    this.sockets.push(socket);
    const isReachable = this.isReachable;
    queueMicrotask(() => (isReachable ? socket.open() : socket.close(1006)));
    return {
      send: (text) => socket.receive(text),
      close: () => {
        socket.isClosedByClient = true;
      },
    };
  };

  /** The newest socket. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error('no socket was opened');
    return socket;
  }

  /** The parameters of every request of a method, on all sockets; of `publish` and `play` the streams that became part of an offer. */
  seen(method: 'publish'): PublishParams[];
  seen(method: 'play'): PlayParams[];
  seen<M extends Method>(method: M): Params<M>[];
  seen(method: Method | 'publish' | 'play'): object[] {
    if (method === 'publish' || method === 'play') return findNewItems(this.#requests('negotiate'), method);
    return this.#requests(method);
  }

  #requests<M extends Method>(method: M): Params<M>[] {
    return this.sockets.flatMap((socket) =>
      socket.requests.filter((request) => request.method === method).map((request) => request.params as Params<M>),
    );
  }

  /** Sends an event on the newest socket and lets it take effect. */
  async push(frame: EventFrame): Promise<void> {
    this.socket.push(frame);
    await settle();
  }

  /** Removes the member as the server does: the event, then the close. */
  async remove(cause: 'kicked' | 'room-closed' | 'replaced', reason: string, code: number): Promise<void> {
    const { socket } = this;
    socket.push({ event: 'removed', cause, reason });
    socket.close(code);
    await settle();
  }

  #handle(socket: FakeSocket, { id, method, params }: SeenRequest): void {
    const answer = this.#answer(method, params);
    queueMicrotask(() => {
      if (!answer) return;
      if ('refuse' in answer) socket.refuse(id, answer.refuse as ErrorCode, answer.details as ErrorDetails);
      else socket.answer(id, answer);
    });
  }

  #answer(method: Method, params: Params<Method>): Answer {
    const given = this.answers[method] as ((params: Params<Method>) => Answer) | undefined;
    if (given) return given(params);
    switch (method) {
      case 'identify': {
        const { memberId: _, epoch: __, ticket: ___, room: ____, ...identity } = this.login;
        return identity;
      }
      case 'preview':
        return { members: this.login.room.members };
      case 'login':
        return this.login;
      case 'resume':
        return this.resume;
      case 'negotiate':
        return answerOffer(params as NegotiateParams, this.answers);
      case 'send':
        return { messageId: 7 };
      case 'createUpload':
        return { fileId: `file-${this.seen('createUpload').length}`, uploadToken: 'upload', maxPartBytes: 4 };
      case 'snapshot':
        return this.login.room;
      case 'heartbeat':
        return { serverTimeMs: 0, memberCount: 5 };
      default:
        return {};
    }
  }
}

/** Returns a member, as others see it. */
export function member(memberId: string, userId: string = memberId, profile?: WireMember['profile']): WireMember {
  return { memberId, user: { id: userId, name: userId.toUpperCase() }, joinedAtMs: 1, ...(profile && { profile }) };
}

/** Returns a stream, as others see it. */
export function stream(streamId: string, memberId: string, more: Partial<WireStream> = {}): WireStream {
  const user = { id: memberId, name: memberId.toUpperCase() };
  return {
    streamId,
    memberId,
    user,
    source: 'camera',
    extraInfo: '',
    audio: true,
    video: true,
    createdAtMs: 1,
    ...more,
  };
}

/** Returns a room's state. */
export function snapshot(more: Partial<WireSnapshot> = {}): WireSnapshot {
  return {
    seq: 10,
    userSeq: 2,
    streamSeq: 1,
    memberCount: 2,
    permissions: { publishAudio: true, publishVideo: true },
    members: [],
    streams: [],
    infos: [],
    ...more,
  };
}

/** Returns the answer to a login of the user `me`, member `m-me`. */
export function loginResult(more: Partial<LoginResult> = {}): LoginResult {
  return {
    memberId: 'm-me',
    epoch: '1',
    roomId: 'room',
    user: { id: 'me', name: 'Me' },
    permissions: { publishAudio: true, publishVideo: true },
    ticket: 'ticket-1',
    heartbeatIntervalMs: 30_000,
    heartbeatTimeoutMs: 100_000,
    serverTimeMs: 1_700_000_000_000,
    room: snapshot(),
    ...more,
  };
}
