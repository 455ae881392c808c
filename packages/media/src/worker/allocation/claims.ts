/**
 * What an allocation knows of the videos that it divides the bandwidth among.
 *
 * @module
 */

import { PAUSED, type Step, type Wish } from './allocate.ts';
import { RateCeiling } from './rate-ceiling.ts';
import { RiseGuard } from './rise-guard.ts';

/** One subscription, as the allocation sees it. */
export interface MediaClaim {
  /** Whether its packets have transport-wide numbers, so that feedback is to be expected. */
  readonly isNumbered: boolean;
  /** Whether the stream has no other subscription, so that its publisher can be limited. */
  readonly isLone: boolean;
  readonly priority: number;
  /** The height in which the picture is shown, in pixels. */
  readonly height: number;
  /** Returns the bits per second of its sound. */
  readAudioBps(nowMs: number): number;
  /** Sends sound without its redundancy, or with it again. */
  reduceSound(isReduced: boolean): void;
  /** Lists the qualities in which its video can be sent and is of use; empty if there is none. */
  listSteps(nowMs: number): readonly Step[];
  /** Returns the bits per second that the publisher sends of a layer. */
  readLayerBps(layer: number, nowMs: number): number;
  /** Sends the video in one quality from now on; undefined: not at all. */
  applyStep(step: Step | undefined): void;
  /** Asks the publisher not to send more; undefined: no limit. */
  limitRate(maxBps: number | undefined): void;
  /** Handles that the video is paused for want of bandwidth, or resumed. */
  handlePaused(isPaused: boolean): void;
}

/** What a claim has got. */
export interface Grant {
  step: Step | undefined;
  /** Whether the subscription is new, or wants something else than before: it need not wait. */
  isFresh: boolean;
  isPaused: boolean;
  readonly guard: RiseGuard;
  /** Of the frame rate within a layer. Its changes need no keyframe, so that a fall to another layer says nothing of them. */
  readonly frameRateGuard: RiseGuard;
  readonly ceiling: RateCeiling;
}

/** A claim with what it has, and what the allocation may choose for it. */
export interface OpenClaim extends Wish {
  readonly claim: MediaClaim;
  readonly grant: Grant;
  /** The index of what it has. */
  readonly current: number;
}

/** Creates the grant of a new subscription. */
export function createGrant(): Grant {
  return {
    step: undefined,
    isFresh: true,
    isPaused: false,
    guard: new RiseGuard(),
    frameRateGuard: new RiseGuard(Number.POSITIVE_INFINITY),
    ceiling: new RateCeiling(),
  };
}

/** Describes a subscription with video for one allocation. @param steps not empty */
export function createOpenClaim(claim: MediaClaim, grant: Grant, steps: readonly Step[]): OpenClaim {
  const { priority, height } = claim;
  const { step } = grant;
  const current = step === undefined ? PAUSED : steps.findLastIndex((entry) => !isBetter(entry, step));
  return { claim, grant, current, priority, height, steps, limit: steps.length - 1 };
}

/** The index of the last step that has the layer of another one. */
export function findLastOfLayer(steps: readonly Step[], index: number): number {
  return steps.findLastIndex(({ layer }) => layer === steps[index]?.layer);
}

/** Whether two steps exist and have the same layer. */
export function isOfOneLayer(steps: readonly Step[], one: number, other: number): boolean {
  return steps[one] !== undefined && steps[one].layer === steps[other]?.layer;
}

function isBetter(step: Step, other: Step): boolean {
  return step.layer === other.layer ? step.temporalLayer > other.temporalLayer : step.layer > other.layer;
}
