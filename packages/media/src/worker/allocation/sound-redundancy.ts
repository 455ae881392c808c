/**
 * Decides whether sound is sent with its redundancy (RED). Redundancy nearly doubles the rate of sound. On a narrow link it fills the
 * queue, which then drops more packets than redundancy repairs.
 *
 * @module
 */

/** Sound that needs more than this share of the bandwidth is reduced. */
const REDUCED_ABOVE = 0.5;
/** Sound that was reduced and needs less than this share gets its redundancy back. */
const RESTORED_BELOW = 0.2;

/** The decision for one peer. */
export class SoundRedundancy {
  #isReduced = false;

  /** Whether the redundancy is left out. */
  get isReduced(): boolean {
    return this.#isReduced;
  }

  /**
   * Follows the bandwidth; returns whether the decision has changed. All in bits per second.
   *
   * @param soundBps what the sound takes as it is sent now
   * @param budgetBps the bandwidth
   * @param floorBps the least bandwidth of the last seconds
   */
  update(soundBps: number, budgetBps: number, floorBps: number): boolean {
    const wasReduced = this.#isReduced;
    this.#isReduced = wasReduced ? soundBps > floorBps * RESTORED_BELOW : soundBps > budgetBps * REDUCED_ABOVE;
    return this.#isReduced !== wasReduced;
  }
}
