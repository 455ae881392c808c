/**
 * Measures how loud a stream is.
 *
 * @module
 */

const SAMPLES = 2_048;

/** Measures one stream with an audio track until it is closed. */
export class AudioMeter {
  readonly #source: MediaStreamAudioSourceNode;
  readonly #analyser: AnalyserNode;
  readonly #samples = new Float32Array(SAMPLES);

  constructor(context: AudioContext, stream: MediaStream) {
    this.#source = context.createMediaStreamSource(stream);
    this.#analyser = context.createAnalyser();
    this.#analyser.fftSize = SAMPLES;
    this.#source.connect(this.#analyser);
  }

  /** Returns the peak of the last 2,048 samples, from 0 to 1. */
  read(): number {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return this.#samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
  }

  /** Stops measuring. */
  close(): void {
    this.#source.disconnect();
  }
}
