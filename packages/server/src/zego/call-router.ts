/**
 * Routes each call to one node of the cluster: the one that is responsible for the App. Rates, used nonces and sequence numbers
 * of an App are there, and so are exact whatever nodes its calls arrive at (RATE-3, ACC-7).
 *
 * @module
 */

import type { Peers } from '../cluster/peers.ts';
import { defineTopic } from '../cluster/topic.ts';
import type { Body } from './body.ts';
import type { ReturnCode } from './codes.ts';
import type { Answer, Gateway } from './gateway.ts';
import { Query } from './query.ts';

/** A body as JSON. */
type RoutedBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'object'; readonly fields: readonly (readonly [string, unknown])[] }
  | { readonly kind: 'refused'; readonly code: ReturnCode; readonly formNames?: readonly string[] };

interface RoutedCall {
  /** The request target. */
  readonly url: string;
  readonly body: RoutedBody;
}

const CALL = defineTopic<RoutedCall, Answer>('zego.call');

/** Answers calls, here or at another node. */
export class CallRouter {
  readonly #gateway: Gateway;
  readonly #peers: Peers;

  constructor(gateway: Gateway, peers: Peers) {
    this.#gateway = gateway;
    this.#peers = peers;
    peers.serve(CALL, ({ url, body }) => gateway.answer(new Query(url), readBody(body)));
  }

  /** Executes a call and returns its response; never throws. */
  answer(url: string, query: Query, body: Body): Promise<Answer> {
    const node = this.#peers.nodeFor(`zego ${query.scalar('AppId')?.text}`);
    if (node === this.#peers.self) return this.#gateway.answer(query, body);
    return this.#peers
      .ask(node, CALL, { url, body: writeBody(body) })
      .catch((error: unknown) => this.#gateway.answerFailure(query, error));
  }
}

function writeBody(body: Body): RoutedBody {
  switch (body.kind) {
    case 'none':
      return body;
    case 'object':
      return { kind: 'object', fields: [...body.fields] };
    case 'refused':
      return { kind: 'refused', code: body.code, ...(body.formNames && { formNames: [...body.formNames] }) };
  }
}

function readBody(body: RoutedBody): Body {
  switch (body.kind) {
    case 'none':
      return body;
    case 'object':
      return { kind: 'object', fields: new Map(body.fields) };
    case 'refused':
      return { kind: 'refused', code: body.code, ...(body.formNames && { formNames: new Set(body.formNames) }) };
  }
}
