/**
 * The allocation of one peer: what of each video is sent to it.
 *
 * @module
 */

import { ESTIMATOR_DEFAULTS } from '../../bwe/bandwidth-estimator.ts';
import type { Ticking } from '../tick-set.ts';
import { allocate, PAUSED, type Step, sumChosen, type Wish } from './allocate.ts';
import type { BandwidthDemand, BandwidthSource } from './bandwidth.ts';
import { BudgetFloor } from './budget-floor.ts';
import {
  createGrant,
  createOpenClaim,
  findLastOfLayer,
  type Grant,
  isOfOneLayer,
  type MediaClaim,
  type OpenClaim,
} from './claims.ts';
import { limitPublishers, makeFlexible } from './publisher-limits.ts';
import { SoundRedundancy } from './sound-redundancy.ts';

/** Time between two regular updates of a peer, in milliseconds. */
export const ALLOCATION_INTERVAL_MS = 500;

/** A better picture is sent when the bandwidth has had room for it, and this headroom, for this time in milliseconds. */
const HEADROOM = 1.15;
const PROBED_HEADROOM = 1.2;
const RISE_AFTER_MS = 5_000;
/** At the beginning probes find out the bandwidth, and a better picture is sent sooner. Milliseconds. */
const RAMP_MS = 10_000;
const RAMP_RISE_AFTER_MS = 1_000;
/** How long the first feedback, and the first probes, may take in milliseconds: until then nothing is paused. */
const START_MS = 2_000;
/** While a queue becomes shorter, further frames of the lowest layer are sent if they leave the rest of the capacity to the queue. */
const DRAINING_SHARE = 0.5;
/** Shortest time between two falls in milliseconds, so that a series of feedbacks is not a series of allocations. */
const MIN_INTERVAL_MS = 50;

/**
 * Divides a peer's bandwidth: sound first, without its redundancy where that would take too much, then video by `allocate`. What does not fit any longer is lowered or paused at
 * once; what fits again is raised after 5 s with 15 % headroom (BWE-2). A peer without feedback is not limited.
 *
 * It works when `update` is called: on every change of what is wanted, at once if the estimate falls below what is sent, and
 * otherwise every 500 ms as long as something is missing or the estimate changes.
 */
export class Allocator implements BandwidthDemand, Ticking {
  readonly #source: BandwidthSource;
  readonly #wake: (allocator: Allocator) => void;
  readonly #grants = new Map<MediaClaim, Grant>();
  readonly #floor = new BudgetFloor(RISE_AFTER_MS);
  readonly #redundancy = new SoundRedundancy();
  #startedAtMs: number | undefined;
  #updatedAtMs = Number.NEGATIVE_INFINITY;
  #seenBps = Number.NaN;
  #wantedBps = 0;
  #allocatedBps = 0;
  #isShort = false;
  #hasPausedVideo = false;
  /** The bits per second that would let those rise that rest after a mistake; 0 if there are none. */
  #heldBackBps = 0;

  /** @param wake sees to it that `tick` is called within 500 ms */
  constructor(source: BandwidthSource, wake: (allocator: Allocator) => void) {
    this.#source = source;
    this.#wake = wake;
  }

  /** As of the last update; with the headroom of a rise while something is missing. */
  get wantedBps(): number {
    return this.#wantedBps;
  }

  /** Bits per second that its subscriptions are expected to take, as of the last update. */
  get allocatedBps(): number {
    return this.#allocatedBps;
  }

  get hasPausedVideo(): boolean {
    return this.#hasPausedVideo;
  }

