/**
 * The durations of bans that the dialogs offer.
 *
 * @module
 */

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

/** Durations by their name in the dialogs; `none` is no ban, `ever` has no end. */
const SECONDS: Readonly<Record<string, number>> = {
  '10m': 10 * MINUTE_S,
  '1h': HOUR_S,
  '1d': DAY_S,
  '7d': 7 * DAY_S,
  '30d': 30 * DAY_S,
};

/** How long a ban can last. */
export const LASTING_BANS = [
  { value: '10m', label: 'For 10 minutes' },
  { value: '1h', label: 'For 1 hour' },
  { value: '1d', label: 'For 1 day' },
  { value: '7d', label: 'For 7 days' },
  { value: '30d', label: 'For 30 days' },
  { value: 'ever', label: 'Without end' },
] as const;

/** The same, and no ban. */
export const BAN_TIMES = [{ value: 'none', label: 'No ban' }, ...LASTING_BANS] as const;

/** Returns the duration of a ban, as the admin API has it: without `seconds`, the ban has no end. */
export function secondsOfBan(time: string): { readonly seconds?: number } {
  const seconds = SECONDS[time];
  return seconds === undefined ? {} : { seconds };
}

/** Returns the duration inside a sentence: `for 1 hour`. */
export function describeBanTime(time: string): string {
  return (BAN_TIMES.find(({ value }) => value === time)?.label ?? '').toLowerCase();
}
