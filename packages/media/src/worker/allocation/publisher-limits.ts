/**
 * Limits of publishers whose only viewer has too little bandwidth (BWE-4).
 *
 * @module
 */

import { ALL_TEMPORAL_LAYERS, sumChosen } from './allocate.ts';
import type { OpenClaim } from './claims.ts';
import { MIN_CEILING_BPS } from './rate-ceiling.ts';

/**
 * The lowest layer of a video for which there is not enough, and whose publisher can be limited, takes what there is: its
 * only viewer sees it with less detail, rather than not at all.
 */
export function makeFlexible(wish: OpenClaim, choice: number, nowMs: number): OpenClaim {
  const { claim, grant, steps } = wish;
  const isShort = choice < 0 || (steps[choice]?.layer === 0 && steps[choice]?.temporalLayer !== ALL_TEMPORAL_LAYERS);
  if (!isShort || !claim.isLone || !grant.ceiling.isUsable(nowMs)) return wish;
  const flexible = steps.map((step) =>
    step.layer === 0 ? { ...step, bps: Math.min(step.bps, MIN_CEILING_BPS) } : step,
  );
  return { ...wish, steps: flexible };
}

/** Limits the publishers whose only viewer this peer is; returns whether any is limited. */
export function limitPublishers(
  wishes: readonly OpenClaim[],
  chosen: readonly number[],
  budgetBps: number,
  nowMs: number,
): boolean {
  let isLimited = false;
  const leftBps = budgetBps - sumChosen(wishes, chosen);
  const lone = wishes.filter(({ claim }, index) => claim.isLone && (chosen[index] as number) >= 0);
  for (const [index, wish] of wishes.entries()) {
    const { claim, grant, steps } = wish;
    const step = steps[chosen[index] as number];
    if (step === undefined || !claim.isLone) grant.ceiling.clear();
    else grant.ceiling.update(step.bps + leftBps / lone.length, claim.readLayerBps(step.layer, nowMs), nowMs);
    claim.limitRate(grant.ceiling.bps);
    isLimited ||= grant.ceiling.bps !== undefined;
  }
  return isLimited;
}
