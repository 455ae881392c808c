/**
 * Posts one callback. Only the status of the response is used; redirects are not followed.
 *
 * @module
 */

import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { ConnectionPool } from './http/pool.ts';
import { requestOf, type Target, targetOf } from './http/target.ts';
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

/** Number of URLs whose parts are kept. */
const MAX_TARGETS = 1000;

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
  const pool = new ConnectionPool(allowPrivateTargets ? undefined : lookupPublic);
  const targets = new Map<string, Target>();
  const findTarget = (url: string): Target => {
    const known = targets.get(url);
    if (known) return known;
    // An IP address is never looked up.
    const host = allowPrivateTargets ? undefined : findPrivateHost(url);
    if (host !== undefined) throw refusalOf(host);
    if (targets.size >= MAX_TARGETS) targets.clear();
    const target = targetOf(url);
    targets.set(url, target);
    return target;
  };
  return {
    async post({ url, headers, body, timeoutMs }) {
      const target = findTarget(url);
      return { status: await pool.send(target, requestOf(target, headers, body), timeoutMs) };
    },
    close: async () => pool.close(),
  };
}
