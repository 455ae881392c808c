/**
 * Divides a peer's bandwidth among the video that it wants.
 *
 * @module
 */

/** One quality of a video: a layer, and the temporal layers of it that are sent. */
export interface Step {
  /** From 0, the lowest. */
  readonly layer: number;
  /** The highest temporal layer that is sent; `ALL_TEMPORAL_LAYERS` for all. */
  readonly temporalLayer: number;
  /** Bits per second that it takes. */
  readonly bps: number;
}

/** What one subscription wants. */
export interface Wish {
  /** Higher is served first. */
  readonly priority: number;
  /** The height in which the picture is shown: of one priority, larger pictures are served first. */
  readonly height: number;
  /** From the lowest quality to the highest that is of use; none takes less than the one before. Never empty. */
  readonly steps: readonly Step[];
  /** The index of the highest step that may be chosen; `PAUSED` for none. */
  readonly limit: number;
}

/** The temporal layer of a step that leaves none out. */
export const ALL_TEMPORAL_LAYERS = 3;

/** The index of no step: the video is paused. */
export const PAUSED = -1;

/**
 * Chooses a step for each wish: the index of one of its steps, or `PAUSED`.
 *
 * First each wish gets its lowest step, by priority and then by height, so that nothing is paused for the sake of a better
 * picture elsewhere. Then those of the highest priority get their further steps, one after the other, each its second before
 * any its third; then those of the next priority. A step that does not fit is left out, and what is left serves the others.
 *
 * So the steps never take more than the budget, nothing is paused that would fit, and with more budget nobody gets less
 * unless a step that comes before takes it.
 *
 * @param budgetBps what the videos may take together, in bits per second; sound is taken off by the caller
 */
export function allocate(budgetBps: number, wishes: readonly Wish[]): number[] {
  const chosen = wishes.map(() => PAUSED);
  const order = sortByImportance(wishes);
  let leftBps = budgetBps;

  const raise = (index: number): boolean => {
    const { steps, limit } = wishes[index] as Wish;
    const next = (chosen[index] as number) + 1;
    if (next > limit || next >= steps.length) return false;
    const moreBps = bpsOf(steps, next) - bpsOf(steps, next - 1);
    if (moreBps > leftBps) return false;
    leftBps -= moreBps;
    chosen[index] = next;
    return true;
  };

  let open = order.filter(raise);
  while (open.length > 0) {
    const { priority } = wishes[open[0] as number] as Wish;
    let group = open.filter((index) => wishes[index]?.priority === priority);
    open = open.slice(group.length);
    while (group.length > 0) group = group.filter(raise);
  }
  return chosen;
}

/** Returns the bits per second of chosen steps together. */
export function sumChosen(wishes: readonly Wish[], chosen: readonly number[]): number {
  let sum = 0;
  for (const [index, { steps }] of wishes.entries()) sum += bpsOf(steps, chosen[index] as number);
  return sum;
}

function bpsOf(steps: readonly Step[], index: number): number {
  return index < 0 ? 0 : (steps[index] as Step).bps;
}

/** Returns the indices of the wishes, the most important first; equal ones in their order. */
function sortByImportance(wishes: readonly Wish[]): number[] {
  const indices = wishes.map((_, index) => index);
  return indices.sort((left, right) => {
    const [a, b] = [wishes[left] as Wish, wishes[right] as Wish];
    if (a.priority !== b.priority) return b.priority - a.priority;
    return a.height === b.height ? left - right : b.height - a.height;
  });
}
