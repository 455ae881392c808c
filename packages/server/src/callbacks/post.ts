/**
 * Posts one callback. Only the status of the response is used; redirects are not followed.
 *
 * @module
 */

import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Agent, Dispatcher } from 'undici';
import { findPrivateHost, isPrivateAddress } from './private-addresses.ts';

/** One attempt. */
export interface PostRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Timeout of the attempt, from the first packet to the end of the response. */
  readonly timeoutMs: number;
  /** Nothing is sent from this moment of `sharedMonotonicMs` on; by default the attempt may begin at any time. */
  readonly beginBeforeMs?: number;
}

/** How an attempt ended: with the status of its response, or it would have begun too late and nothing was sent. */
export type PostOutcome = { readonly status: number } | { readonly isTooLate: true };

/** Returns a monotonic time in milliseconds that is the same in all threads of a process. */
export const sharedMonotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Posts, and returns how it ended. @throws Error whose message says why there was no response */
export type Post = (request: PostRequest) => Promise<PostOutcome>;

/** A `Post` with its connections. */
export interface Poster {
  readonly post: Post;
  /** Closes all connections, including those of running attempts. */
  close(): Promise<void>;
}

/** Response bodies are not used: after this many bytes the connection is closed instead of read to the end. */
const MAX_ANSWER_BYTES = 16 * 1024;

const refusalOf = (host: string): Error =>
  new Error(`${host} is not a public address (callbacks.allowPrivateTargets is off)`);

/** Resolves a host name to its public addresses only. The connection uses the checked addresses, so a later lookup cannot change them. */
const lookupPublic: LookupFunction = (name, options, callback) => {
  lookup(name, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, '');
    const allowed = addresses.filter(({ address }) => !isPrivateAddress(address));
    const [first] = allowed;
    if (!first) return callback(refusalOf(`${name} (${addresses[0]?.address})`), '');
    if (options.all) return callback(null, allowed);
    return callback(null, first.address, first.family);
  });
};

/** Options of a poster. */
export interface PosterOptions {
  /** If false, it connects to public addresses only. */
  readonly allowPrivateTargets: boolean;
}

/** Creates a poster in this thread. */
export function createPoster({ allowPrivateTargets }: PosterOptions): Poster {
  const connect = allowPrivateTargets ? {} : { lookup: lookupPublic };
  let agent: Promise<Agent> | undefined;
  return {
    async post(request) {
      // An IP address is never looked up.
      const host = allowPrivateTargets ? undefined : findPrivateHost(request.url);
      if (host !== undefined) throw refusalOf(host);
      agent ??= loadAgent(connect);
      return dispatch(await agent, request);
    },
    close: async () => (await agent)?.destroy(new Error('the server is stopping')),
  };
}

/** Loads undici at the first callback: loading its hundred modules would slow the start of the server. */
async function loadAgent(connect: NonNullable<Agent.Options['connect']>): Promise<Agent> {
  const { Agent } = await import('undici');
  return new Agent({ allowH2: false, connect });
}

/**
 * Sends a request, and returns the status of its response. It uses undici's handlers: its `request` also makes a stream and an
 * abort signal for each response, which cost as much as the rest.
 */
function dispatch(agent: Agent, { url, headers, body, timeoutMs, beginBeforeMs }: PostRequest): Promise<PostOutcome> {
  return new Promise((resolve, reject) => {
    const { origin, pathname, search } = new URL(url);
    let controller: Dispatcher.DispatchController | undefined;
    let status: number | undefined;
    let byteCount = 0;
    let isOver = false;
    /** Ends the attempt: with the status if it has arrived, else with the error. */
    const end = (error?: Error): void => {
      isOver = true;
      clearTimeout(timer);
      if (status === undefined) reject(error ?? new Error('the response has no status'));
      else resolve({ status });
    };
    const isTooLate = (): boolean => beginBeforeMs !== undefined && sharedMonotonicMs() >= beginBeforeMs;
    const timer = setTimeout(() => {
      const error = new Error(`no answer within ${timeoutMs} ms`);
      // There is no controller before there is a connection.
      controller?.abort(error);
      end(error);
    }, timeoutMs);
    agent.dispatch(
      { origin, path: `${pathname}${search}`, method: 'POST', headers: { ...headers }, body },
      {
        onRequestStart(started) {
          controller = started;
          if (isOver) started.abort(new Error('the request is over'));
          // The request is written in this turn of the event loop, unless it is aborted.
          else if (isTooLate()) {
            resolve({ isTooLate: true });
            started.abort(new Error('the request may not begin any more'));
          }
        },
        onResponseStart(_, code) {
          // Interim responses come before the response.
          if (code >= 200) status = code;
        },
        onResponseData(started, chunk) {
          byteCount += chunk.length;
          if (byteCount > MAX_ANSWER_BYTES) started.abort(new Error('the response is too long'));
        },
        onResponseEnd() {
          end();
        },
        onResponseError(_, error) {
          end(error);
        },
      },
    );
  });
}
