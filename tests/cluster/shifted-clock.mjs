/**
 * Loaded by `--import` into a node whose wall clock is wrong: shifts it by `TEST_CLOCK_SHIFT_MS`.
 */

const shiftMs = Number(process.env.TEST_CLOCK_SHIFT_MS ?? 0);
const now = Date.now.bind(Date);

globalThis.Date = class extends Date {
  /** @param {ConstructorParameters<typeof Date>} values */
  constructor(...values) {
    if (values.length === 0) super(now() + shiftMs);
    else super(...values);
  }

  static now() {
    return now() + shiftMs;
  }
};
