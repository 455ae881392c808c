/**
 * Remembers why members were put out, for the time in which their tickets could have been used.
 *
 * A kick kills the ticket at once (KICK-9): the member is gone. This only lets the refusal say why, so that the client
 * shows the reason and does not log in again by itself.
 *
 * @module
 */

import type { MemberCause, MemberId } from '@gavel/protocol';

/** Why a member was put out. */
export interface Departure {
  readonly cause: MemberCause;
  readonly reason: string;
  readonly untilMonotonicMs: number;
}

/** Causes after which a client must not come back by itself. */
const FINAL: ReadonlySet<MemberCause> = new Set<MemberCause>([
  'kicked',
  'room-closed',
  'replaced',
  'token-expired',
  'logout',
]);

/** Members put out lately, by member id. Holds each for a fixed time, so its size is bounded by the rate of kicks. */
export class Departed {
  readonly #keptMs: number;
  readonly #departures = new Map<MemberId, Departure>();

  constructor(keptMs: number) {
    this.#keptMs = keptMs;
  }

  /** Remembers a departure where its cause forbids coming back. */
  note(memberId: MemberId, cause: MemberCause, reason: string, nowMonotonicMs: number): void {
    if (!FINAL.has(cause)) return;
    this.#departures.set(memberId, { cause, reason, untilMonotonicMs: nowMonotonicMs + this.#keptMs });
  }

  /** Why the member was put out, or undefined where that is not known. */
  find(memberId: MemberId): Departure | undefined {
    return this.#departures.get(memberId);
  }

  /** Forgets what is old. Entries are in the order of their time, so it stops at the first young one. */
  sweep(nowMonotonicMs: number): void {
    for (const [memberId, departure] of this.#departures) {
      if (departure.untilMonotonicMs > nowMonotonicMs) return;
      this.#departures.delete(memberId);
    }
  }
}
