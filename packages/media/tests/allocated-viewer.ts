/**
 * A viewer of videos in several layers, for tests of the allocation: the test sets its estimate.
 *
 * @module
 */

import type { Step } from '../src/worker/allocation/allocate.ts';
import { ALLOCATION_INTERVAL_MS, Allocator } from '../src/worker/allocation/allocator.ts';
import type { MediaClaim } from '../src/worker/allocation/claims.ts';
import { createLadder } from '../src/worker/allocation/ladder.ts';

/** The video of a subscription in three layers, as an allocation sees it. */
export class Claim implements MediaClaim {
  isNumbered = true;
  isLone = false;
  maxBps: number | undefined;
  priority = 0;
  height = 180;
  audioBps = 0;
  kbps: readonly number[] = [100, 300, 1_000];
  /** What the temporal layers of each layer take of it. */
  shares: readonly number[] = [1];
  temporalLayer: number | undefined;
  /** Whether half of its sound is redundancy, and whether that is left out. */
  isRedundant = false;
  isReduced = false;
  /** The layers that were sent so far; -1 for none. */
  readonly switches: number[] = [];
  readonly pauses: boolean[] = [];

  constructor(
    fields: Partial<
      Pick<Claim, 'priority' | 'height' | 'kbps' | 'shares' | 'audioBps' | 'isRedundant' | 'isNumbered' | 'isLone'>
    > = {},
  ) {
    Object.assign(this, fields);
  }

  get layer(): number | undefined {
    return this.switches.at(-1);
  }

  readAudioBps(): number {
    return this.isRedundant && this.isReduced ? this.audioBps / 2 : this.audioBps;
  }

  reduceSound(isReduced: boolean): void {
    this.isReduced = isReduced;
  }

  listSteps(): Step[] {
    return createLadder(this.kbps.map((kbps) => ({ bps: kbps * 1_000, shares: this.shares })));
  }

  readLayerBps(layer: number): number {
    return (this.kbps[layer] ?? 0) * 1_000;
  }

  limitRate(maxBps: number | undefined): void {
    this.maxBps = maxBps;
  }

  applyStep(step: Step | undefined): void {
    const layer = step?.layer ?? -1;
    this.temporalLayer = step?.temporalLayer;
    if (this.layer !== layer) this.switches.push(layer);
  }

  handlePaused(isPaused: boolean): void {
    this.pauses.push(isPaused);
  }
}

/** A peer on a link whose estimate the test sets. */
export class Viewer {
  readonly source = { bps: 10_000_000, capacityBps: 10_000_000, hasFeedback: true };
  readonly claims: Claim[] = [];
  nowMs = 1_000;
  updates = 0;
  #isAwake = false;
  readonly allocator = new Allocator(this.source, () => {
    this.#isAwake = true;
  });

  add(...claims: Claim[]): void {
    for (const claim of claims) this.allocator.add(claim);
    this.claims.push(...claims);
    this.allocator.update(this.nowMs);
  }

  /** Sets the estimate, as a feedback does; while a queue has to become shorter, the capacity is more. */
  estimate(kbps: number, capacityKbps = kbps): void {
    this.source.bps = kbps * 1_000;
    this.source.capacityBps = capacityKbps * 1_000;
    this.allocator.handleEstimate(this.nowMs);
  }

  /** Lets time pass, with an update every 500 ms as long as there is something to do. */
  advance(seconds: number): void {
    for (const endMs = this.nowMs + seconds * 1_000; this.nowMs < endMs; ) {
      this.nowMs += ALLOCATION_INTERVAL_MS;
      if (!this.#isAwake) continue;
      this.allocator.tick(this.nowMs);
      this.updates += 1;
      this.#isAwake = this.allocator.hasWork();
    }
  }

  get layers(): (number | undefined)[] {
    return this.claims.map(({ layer }) => layer);
  }
}

/** A viewer that has been there for so long that nothing is special about the start. */
export function createViewer(kbps: number, ...claims: Claim[]): Viewer {
  const viewer = new Viewer();
  viewer.estimate(kbps);
  viewer.add(...claims);
  viewer.advance(30);
  viewer.nowMs += 100;
  return viewer;
}
