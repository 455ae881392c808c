/**
 * Probes: short phases in which more is sent than the estimate, to find out whether the link carries it.
 *
 * @module
 */

import { NO_CLUSTER } from './send-history.ts';

/** The first probes, as multiples of the first rate. */
const FIRST_PROBES = [3, 6];
/** A later probe is at most this multiple of the estimate, and at most this much above it, in bits per second. */
const MAX_MULTIPLE = 2;
const MAX_EXCESS_BPS = 500_000;
/** Length of a probe in round trips, and its bounds in milliseconds. */
const ROUND_TRIPS = 2;
const MIN_PROBE_MS = 20;
const MAX_PROBE_MS = 100;
/** A slow probe lasts until it has about so many bytes, so that it has enough packets to be judged. */
const MIN_PROBE_BYTES = 1_500;
/** Milliseconds between two probes: after one that succeeded, and at most after failures, which double it. */
const INTERVAL_MS = 700;
const MAX_INTERVAL_MS = 30_000;
const MAX_URGENT_INTERVAL_MS = 5_000;
/** How long the feedback of a probe is waited for, in milliseconds, beyond a round trip. */
const PATIENCE_MS = 1_000;
/** A result needs this many packets, and this share of the probe's bytes. */
const MIN_PACKETS = 5;
const MIN_SHARE = 0.5;
/** If packets arrive slower than this share of how they were sent, the link is full. */
const FULL_SHARE = 0.9;
/** What is used of a full link. */
const FULL_USE = 0.95;
/** A probe succeeds if it proves this much more than the estimate. */
const SUCCESS = 1.02;

interface Cluster {
  readonly id: number;
  readonly bps: number;
  readonly startMs: number;
  readonly endMs: number;
  sentBytes: number;
  arrivedBytes: number;
  arrivedPackets: number;
  firstBytes: number;
  lastBytes: number;
  firstSentMs: number;
  lastSentMs: number;
  firstArrivedMs: number;
  lastArrivedMs: number;
}

/** What decides whether a probe begins. */
export interface ProbeSituation {
  readonly estimateBps: number;
  /** What would be sent if the link carried it, in bits per second. */
  readonly wantedBps: number;
  /** Whether the queue does not grow, and did not recently. */
  readonly isCalm: boolean;
  /** Whether a failed probe is repeated after some seconds at the latest, because the viewer has no picture. */
  readonly isUrgent: boolean;
  readonly roundTripMs: number;
}

/** Decides when to probe, and what a probe has proved. */
export class Probing {
  readonly #startBps: number;
  #active: Cluster | undefined;
  /** A cluster that is sent, and whose feedback is not complete. */
  #judged: Cluster | undefined;
  #lastId = NO_CLUSTER;
  #firstProbes = 0;
  #dueMs = Number.NEGATIVE_INFINITY;
  #failedAtMs = Number.POSITIVE_INFINITY;
  #intervalMs = INTERVAL_MS;

  /** @param startBps the first rate, in bits per second */
  constructor(startBps: number) {
    this.#startBps = startBps;
  }

  /** The cluster that packets are sent under now; `NO_CLUSTER` for none. */
  cluster(nowMs: number): number {
    return this.#active !== undefined && nowMs < this.#active.endMs ? this.#active.id : NO_CLUSTER;
  }

  /** Whether a probe has begun whose result is not known. */
  get awaitsResult(): boolean {
    return this.#active !== undefined || this.#judged !== undefined;
  }