  /** Adds a subscription whose packets may flow from now on. */
  add(claim: MediaClaim): void {
    if (this.#grants.has(claim)) return;
    this.#grants.set(claim, createGrant());
    claim.reduceSound(this.#redundancy.isReduced);
    this.#wake(this);
  }

  remove(claim: MediaClaim): void {
    if (this.#grants.delete(claim)) this.#wake(this);
  }

  /** Handles that a subscription wants something else than before. */
  renew(claim: MediaClaim): void {
    const grant = this.#grants.get(claim);
    if (grant === undefined) return;
    grant.isFresh = true;
    this.#wake(this);
  }

  /** Handles that what it sees of its claims may have changed, such as the layers of a video. */
  handleLayersChanged(): void {
    this.#wake(this);
  }

  /** Whether the video of a subscription is paused for want of bandwidth. */
  isPaused(claim: MediaClaim): boolean {
    return this.#grants.get(claim)?.isPaused ?? false;
  }

  /** Handles a new estimate: what does not fit any longer is lowered at once. */
  handleEstimate(nowMs: number): void {
    const { bps } = this.#source;
    if (bps === this.#seenBps) return;
    this.#seenBps = bps;
    if (bps < this.#allocatedBps && nowMs - this.#updatedAtMs >= MIN_INTERVAL_MS) this.update(nowMs);
    else this.#wake(this);
  }

  tick(nowMs: number): void {
    this.update(nowMs);
  }

  /** Whether something is missing that may fit later. */
  hasWork(): boolean {
    return this.#isShort;
  }

  /** Decides what is sent. */
  update(nowMs: number): void {
    this.#updatedAtMs = nowMs;
    const open: OpenClaim[] = [];
    for (const [claim, grant] of this.#grants) {
      const steps = claim.listSteps(nowMs);
      if (steps.length === 0) this.#apply(claim, grant, undefined, false);
      else open.push(createOpenClaim(claim, grant, steps));
    }
    if (open.length > 0) this.#startedAtMs ??= nowMs;
    const budgetBps = this.#readBudget(nowMs);
    this.#floor.record(budgetBps, nowMs);
    const audioBps = this.#allocateSound(budgetBps, nowMs);
    let chosen = this.#choose(open, budgetBps, audioBps, nowMs);
    const flexible = open.map((wish, index) => makeFlexible(wish, chosen[index] as number, nowMs));
    const isFlexible = flexible.some((wish, index) => wish !== open[index]);
    if (isFlexible) chosen = this.#choose(flexible, budgetBps, audioBps, nowMs);
    const isLimited = limitPublishers(flexible, chosen, budgetBps - audioBps, nowMs);
    const isChange = open.some(({ grant }) => grant.isFresh);
    for (const [index, wish] of open.entries()) {
      const { claim, grant, steps, current } = wish;
      const choice = chosen[index] as number;
      const guard = isOfOneLayer(steps, choice, current) ? grant.frameRateGuard : grant.guard;
      // What is taken away for others that want more than before says nothing of the link.
      if (choice < current && !isChange) guard.handleFall(budgetBps, choice === PAUSED, nowMs);
      else if (choice > current && !grant.isFresh) guard.handleRise(budgetBps, nowMs);
      this.#apply(claim, grant, steps[choice], choice === PAUSED);
      grant.isFresh = false;
    }
    const tops = open.map(({ steps }) => steps.length - 1);
    this.#isShort = isLimited || isFlexible || chosen.some((choice, index) => choice !== tops[index]);
    this.#hasPausedVideo = chosen.includes(PAUSED);
    // What a limited publisher would send is not known, so it wants more than there is.
    const topBps = Math.max(isLimited ? budgetBps : 0, audioBps + sumChosen(open, tops));
    // Probes have to find the headroom, too.
    this.#wantedBps = this.#isShort ? Math.max(topBps, this.#heldBackBps) * PROBED_HEADROOM : topBps;
    this.#allocatedBps = audioBps + sumChosen(flexible, chosen);
    if (this.#isShort) this.#wake(this);
  }

  /** Decides whether sound is sent with its redundancy; returns the bits per second that all sound takes. */
  #allocateSound(budgetBps: number, nowMs: number): number {
    const claims = [...this.#grants.keys()];
    const sum = (): number => claims.reduce((bps, claim) => bps + claim.readAudioBps(nowMs), 0);
    const audioBps = sum();
    if (!this.#redundancy.update(audioBps, budgetBps, this.#floor.read(RISE_AFTER_MS, nowMs))) return audioBps;
    for (const claim of claims) claim.reduceSound(this.#redundancy.isReduced);
    return sum();
  }

  #choose(open: readonly OpenClaim[], budgetBps: number, audioBps: number, nowMs: number): number[] {
    if (budgetBps === Number.POSITIVE_INFINITY) return open.map(({ limit }) => limit);
    const sinceStartMs = nowMs - (this.#startedAtMs ?? nowMs);
    const wishes = sinceStartMs < START_MS ? open.map(withFreeLowest) : open;
    const riseAfterMs = sinceStartMs < RAMP_MS ? RAMP_RISE_AFTER_MS : RISE_AFTER_MS;
    const floorBps = this.#floor.read(riseAfterMs, nowMs);
    const rises = allocate(floorBps / HEADROOM - audioBps, wishes);
    this.#heldBackBps = 0;
    const limited = wishes.map((wish, index) => {
      const claim = open[index] as OpenClaim;
      const rise = Math.max(claim.current, rises[index] as number);
      return claim.grant.isFresh ? wish : { ...wish, limit: this.#findLimit(claim, rise, floorBps, nowMs) };
    });
    return this.#allocateDraining(limited, open, budgetBps - audioBps, audioBps);
  }

  /** Returns the step to which a video may rise, of those up to the one that there is room for. */
  #findLimit({ grant, current, steps }: OpenClaim, rise: number, floorBps: number, nowMs: number): number {
    const isOfLayer = isOfOneLayer(steps, rise, current);
    const guard = isOfLayer ? grant.frameRateGuard : grant.guard;
    if (rise === current || guard.permits(floorBps, nowMs)) return rise;
    this.#heldBackBps = Math.max(this.#heldBackBps, guard.readOtherLinkBps(nowMs));
    if (current === PAUSED) return grant.guard.permitsResume(nowMs) ? Math.min(0, rise) : PAUSED;
    const mayBeSmoother = !isOfLayer && grant.frameRateGuard.permits(floorBps, nowMs);
    return mayBeSmoother ? findLastOfLayer(steps, current) : current;
  }

  /** Allocates; while a queue becomes shorter, keeps the lowest layer of videos that fit again in a moment. */
  #allocateDraining(wishes: readonly Wish[], open: readonly OpenClaim[], bps: number, audioBps: number): number[] {
    const chosen = allocate(bps, wishes);
    const { bps: drainedBps, capacityBps } = this.#source;
    if (capacityBps === drainedBps) return chosen;
    const lowest = wishes.map((wish) => ({ ...wish, limit: Math.min(0, wish.limit) }));
    const fits = allocate(capacityBps - audioBps, lowest);
    const lowestLayer = wishes.map((wish) => ({
      ...wish,
      limit: Math.min(findLastOfLayer(wish.steps, 0), wish.limit),
    }));
    // A few frames more delay the queue little, and a picture that stutters looks frozen.
    const smooth = allocate(capacityBps * DRAINING_SHARE - audioBps, lowestLayer);
    return chosen.map((choice, index) => {
      const isKept = fits[index] !== PAUSED && (open[index] as OpenClaim).current !== PAUSED;
      return isKept ? Math.max(0, choice, smooth[index] as number) : choice;
    });
  }

  /** Before the first feedback, the first rate of the estimate is assumed. Whoever sends none in time is not limited. */
  #readBudget(nowMs: number): number {
    const { bps, hasFeedback } = this.#source;
    if (hasFeedback || this.#startedAtMs === undefined || nowMs - this.#startedAtMs >= START_MS) return bps;
    const isExpected = [...this.#grants.keys()].some(({ isNumbered }) => isNumbered);
    return isExpected ? Math.min(bps, ESTIMATOR_DEFAULTS.startBps) : bps;
  }

  #apply(claim: MediaClaim, grant: Grant, step: Step | undefined, isPaused: boolean): void {
    const { step: before } = grant;
    grant.step = step;
    if (before?.layer !== step?.layer || before?.temporalLayer !== step?.temporalLayer || grant.isFresh) {
      claim.applyStep(step);
    }
    if (grant.isPaused === isPaused) return;
    grant.isPaused = isPaused;
    claim.handlePaused(isPaused);
  }
}

/** At the start the lowest step is sent whatever the estimate is, because that is an assumption. */
function withFreeLowest(wish: OpenClaim): OpenClaim {
  const [lowest, ...others] = wish.steps as readonly [Step, ...Step[]];
  return { ...wish, steps: [{ ...lowest, bps: 0 }, ...others] };
}
