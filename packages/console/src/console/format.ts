/**
 * Times, durations and amounts, as the console shows them.
 *
 * @module
 */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Returns the two largest units of a duration: `4 s`, `12 min`, `2 h 05 min`, `3 d 4 h`. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) {
    const minutes = Math.floor((ms % HOUR_MS) / MINUTE_MS);
    return `${Math.floor(ms / HOUR_MS)} h ${String(minutes).padStart(2, '0')} min`;
  }
  return `${Math.floor(ms / DAY_MS)} d ${Math.floor((ms % DAY_MS) / HOUR_MS)} h`;
}

/** Returns a time of day; with the date if it is not that of `nowMs`. */
export function formatTime(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const time = at.toLocaleTimeString('en-GB');
  if (at.toDateString() === new Date(nowMs).toDateString()) return time;
  const isThisYear = at.getFullYear() === new Date(nowMs).getFullYear();
  const date = at.toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    ...(!isThisYear && { year: 'numeric' }),
  });
  return `${date}, ${time.slice(0, 5)}`;
}

/** Returns a bitrate in kbit/s or Mbit/s; a dash if nothing is sent. */
export function formatBitrate(bitsPerSecond: number): string {
  if (bitsPerSecond <= 0) return '–';
  if (bitsPerSecond < 999_500) return `${Math.max(1, Math.round(bitsPerSecond / 1000))} kbit/s`;
  return `${(bitsPerSecond / 1_000_000).toFixed(1)} Mbit/s`;
}

/** Returns a size in MB or GB. */
export function formatBytes(bytes: number): string {
  const megabytes = Math.round(bytes / 1_000_000);
  return megabytes < 1000 ? `${megabytes} MB` : `${(megabytes / 1000).toFixed(1)} GB`;
}

/** Returns a number with separators of thousands. */
export const formatCount = (count: number): string => count.toLocaleString('en-US');

/** Returns a number with its noun: `1 room`, `2 rooms`. */
export function formatAmount(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}
