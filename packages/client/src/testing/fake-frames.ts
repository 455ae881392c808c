/**
 * The encoded frames of a fake sender or receiver, and the browser's access to them. For tests only.
 *
 * @module
 */

import { createFrameCodec } from '../core/media/frame-data/frame-codec.ts';
import { type EncodedFrame, type FrameSide, pipeFrames } from '../core/media/frame-data/frame-pipe.ts';

/** `RTCRtpScriptTransform` without a worker: it runs the worker's functions in this thread. */
export class FakeScriptTransform {
  readonly options: { readonly port: MessagePort; readonly side: FrameSide };

  constructor(_worker: unknown, options: FakeScriptTransform['options']) {
    this.options = options;
  }
}

/** A worker that starts at once. */
export class FakeWorker {
  onmessage: ((event: object) => void) | null = null;

  constructor() {
    queueMicrotask(() => this.onmessage?.({}));
  }
}

/** One sender's or receiver's frames: a test pushes them in and sees what comes out. */
export class FakeFrames {
  #isEarly = true;
  #input: WritableStreamDefaultWriter<EncodedFrame> | undefined;
  #output: ReadableStreamDefaultReader<EncodedFrame> | undefined;

  constructor() {
    queueMicrotask(() => {
      this.#isEarly = false;
    });
  }

  /** Begins to transform the frames; Chromium does so only in the turn in which the sender or receiver was created. */
  transform({ options }: FakeScriptTransform): void {
    if (!this.#isEarly || this.#input) throw new DOMException('Too late to transform frames', 'InvalidStateError');
    const input = new TransformStream<EncodedFrame, EncodedFrame>();
    const output = new TransformStream<EncodedFrame, EncodedFrame>();
    this.#input = input.writable.getWriter();
    this.#output = output.readable.getReader();
    pipeFrames(createFrameCodec, { readable: input.readable, writable: output.writable }, options.port, options.side);
  }

  /** Passes a frame through; returns what the application made of it. */
  async pass(frame: Uint8Array): Promise<Uint8Array> {
    if (!this.#input || !this.#output) return frame;
    void this.#input.write({ data: frame.slice().buffer });
    return new Uint8Array((await this.#output.read()).value?.data ?? new ArrayBuffer());
  }
}
