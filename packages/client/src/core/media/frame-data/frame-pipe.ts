/**
 * Passes the encoded frames of one sender or receiver through the codec of messages.
 *
 * @module
 */

import type { createFrameCodec, FrameMessage } from './frame-codec.ts';

/** What a browser hands over of a sender or receiver: frames to read, and where to write them. */
export interface FrameStreams {
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
}

/** An encoded frame of the browser. */
export interface EncodedFrame {
  data: ArrayBuffer;
}

/** Whether frames are sent or received. */
export type FrameSide = 'send' | 'receive';

/**
 * Passes frames on, until the streams end. A sender adds the messages that arrive at `port` to its next frames; a receiver
 * posts there the messages that it finds. The function contains all that it uses, except the codec: a worker gets it as text.
 */
export function pipeFrames(
  createCodec: typeof createFrameCodec,
  { readable, writable }: FrameStreams,
  port: MessagePort,
  side: FrameSide,
): void {
  const MAX_PER_FRAME = 4;
  const MAX_QUEUED = 30;
  const codec = createCodec();
  const queue: FrameMessage[] = [];
  if (side === 'send') {
    port.onmessage = ({ data }) => {
      queue.push(data);
      if (queue.length > MAX_QUEUED) queue.shift();
    };
  }
  const handleFrame = (frame: EncodedFrame): void => {
    const bytes = new Uint8Array(frame.data);
    if (side === 'receive') for (const message of codec.read(bytes)) port.postMessage(message);
    // An empty frame has nothing to decode.
    else if (queue.length > 0 && bytes.length > 0) {
      frame.data = codec.write(bytes, queue.splice(0, MAX_PER_FRAME)).buffer as ArrayBuffer;
    }
  };
  const transform = new TransformStream<EncodedFrame, EncodedFrame>({
    transform(frame, controller) {
      handleFrame(frame);
      controller.enqueue(frame);
    },
  });
  // The streams fail when the peer connection is closed.
  readable
    .pipeThrough(transform)
    .pipeTo(writable)
    .catch(() => {})
    .finally(() => port.close());
}
