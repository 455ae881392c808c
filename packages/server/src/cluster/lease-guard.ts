/**
 * The guard of the lease: what a node does that has lost its lease, and when it has one again.
 *
 * @module
 */

import type { RoomKey } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { RoomState } from '../rooms/room-state.ts';

const CHECK_INTERVAL_MS = 250;
/** So long after its lease a node sends no media any more (CLUS-5). */
export const MEDIA_GRACE_MS = 5000;
/** The workers learn that they may send for longer when it is so much longer: each renewal of the lease is one message. */
const EXTENSION_MS = 500;
/** A check that comes so late was held up long enough for a lease to be over and renewed in between. */
const LATE_MS = 2000;

/** Dependencies of `LeaseGuard`. */
export interface LeaseGuardDeps {
  readonly clock: Clock;
  readonly lease: {
    /** How long the lease still lasts, in milliseconds; 0 or less if it is over. */
    readonly remainingMs: number;
    /** The term in which this node owns a room now; undefined if it is not its owner. */
    termOf(key: RoomKey): number | undefined;
  };
  readonly rooms: {
    keys(): readonly RoomKey[];
    stateOf(key: RoomKey): RoomState | undefined;
    forget(key: RoomKey): void;
  };
  readonly media: {
    adopt(state: RoomState): void;
    abandon(key: RoomKey): Promise<void>;
    /** Has media end after so long, in milliseconds, also if this process stands still; undefined: no more. */
    limitSending(remainingMs: number | undefined): void;
  };
  readonly log: { warn(fields: object, message: string): void };
  /** Reports an error that no caller can receive. */
  readonly report: (error: unknown) => void;
}

/**
 * Watches the lease. Without one the node decides nothing (`RoomsSettings.mayDecide`); 5 s later its media is closed, because
 * somebody may have been kicked at another node. The media workers end themselves at that time if this process stands still. With a lease again, it goes on with the rooms that nobody has taken over, and
 * forgets the others.
 */
export class LeaseGuard {
  readonly #deps: LeaseGuardDeps;
  #checkedAtMs: number;
  #hadGap = false;
  #isMediaClosed = false;
  /** When the media workers end themselves. */
  #sendsUntilMs = Number.NEGATIVE_INFINITY;
  #stop: (() => void) | undefined;

  constructor(deps: LeaseGuardDeps) {
    this.#deps = deps;
    this.#checkedAtMs = deps.clock.monotonicMs();
  }

  /** Begins to watch. */
  start(): void {
    const { clock } = this.#deps;
    this.#checkedAtMs = clock.monotonicMs();
    this.#stop ??= clock.every(CHECK_INTERVAL_MS, () => this.#check());
  }

  /** Watches no more. */
  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#deps.media.limitSending(undefined);
  }

  #check(): void {
    const { clock, lease, log } = this.#deps;
    const now = clock.monotonicMs();
    if (now - this.#checkedAtMs > LATE_MS) this.#hadGap = true;
    this.#checkedAtMs = now;
    if (lease.remainingMs > 0) {
      if (this.#hadGap) this.#resume();
      this.#extendSending(now + lease.remainingMs + MEDIA_GRACE_MS);
      return;
    }
    if (!this.#hadGap) log.warn({}, 'the lease of this node is over: it decides nothing until it has one again');
    this.#hadGap = true;
    // The next check would be too late.
    const isDue = CHECK_INTERVAL_MS - lease.remainingMs >= MEDIA_GRACE_MS;
    if (isDue && !this.#isMediaClosed) this.#closeMedia();
  }

  #extendSending(untilMs: number): void {
    const { clock, media } = this.#deps;
    if (untilMs - this.#sendsUntilMs < EXTENSION_MS) return;
    this.#sendsUntilMs = untilMs;
    media.limitSending(untilMs - clock.monotonicMs());
  }

  #closeMedia(): void {
    const { rooms, media, log, report } = this.#deps;
    this.#isMediaClosed = true;
    const keys = rooms.keys();
    log.warn({ rooms: keys.length }, 'the lease of this node is over for 5 s: it closes the media of its rooms');
    const closing = keys.map((key) => media.abandon(key));
    for (const closed of closing) closed.catch(report);
    Promise.all(closing).then(
      () => this.#endLimit(),
      // The workers end themselves.
      () => undefined,
    );
  }

  /** Without media, the workers need not end. */
  #endLimit(): void {
    if (!this.#isMediaClosed) return;
    this.#sendsUntilMs = Number.NEGATIVE_INFINITY;
    this.#deps.media.limitSending(undefined);
  }

  #resume(): void {
    const { lease, rooms, media, log, report } = this.#deps;
    const lost = rooms.keys().filter((key) => lease.termOf(key) === undefined);
    for (const key of lost) {
      rooms.forget(key);
      media.abandon(key).catch(report);
    }
    if (this.#isMediaClosed) for (const key of rooms.keys()) this.#reopenMedia(key);
    log.warn({ kept: rooms.keys().length, lost: lost.length }, 'this node has a lease again');
    this.#hadGap = false;
    this.#isMediaClosed = false;
  }

  #reopenMedia(key: RoomKey): void {
    const state = this.#deps.rooms.stateOf(key);
    if (state) this.#deps.media.adopt(state);
  }
}
