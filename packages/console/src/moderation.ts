/**
 * The moderation panel's state: the reason, the shown signed requests, and the server's answers.
 *
 * @module
 */

import { describeError } from './errors.ts';
import type { Log } from './log.ts';
import { type Fetch, type ModerationAnswer, type ModerationCall, sendSigned, signCall } from './signing.ts';
import { Store } from './store.ts';

/** The signed request of a call. */
export type SignedRequest =
  | { readonly kind: 'signing' }
  | { readonly kind: 'signed'; readonly path: string; readonly reason: string; readonly atMs: number }
  | { readonly kind: 'failed'; readonly text: string };

/** A sent request. */
export interface SentRequest {
  readonly id: number;
  readonly call: ModerationCall;
  readonly path: string;
  readonly atMs: number;
  readonly outcome:
    | { readonly kind: 'sending' }
    | { readonly kind: 'answered'; readonly answer: ModerationAnswer }
    | { readonly kind: 'failed'; readonly text: string };
}

/** The moderation panel's state. */
export interface ModerationState {
  readonly reason: string;
  /** Signed requests by `callKey`. */
  readonly signed: Readonly<Record<string, SignedRequest>>;
  /** Newest first. */
  readonly sent: readonly SentRequest[];
}

/** What moderation works with. */
export interface ModerationParts {
  readonly fetch: Fetch;
  readonly log: Log;
  readonly now: () => number;
  /** Called before this page closes a room, and again if the server refused. */
  readonly expectClose: (isExpected: boolean) => void;
}

/** A signature is valid for ten minutes; the page renews it slightly earlier. */
const SIGNATURE_MS = 9 * 60_000;
const MAX_SENT = 20;

/** Returns a key for a call, under which its row finds its request. */
export function callKey(call: ModerationCall): string {
  switch (call.kind) {
    case 'kick':
      return `kick-${call.userId}`;
    case 'close':
      return 'close-room';
    case 'delete-stream':
      return `delete-${call.streamId}`;
  }
}

/** Signs and sends moderation calls. */
export class Moderation extends Store<ModerationState> {
  readonly #parts: ModerationParts;
  #lastId = 0;

  constructor(parts: ModerationParts) {
    super({ reason: '', signed: {}, sent: [] });
    this.#parts = parts;
  }

  /** Changes the reason; requests that were signed with another reason are signed again on demand. */
  setReason(reason: string): void {
    this.set({ reason });
  }

  /** Returns the signed path of a call: the shown one while it is valid, otherwise a new one. */
  async sign(call: ModerationCall): Promise<string | undefined> {
    const key = callKey(call);
    const { reason, signed } = this.state;
    const known = signed[key];
    if (known?.kind === 'signed' && known.reason === reason && this.#parts.now() - known.atMs < SIGNATURE_MS) {
      return known.path;
    }
    if (known?.kind !== 'signed') this.#setSigned(key, { kind: 'signing' });
    try {
      const path = await signCall(call, reason, this.#parts.fetch);
      this.#setSigned(key, { kind: 'signed', path, reason, atMs: this.#parts.now() });
      return path;
    } catch (error) {
      this.#setSigned(key, { kind: 'failed', text: describeError(error).text });
      return undefined;
    }
  }

  /** Sends exactly the request that `sign` returns. */
  async send(call: ModerationCall): Promise<void> {
    const path = await this.sign(call);
    if (path === undefined) return;
    this.#lastId += 1;
    const id = this.#lastId;
    const request: SentRequest = { id, call, path, atMs: this.#parts.now(), outcome: { kind: 'sending' } };
    this.set({ sent: [request, ...this.state.sent].slice(0, MAX_SENT) });
    if (call.kind === 'close') this.#parts.expectClose(true);
    try {
      const answer = await sendSigned(path, this.#parts.fetch, () => performance.now());
      if (call.kind === 'close' && answer.code !== 0) this.#parts.expectClose(false);
      this.#settle(id, { kind: 'answered', answer });
      this.#parts.log.add(`HTTP ${nameOf(path)}`, [toLogged(answer)], 'request');
    } catch (error) {
      if (call.kind === 'close') this.#parts.expectClose(false);
      const { text } = describeError(error);
      this.#settle(id, { kind: 'failed', text });
      this.#parts.log.add(`HTTP ${nameOf(path)}`, [text], 'request');
    }
    // An App may reject a repeated signature: the next request gets a new one.
    this.#setSigned(callKey(call), undefined);
  }

  #settle(id: number, outcome: SentRequest['outcome']): void {
    this.set({ sent: this.state.sent.map((request) => (request.id === id ? { ...request, outcome } : request)) });
  }

  #setSigned(key: string, request: SignedRequest | undefined): void {
    const { [key]: _old, ...others } = this.state.signed;
    this.set({ signed: request ? { ...others, [key]: request } : others });
  }
}

/** Returns the Action of a signed path. */
export function nameOf(path: string): string {
  return new URLSearchParams(path.slice(path.indexOf('?'))).get('Action') ?? 'request';
}

function toLogged({ httpStatus, code, message, requestId, durationMs }: ModerationAnswer): object {
  return { httpStatus, Code: code, Message: message, RequestId: requestId, ms: Math.round(durationMs) };
}
