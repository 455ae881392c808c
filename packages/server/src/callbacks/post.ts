/**
 * Posts one callback. Only the status of the response is used; redirects are not followed.
 *
 * @module
 */

import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Agent } from 'undici';
import { findPrivateHost, isPrivateAddress } from './private-addresses.ts';

/** One attempt. */
export interface PostRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Timeout of the attempt, from the first packet to the end of the response. */
  readonly timeoutMs: number;
}

/** Posts, and returns the status of the response. @throws Error whose message says why there was no response */
export type Post = (request: PostRequest) => Promise<{ readonly status: number }>;

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

/** Creates a poster. With `allowPrivateTargets` off, it connects to public addresses only. */
export function createPoster({ allowPrivateTargets }: { readonly allowPrivateTargets: boolean }): Poster {
  const connect = allowPrivateTargets ? {} : { lookup: lookupPublic };
  let client: ReturnType<typeof loadClient> | undefined;
  return {
    async post({ url, headers, body, timeoutMs }) {
      // An IP address is never looked up.
      const host = allowPrivateTargets ? undefined : findPrivateHost(url);
      if (host !== undefined) throw refusalOf(host);
      client ??= loadClient(connect);
      const { request, agent } = await client;
      // A signal with a timeout of its own would fire later also for what was answered in time.
      const controller = new AbortController();
      const { signal } = controller;
      const timer = setTimeout(() => controller.abort(), timeoutMs);
      try {
        const answer = await request(url, { method: 'POST', headers, body, dispatcher: agent, signal });
        await answer.body.dump({ limit: MAX_ANSWER_BYTES, signal }).catch(() => {});
        return { status: answer.statusCode };
      } catch (error) {
        throw signal.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error;
      } finally {
        clearTimeout(timer);
      }
    },
    close: async () => (await client)?.agent.destroy(),
  };
}

/** Loads undici at the first callback: loading its hundred modules would slow the start of the server. */
async function loadClient(connect: NonNullable<Agent.Options['connect']>) {
  const { Agent, request } = await import('undici');
  return { request, agent: new Agent({ allowH2: false, connect }) };
}
