/**
 * The encoded frames of a fake sender or receiver, as Chromium hands them over. For tests only.
 *
 * @module
 */

import type { EncodedFrame, FrameStreams } from '../core/media/frame-data/frame-pipe.ts';

/** One sender's or receiver's frames: a test pushes them in and sees what comes out. */
export class FakeFrames {
  readonly #isEnabled: boolean;
  #isEarly = true;
  #input: WritableStreamDefaultWriter<EncodedFrame> | undefined;
  #output: ReadableStreamDefaultReader<EncodedFrame> | undefined;

  /** @param configuration of the peer connection: it has to ask for the streams */
  constructor(configuration: RTCConfiguration) {
    this.#isEnabled = 'encodedInsertableStreams' in configuration;
    queueMicrotask(() => {
      this.#isEarly = false;
    });
  }

  /** Hands the frames over; once, in the turn in which the sender or receiver was created. */
  create(): FrameStreams {
    if (!this.#isEnabled || !this.#isEarly || this.#input) {
      throw new DOMException('Too late to create encoded streams', 'InvalidStateError');
    }
    const input = new TransformStream<EncodedFrame, EncodedFrame>();
    const output = new TransformStream<EncodedFrame, EncodedFrame>();
    this.#input = input.writable.getWriter();
    this.#output = output.readable.getReader();
    return { readable: input.readable, writable: output.writable };
  }

  /** Passes a frame through; returns what the application made of it. */
  async pass(frame: Uint8Array): Promise<Uint8Array> {
    if (!this.#input || !this.#output) return frame;
    void this.#input.write({ data: frame.slice().buffer });
    return new Uint8Array((await this.#output.read()).value?.data ?? new ArrayBuffer());
  }
}
