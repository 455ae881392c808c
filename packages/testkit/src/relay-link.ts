/**
 * One direction of a network link in real time.
 *
 * @module
 */

import { SimulatedLink } from './simulated-link.ts';

/** The properties of one direction of a link. What is absent does not limit it. */
export interface LinkConditions {
  /** Bits per second. */
  readonly bps?: number;
  /** The longest queue in front of the bottleneck, in milliseconds; packets that do not fit are lost. Default 500. */
  readonly queueMs?: number;
  /** Delay in milliseconds, without the queue. */
  readonly delayMs?: number;
  /** Each packet is delayed by up to this many further milliseconds, and may be overtaken. */
  readonly jitterMs?: number;
  /** The share of packets that is lost at random, from 0 to 1. */
  readonly loss?: number;
  /** Whether no packet passes. */
  readonly isBlocked?: boolean;
}

/** What passed a link so far. */
export interface LinkCounts {
  /** Packets that were passed on, or that wait. */
  readonly passed: number;
  readonly bytes: number;
  /** Packets lost at random, in the full queue, or while the link was blocked. */
  readonly lost: number;
}

/** What a link needs of a clock. */
export interface LinkClock {
  monotonicMs(): number;
  /** Calls back after a delay in milliseconds; returns what cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The clock of this process. */
const SYSTEM_CLOCK: LinkClock = {
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

interface Delivery {
  readonly atMs: number;
  readonly deliver: () => void;
}

const DEFAULT_QUEUE_MS = 500;

/** Passes packets with the conditions that are set, which may change at any time. */
export class RelayLink {
  #conditions: LinkConditions = {};
  readonly #link: SimulatedLink;
  readonly #clock: LinkClock;
  readonly #waiting: Delivery[] = [];
  readonly #counts = { passed: 0, bytes: 0, lost: 0 };
  #longestQueueMs = 0;
  #cancel: (() => void) | undefined;

  /** @param random a seeded source of numbers from 0 to 1 */
  constructor(random: () => number, clock: LinkClock = SYSTEM_CLOCK) {
    this.#clock = clock;
    const read = () => this.#conditions;
    this.#link = new SimulatedLink({
      bps: () => read().bps ?? Number.POSITIVE_INFINITY,
      get queueMs() {
        return read().queueMs ?? DEFAULT_QUEUE_MS;
      },
      get delayMs() {
        return read().delayMs ?? 0;
      },
      get jitterMs() {
        return read().jitterMs ?? 0;
      },
      get loss() {
        return read().loss ?? 0;
      },
      random,
    });
  }

  /** Replaces the conditions. What already waits in the queue leaves as planned. */
  shape(conditions: LinkConditions): void {
    this.#conditions = conditions;
  }

  /** What passed so far. */
  get counts(): LinkCounts {
    return { ...this.#counts };
  }

  /** How long a packet that came now would wait in the queue, in milliseconds. */
  get queuedMs(): number {
    return Math.max(0, this.#link.freeAtMs - this.#clock.monotonicMs());
  }

  /** Returns the longest wait of a packet in the queue since the previous call, in milliseconds. */
  takeLongestQueueMs(): number {
    const longest = Math.max(this.#longestQueueMs, this.queuedMs);
    this.#longestQueueMs = 0;
    return longest;
  }

  /** Passes one packet: `deliver` is called when it arrives, and never if it is lost. */
  pass(bytes: number, deliver: () => void): void {
    const nowMs = this.#clock.monotonicMs();
    const transit = this.#conditions.isBlocked ? undefined : this.#link.send(bytes, nowMs);
    this.#longestQueueMs = Math.max(this.#longestQueueMs, this.queuedMs);
    if (transit?.arrivedAtMs === undefined) {
      this.#counts.lost += 1;
      return;
    }
    this.#counts.passed += 1;
    this.#counts.bytes += bytes;
    this.#insert({ atMs: transit.arrivedAtMs, deliver });
    this.#deliverDue();
  }

  /** Drops what waits. */
  close(): void {
    this.#waiting.length = 0;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Keeps the packets in the order of their arrival; most of them arrive last. */
  #insert(delivery: Delivery): void {
    let index = this.#waiting.length;
    while (index > 0 && (this.#waiting[index - 1] as Delivery).atMs > delivery.atMs) index -= 1;
    this.#waiting.splice(index, 0, delivery);
  }

  #deliverDue(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const nowMs = this.#clock.monotonicMs();
    const later = this.#waiting.findIndex(({ atMs }) => atMs > nowMs);
    const due = this.#waiting.splice(0, later < 0 ? this.#waiting.length : later);
    for (const { deliver } of due) deliver();
    const [next] = this.#waiting;
    if (next && this.#cancel === undefined) {
      this.#cancel = this.#clock.after(Math.max(0, next.atMs - nowMs), () => this.#deliverDue());
    }
  }
}
