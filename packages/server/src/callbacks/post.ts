/**
 * Posts one callback. Nothing of the answer but its status is of interest; redirects are not followed.
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
  /** Ends the attempt, from the first packet to the end of the answer. */
  readonly timeoutMs: number;
}

/** Posts, and gives the status of the answer. @throws Error that says in words why there was none */
export type Post = (request: PostRequest) => Promise<{ readonly status: number }>;

/** A `Post` with its connections. */
export interface Poster {
  readonly post: Post;
  /** Ends all connections, attempts under way included. */
  close(): Promise<void>;
}

/** Answers are not looked at: after so many bytes the connection is closed instead of read to its end. */
const MAX_ANSWER_BYTES = 16 * 1024;

const refusalOf = (host: string): Error =>
  new Error(`${host} is not a public address (callbacks.allowPrivateTargets is off)`);

/** Looks a name up, and gives its public addresses only: what is checked is what is connected to, whatever a later lookup would say. */
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

/** Makes a poster. With `allowPrivateTargets` off, it connects to public addresses only. */
export function createPoster({ allowPrivateTargets }: { readonly allowPrivateTargets: boolean }): Poster {
  const connect = allowPrivateTargets ? {} : { lookup: lookupPublic };
  let client: ReturnType<typeof loadClient> | undefined;
  return {
    async post({ url, headers, body, timeoutMs }) {
      // An address in figures is never looked up.
      const host = allowPrivateTargets ? undefined : findPrivateHost(url);
      if (host !== undefined) throw refusalOf(host);
      client ??= loadClient(connect);
      const { request, agent } = await client;
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const answer = await request(url, { method: 'POST', headers, body, dispatcher: agent, signal });
        await answer.body.dump({ limit: MAX_ANSWER_BYTES, signal }).catch(() => {});
        return { status: answer.statusCode };
      } catch (error) {
        throw signal.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error;
      }
    },
    close: async () => (await client)?.agent.destroy(),
  };
}

/** Most of a start is the loading of modules, and these hundred can wait for the first callback. */
async function loadClient(connect: NonNullable<Agent.Options['connect']>) {
  const { Agent, request } = await import('undici');
  return { request, agent: new Agent({ allowH2: false, connect }) };
}
