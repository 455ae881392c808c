/**
 * How loud the streams of a worker are, from the level that each audio packet names (RFC 6464), without decoding.
 *
 * Levels are in −dBov: 0 is the loudest, and 127 is silence.
 *
 * @module
 */

import type { SoundLevel } from '../engine.ts';
import type { Ticking, TickSet } from './tick-set.ts';

/** The level of a stream without sound. */
export const SILENCE = 127;

/** Levels are reported at intervals of this many milliseconds. */
export const SOUND_INTERVAL_MS = 200;

/** Sound of at most this level is reported each time, quieter sound only when its level has changed. */
const AUDIBLE = 70;
/** A change of a quiet sound that is reported, in dB. */
const NOTABLE = 6;
/** A level falls by at most this much in an interval while the sound is audible, in dB, so that it bridges syllables. */
const RELEASE = 12;
const LEVEL_BITS = 0x7f;

/** The power of each level; the loudest has 1. */
const POWERS = Float64Array.from({ length: SILENCE + 1 }, (_, level) => (level === SILENCE ? 0 : 10 ** (-level / 10)));

/** Measures one stream. */
export class SoundMeter {
  readonly stream: string;
  readonly #meters: Set<SoundMeter>;
  readonly #wake: () => void;
  #power = 0;
  #packets = 0;
  #level = SILENCE;
  #reported = SILENCE;
  #isListed = false;

  /**
   * @param meters those that are not silent, which it enters and leaves
   * @param wake sees to it that levels are reported
   */
  constructor(stream: string, meters: Set<SoundMeter>, wake: () => void) {
    this.stream = stream;
    this.#meters = meters;
    this.#wake = wake;
  }

  /** Records a packet; `value` is the extension's byte, or -1 if the packet names no level. */
  add(value: number): void {
    if (value < 0) return;
    const level = value & LEVEL_BITS;
    if (!this.#isListed) {
      if (level === SILENCE) return;
      this.#isListed = true;
      this.#meters.add(this);
      this.#wake();
    }
    this.#power += POWERS[level] as number;
    this.#packets += 1;
  }

  /** Ends an interval; returns the level to be reported, or -1 if it need not be. */
  measure(): number {
    const level = this.#power > 0 ? Math.round(-10 * Math.log10(this.#power / this.#packets)) : SILENCE;
    this.#power = 0;
    this.#packets = 0;
    const released = this.#level + RELEASE;
    this.#level = released < level && released <= AUDIBLE ? released : level;
    const isSilent = this.#level === SILENCE;
    if (isSilent) this.close();
    const hasChanged = Math.abs(this.#level - this.#reported) >= NOTABLE || (isSilent && this.#reported !== SILENCE);
    if (this.#level > AUDIBLE && !hasChanged) return -1;
    this.#reported = this.#level;
    return this.#level;
  }

  /** Measures nothing more until the next sound. */
  close(): void {
    this.#isListed = false;
    this.#meters.delete(this);
  }
}

/** The streams of a worker that are not silent. While there are none, it costs nothing. */
export class SoundLevels implements Ticking {
  readonly #meters = new Set<SoundMeter>();
  readonly #ticks: Pick<TickSet, 'add'>;
  readonly #report: (levels: readonly SoundLevel[]) => void;

  /**
   * @param ticks calls it every `SOUND_INTERVAL_MS` while there is sound
   * @param report called with the levels of an interval
   */
  constructor(ticks: Pick<TickSet, 'add'>, report: (levels: readonly SoundLevel[]) => void) {
    this.#ticks = ticks;
    this.#report = report;
  }

  /** Creates the meter of a stream. */
  createMeter(stream: string): SoundMeter {
    return new SoundMeter(stream, this.#meters, () => this.#ticks.add(this));
  }

  /** Reports the levels of the last interval. */
  tick(): void {
    const levels: SoundLevel[] = [];
    for (const meter of this.#meters) {
      const level = meter.measure();
      if (level >= 0) levels.push({ stream: meter.stream, level });
    }
    if (levels.length > 0) this.#report(levels);
  }

  hasWork(): boolean {
    return this.#meters.size > 0;
  }
}
