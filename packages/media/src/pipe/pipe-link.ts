/**
 * The sending side of a connection to another worker.
 *
 * @module
 */

import type { Socket } from 'node:net';
import { FRAME, FRAME_HEADER_BYTES, MAX_FRAME_PACKET_BYTES, type PipeFrame, writeFrame } from './pipe-frame.ts';

/** Bytes that wait in the connection before packets are dropped: about 0.2 s at 100 Mbit/s. */
export const MAX_WAITING_BYTES = 2_500_000;

const BATCH_BYTES = 65_536;

/** Collects the frames of one turn of the event loop, and writes them at once. */
export class PipeLink {
  readonly #socket: Socket;
  readonly #batch = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #batchBytes = 0;
  #isClosed = false;
  #droppedFrames: number;

  /** @param droppedFrames frames that an earlier connection to the same worker has dropped */
  constructor(socket: Socket, droppedFrames: number) {
    this.#socket = socket;
    this.#droppedFrames = droppedFrames;
    socket.on('close', () => {
      this.#isClosed = true;
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get droppedFrames(): number {
    return this.#droppedFrames;
  }

  /** Sends a frame; `false` if it was dropped. Requests for keyframes are dropped only when the connection has ended. */
  send(frame: PipeFrame): boolean {
    const isFull = frame.type !== FRAME.keyframeRequest && this.#socket.writableLength > MAX_WAITING_BYTES;
    if (this.#isClosed || isFull || frame.bytes.length > MAX_FRAME_PACKET_BYTES) {
      this.#droppedFrames += 1;
      return false;
    }
    if (this.#batchBytes + FRAME_HEADER_BYTES + frame.bytes.length > BATCH_BYTES) this.#flush();
    if (this.#batchBytes === 0) setImmediate(() => this.#flush());
    this.#batchBytes = writeFrame(this.#batch, this.#batchBytes, frame);
    return true;
  }

  close(): void {
    this.#isClosed = true;
    this.#batchBytes = 0;
    this.#socket.destroy();
  }

  #flush(): void {
    if (this.#batchBytes === 0) return;
    // The socket keeps what it writes until it is sent.
    this.#socket.write(Buffer.from(this.#batch.subarray(0, this.#batchBytes)));
    this.#batchBytes = 0;
  }
}
