/**
 * The rate limit of API tokens: a number of calls per window (RTK-13, reference 2.5).
 *
 * @module
 */

import type { Clock } from '../base/clock.ts';
import type { Peers } from '../cluster/peers.ts';
import { defineTopic } from '../cluster/topic.ts';

/** The limit, as configured. */
export interface RateLimitSettings {
  /** Maximum number of calls of one token in one window. */
  readonly requests: number;
  readonly windowSeconds: number;
}

/** The result of counting a call, and the headers for its answer. */
export interface RateVerdict {
  readonly isAllowed: boolean;
  /** Seconds until the window ends. */
  readonly resetSeconds: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** When more tokens than this are stored, those whose window has ended are deleted. */
const MAX_KEPT = 10_000;

const COUNT = defineTopic<{ readonly tokenKey: string }, RateVerdict>('realtimekit.count');

/**
 * Counts the calls of each token, at the node that is responsible for the token: the limit is exact over all nodes (CLUS-8). Only valid tokens are counted, so their number limits the memory. */
export class TokenRateLimit {
  readonly #settings: RateLimitSettings;
  readonly #clock: Clock;
  readonly #peers: Pick<Peers, 'askFor'>;
  readonly #windows = new Map<string, { readonly endsAtMs: number; count: number }>();

  constructor(settings: RateLimitSettings, clock: Clock, peers: Pick<Peers, 'serve' | 'askFor'>) {
    this.#settings = settings;
    this.#clock = clock;
    this.#peers = peers;
    peers.serve(COUNT, ({ tokenKey: key }) => this.#countHere(key));
  }

  /**
   * Counts a call and returns whether it is allowed.
   *
   * @throws GavelError `server.node-unavailable` if the node that counts is gone
   */
  count(tokenKey: string): Promise<RateVerdict> {
    return this.#peers.askFor(`realtimekit ${tokenKey}`, COUNT, { tokenKey });
  }

  #countHere(tokenKey: string): RateVerdict {
    const { requests, windowSeconds } = this.#settings;
    const nowMs = this.#clock.monotonicMs();
    const window = this.#windowOf(tokenKey, nowMs);
    const isAllowed = window.count < requests;
    if (isAllowed) window.count += 1;
    const resetSeconds = Math.max(1, Math.ceil((window.endsAtMs - nowMs) / 1000));
    return {
      isAllowed,
      resetSeconds,
      headers: {
        ratelimit: `"default";r=${requests - window.count};t=${resetSeconds}`,
        'ratelimit-policy': `"default";q=${requests};w=${windowSeconds}`,
        ...(!isAllowed && { 'retry-after': String(resetSeconds) }),
      },
    };
  }

  #windowOf(tokenKey: string, nowMs: number) {
    const lengthMs = this.#settings.windowSeconds * 1000;
    const known = this.#windows.get(tokenKey);
    if (known && known.endsAtMs > nowMs) return known;
    if (this.#windows.size >= MAX_KEPT) {
      for (const [key, { endsAtMs }] of this.#windows) if (endsAtMs <= nowMs) this.#windows.delete(key);
    }
    const window = { endsAtMs: nowMs + lengthMs, count: 0 };
    this.#windows.set(tokenKey, window);
    return window;
  }
}
