/**
 * Kinds of media that a rule holds back.
 *
 * @module
 */

/** Kinds of media that a rule holds back. */
export interface BlockedKinds {
  readonly audio: boolean;
  readonly video: boolean;
}

/** No kind is held back. */
export const NOTHING_BLOCKED: BlockedKinds = { audio: false, video: false };
