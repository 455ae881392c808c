/**
 * Who speaks in a room (SPK-1): a decision from sound levels, with hysteresis.
 *
 * @module
 */

/** The interval of the steps, in milliseconds. */
export const SPEAKER_STEP_MS = 200;

/** Sound that is quieter than this, in -dBov, is not speech. */
const SPEECH_LEVEL = 45;
/** A level in -dBov that counts as silence. */
const SILENCE_LEVEL = 60;
/** How much of a new level enters the average in one step: half of it in about 300 ms. */
const WEIGHT = 0.4;
/** By how many dB another stream must be louder than the speaker, on average. */
const MARGIN_DB = 6;
/** A level that falls by this many dB in one step is no speech: the engine lets the level of a sound that has ended fall by 12. */
const FALL_DB = 10;
/** For how many steps it must be the loudest: a cough is shorter, and a pause between words takes one of them away. */
const STEPS_TO_SPEAK = 3;

interface Voice {
  /** The level of the last step, in dB above silence. */
  heard: number;
  /** The average in dB above silence. */
  loudness: number;
  /** For how many steps it has been the loudest; steps in which it was not count against it. */
  lead: number;
}

/**
 * The active speaker of one room. It is called once per step while there is sound, and has no clock: the same levels give the same
 * speaker.
 */
export class ActiveSpeaker<Stream> {
  readonly #voices = new Map<Stream, Voice>();
  #current: Stream | undefined;

  /** The stream that is heard most clearly; it stays the speaker while nobody else speaks. */
  get current(): Stream | undefined {
    return this.#current;
  }

  /** Whether there is nothing to wait for: every average has faded away. */
  get isIdle(): boolean {
    return this.#voices.size === 0;
  }

  /**
   * Handles the levels of one step, in -dBov; a stream that is not listed is silent. Returns whether there is another speaker.
   */
  step(levels: ReadonlyMap<Stream, number>): boolean {
    for (const stream of levels.keys()) {
      if (!this.#voices.has(stream)) this.#voices.set(stream, { heard: 0, loudness: 0, lead: 0 });
    }
    let loudest: Stream | undefined;
    for (const [stream, voice] of this.#voices) {
      const heard = Math.max(0, SILENCE_LEVEL - (levels.get(stream) ?? SILENCE_LEVEL));
      const isSpeech = heard >= SILENCE_LEVEL - SPEECH_LEVEL && heard > voice.heard - FALL_DB;
      voice.heard = heard;
      voice.loudness += (heard - voice.loudness) * WEIGHT;
      if (isSpeech && voice.loudness > this.#loudnessOf(loudest)) loudest = stream;
    }
    const isClear = loudest !== undefined && this.#loudnessOf(loudest) > this.#loudnessOf(this.#current) + MARGIN_DB;
    const challenger = isClear && loudest !== this.#current ? loudest : undefined;
    for (const [stream, voice] of this.#voices) {
      voice.lead = stream === challenger ? voice.lead + 1 : Math.max(0, voice.lead - 1);
      if (voice.loudness < 1 && voice.lead === 0 && !levels.has(stream)) this.#voices.delete(stream);
    }
    if (challenger === undefined || (this.#voices.get(challenger)?.lead ?? 0) < STEPS_TO_SPEAK) return false;
    this.#current = challenger;
    for (const voice of this.#voices.values()) voice.lead = 0;
    return true;
  }

  /** Handles a stream that has ended or is muted. Returns whether it was the speaker: then there is none. */
  remove(stream: Stream): boolean {
    this.#voices.delete(stream);
    if (this.#current !== stream || stream === undefined) return false;
    this.#current = undefined;
    return true;
  }

  #loudnessOf(stream: Stream | undefined): number {
    return stream === undefined ? 0 : (this.#voices.get(stream)?.loudness ?? 0);
  }
}
