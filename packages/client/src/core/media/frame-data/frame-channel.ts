/**
 * Messages in the video frames of one stream.
 *
 * @module
 */

import { createFrameCodec, type FrameMessage } from './frame-codec.ts';
import { type FrameSide, pipeFrames } from './frame-pipe.ts';

/** Access to the encoded video frames of a stream. */
export interface FrameTap {
  /** Begins to pass the frames of a new sender or receiver; Chromium accepts this only in the turn in which it is created. */
  attach(end: RTCRtpSender | RTCRtpReceiver): void;
}

/** The worker of this page. */
let workerOfPage: Promise<Worker> | undefined;

/** Sends or receives messages in video frames; a message is lost with its frame. */
export class FrameChannel implements FrameTap {
  readonly #side: FrameSide;
  readonly #worker: Worker;
  readonly #received: (message: FrameMessage) => void;
  #port: MessagePort | undefined;

  private constructor(side: FrameSide, worker: Worker, received: (message: FrameMessage) => void) {
    this.#side = side;
    this.#worker = worker;
    this.#received = received;
  }

  /**
   * Creates a channel.
   *
   * @throws Error if the browser has no `RTCRtpScriptTransform`, or the page no worker from a `blob:` address
   */
  static async open(side: FrameSide, received: (message: FrameMessage) => void = () => {}): Promise<FrameChannel> {
    if (!('RTCRtpScriptTransform' in globalThis)) throw new Error('this browser gives no access to encoded frames');
    workerOfPage ??= startWorker();
    return new FrameChannel(side, await workerOfPage, received);
  }

  attach(end: RTCRtpSender | RTCRtpReceiver): void {
    this.close();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => this.#received(data);
    this.#port = port1;
    end.transform = new RTCRtpScriptTransform(this.#worker, { port: port2, side: this.#side }, [port2]);
  }

  /** Sends a message in one of the next frames; returns false if there is no peer connection. */
  send(message: FrameMessage): boolean {
    this.#port?.postMessage(message);
    return this.#port !== undefined;
  }

  /** Stops sending and receiving. */
  close(): void {
    this.#port?.close();
    this.#port = undefined;
  }
}

/** Starts the worker from the text of the functions: a file of its own would have to be found by every bundler. */
async function startWorker(): Promise<Worker> {
  const source = `onrtctransform=({transformer:t})=>(${pipeFrames})(${createFrameCodec},t,t.options.port,t.options.side);postMessage(0)`;
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  try {
    return await new Promise((resolve, reject) => {
      const worker = new Worker(url);
      // A transform whose worker does not start would stop the video for good.
      worker.onmessage = () => resolve(worker);
      worker.onerror = () => reject(new Error('the page allows no worker from a blob: address'));
    });
  } finally {
    URL.revokeObjectURL(url);
  }
}
