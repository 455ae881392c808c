/**
 * The numbers of a forwarded source: sequence numbers without gaps for packets that are left out on purpose.
 *
 * @module
 */

/** Runs of left-out packets that are remembered, for packets that arrive late. A power of two. */
const MAX_RUNS = 64;

/**
 * Maps the unwrapped sequence numbers of one source to those of the output. A packet that the source lost keeps its
 * number, so that it can still be forwarded when it arrives late; a packet that is left out has none.
 */
export class Numbering {
  /** For each run: the source's first number of it, and what is added to numbers from there on. */
  readonly #starts = new Float64Array(MAX_RUNS);
  readonly #offsets = new Float64Array(MAX_RUNS);
  readonly #pictureOffsets = new Int32Array(MAX_RUNS);
  #newest = -1;
  #count = 0;
  #highestSource = -1;
  #highest: number;
  #run = 0;

  /** @param first the first number of the output */
  constructor(first: number) {
    this.#highest = first - 1;
  }

  /** The highest number of the output so far. */
  get highest(): number {
    return this.#highest;
  }

  /** The highest source number that was mapped or left out; -1 before the first. */
  get highestSource(): number {
    return this.#highestSource;
  }

  /** What is added to picture ids at the last source number that was mapped or left out. */
  get pictureOffset(): number {
    return this.#pictureOffsets[this.#run] as number;
  }

  /**
   * Begins a source: its packets before `source` are left out.
   *
   * @param source the source's first number
   * @param skipped how many numbers of the output are left out before it
   */
  begin(source: number, skipped: number, pictureOffset: number): void {
    this.#count = 0;
    this.#highestSource = source - 1;
    this.#push(source, this.#highest + 1 + skipped - source, pictureOffset);
  }

  /** Returns the output's number of a packet; undefined if it is before the source's beginning, or too old. */
  map(source: number): number | undefined {
    if (!this.#find(source)) return undefined;
    const sequence = source + (this.#offsets[this.#run] as number);
    if (source > this.#highestSource) this.#highestSource = source;
    if (sequence > this.#highest) this.#highest = sequence;
    return sequence;
  }

  /**
   * Leaves out a packet. The number of one that arrives late stays unused: later numbers are given already.
   *
   * @param isNewPicture whether it is the first packet of its frame, so that the frame's picture id is left out too
   */
  skip(source: number, isNewPicture: boolean): void {
    if (source <= this.#highestSource) return;
    this.#highestSource = source;
    const run = this.#newest;
    const start = this.#starts[run] as number;
    const offset = (this.#offsets[run] as number) - 1;
    const pictureOffset = (this.#pictureOffsets[run] as number) - (isNewPicture ? 1 : 0);
    if (start === source) {
      // The run is empty: the one that follows replaces it.
      this.#newest = (run + MAX_RUNS - 1) % MAX_RUNS;
      this.#count -= 1;
    }
    this.#push(source + 1, offset, pictureOffset);
  }

  #push(start: number, offset: number, pictureOffset: number): void {
    this.#newest = (this.#newest + 1) % MAX_RUNS;
    this.#count = Math.min(MAX_RUNS, this.#count + 1);
    this.#starts[this.#newest] = start;
    this.#offsets[this.#newest] = offset;
    this.#pictureOffsets[this.#newest] = pictureOffset;
    this.#run = this.#newest;
  }

  #find(source: number): boolean {
    for (let age = 0; age < this.#count; age += 1) {
      const run = (this.#newest + MAX_RUNS - age) % MAX_RUNS;
      if (source < (this.#starts[run] as number)) continue;
      if (age > 0 && source + (this.#offsets[run] as number) >= this.#firstOf((run + 1) % MAX_RUNS)) return false;
      this.#run = run;
      return true;
    }
    return false;
  }

  /** The output's number of a run's first packet. A packet before it that would get this number, or a later one, was left out. */
  #firstOf(run: number): number {
    return (this.#starts[run] as number) + (this.#offsets[run] as number);
  }
}