  /** Begins a probe if one is due. */
  begin({ estimateBps, wantedBps, isCalm, isUrgent, roundTripMs }: ProbeSituation, nowMs: number): void {
    this.#endActive(nowMs);
    if (this.#judged !== undefined && nowMs > this.#judged.endMs + roundTripMs + PATIENCE_MS) this.#fail(nowMs);
    if (this.#active !== undefined || this.#judged !== undefined || !isCalm) return;
    if (nowMs < this.#dueMs && !(isUrgent && nowMs >= this.#failedAtMs + MAX_URGENT_INTERVAL_MS)) return;
    const first = FIRST_PROBES[this.#firstProbes];
    if (first === undefined && wantedBps <= estimateBps) return;
    const bps =
      first === undefined
        ? Math.min(estimateBps + MAX_EXCESS_BPS, estimateBps * MAX_MULTIPLE, wantedBps * 1.1)
        : first * this.#startBps;
    this.#firstProbes += 1;
    if (bps <= estimateBps * SUCCESS) return;
    const lengthMs = Math.min(
      MAX_PROBE_MS,
      Math.max(MIN_PROBE_MS, roundTripMs * ROUND_TRIPS, (MIN_PROBE_BYTES * 8_000) / bps),
    );
    this.#lastId = (this.#lastId % 0xffff) + 1;
    this.#active = createCluster(this.#lastId, bps, nowMs, nowMs + lengthMs);
  }

  /** Returns the bytes of padding that the probe needs now, so that its rate is reached. */
  findPadding(nowMs: number): number {
    const cluster = this.#active;
    if (cluster === undefined || nowMs >= cluster.endMs) return 0;
    return Math.max(0, Math.floor((cluster.bps * (nowMs - cluster.startMs)) / 8_000) - cluster.sentBytes);
  }

  /** Records a packet that was sent under the present cluster. */
  recordSent(bytes: number): void {
    if (this.#active !== undefined) this.#active.sentBytes += bytes;
  }

  /** Records the arrival of a packet of a cluster; returns the rate that the probe has proved, once it is known. */
  recordArrival(id: number, bytes: number, sentMs: number, arrivedMs: number): number | undefined {
    const cluster = this.#active?.id === id ? this.#active : this.#judged?.id === id ? this.#judged : undefined;
    if (cluster === undefined) return undefined;
    cluster.arrivedBytes += bytes;
    cluster.arrivedPackets += 1;
    if (sentMs < cluster.firstSentMs) cluster.firstSentMs = sentMs;
    // Packets that were sent at once count as one.
    if (sentMs > cluster.lastSentMs) cluster.lastBytes = bytes;
    else if (sentMs === cluster.lastSentMs) cluster.lastBytes += bytes;
    cluster.lastSentMs = Math.max(cluster.lastSentMs, sentMs);
    if (arrivedMs < cluster.firstArrivedMs) {
      cluster.firstArrivedMs = arrivedMs;
      cluster.firstBytes = bytes;
    }
    if (arrivedMs > cluster.lastArrivedMs) cluster.lastArrivedMs = arrivedMs;
    return measure(cluster);
  }

  /** Ends the probe that waits for its result: a rate above the estimate is a success, and the next probe comes soon. */
  conclude(provedBps: number, estimateBps: number, nowMs: number): void {
    this.#endActive(nowMs);
    if (this.#judged === undefined) return;
    if (provedBps <= estimateBps * SUCCESS) {
      this.#fail(nowMs);
      return;
    }
    this.#judged = undefined;
    this.#intervalMs = INTERVAL_MS;
    this.#dueMs = this.#firstProbes < FIRST_PROBES.length ? nowMs : nowMs + INTERVAL_MS;
  }

  #endActive(nowMs: number): void {
    if (this.#active === undefined || nowMs < this.#active.endMs) return;
    this.#judged = this.#active;
    this.#active = undefined;
  }

  #fail(nowMs: number): void {
    this.#judged = undefined;
    // The link is fuller than the first probes suppose.
    this.#firstProbes = FIRST_PROBES.length;
    this.#failedAtMs = nowMs;
    this.#dueMs = nowMs + this.#intervalMs;
    this.#intervalMs = Math.min(MAX_INTERVAL_MS, this.#intervalMs * 2);
  }
}

function createCluster(id: number, bps: number, startMs: number, endMs: number): Cluster {
  const infinity = Number.POSITIVE_INFINITY;
  const counts = { sentBytes: 0, arrivedBytes: 0, arrivedPackets: 0, firstBytes: 0, lastBytes: 0 };
  const times = { firstSentMs: infinity, lastSentMs: -infinity, firstArrivedMs: infinity, lastArrivedMs: -infinity };
  return { id, bps, startMs, endMs, ...counts, ...times };
}

/** Returns the smaller of the rates at which a cluster was sent and arrived; undefined while too little has arrived. */
function measure(cluster: Cluster): number | undefined {
  const expected = (cluster.bps * (cluster.endMs - cluster.startMs)) / 8_000;
  if (cluster.arrivedPackets < MIN_PACKETS || cluster.arrivedBytes < expected * MIN_SHARE) return undefined;
  const sentMs = cluster.lastSentMs - cluster.firstSentMs;
  const arrivedMs = cluster.lastArrivedMs - cluster.firstArrivedMs;
  if (sentMs <= 0 || arrivedMs <= 0) return undefined;
  // Without what is at the end of the time: n bursts have n - 1 intervals.
  const sentBps = ((cluster.arrivedBytes - cluster.lastBytes) * 8_000) / sentMs;
  const arrivedBps = ((cluster.arrivedBytes - cluster.firstBytes) * 8_000) / arrivedMs;
  return arrivedBps < sentBps * FULL_SHARE ? arrivedBps * FULL_USE : Math.min(sentBps, arrivedBps);
}
