/**
 * The connections of one worker to the others, over which tracks are piped (PIPE-1).
 *
 * They are Unix sockets in a folder that only the server's user can open, because the packets on them are not encrypted.
 *
 * @module
 */

import { rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { FrameReader, type FrameType, type PipeFrame } from './pipe-frame.ts';
import { PipeLink } from './pipe-link.ts';

/** Callbacks of a hub. */
export interface PipeHubHandlers {
  /** A frame from another worker; its bytes are valid only during the call. */
  handleFrame(from: number, frame: PipeFrame): void;
  /** A connection ended; the pipes over it are without packets until it is there again. */
  reportError(where: string, error: unknown): void;
}

/** The first byte on a connection names the worker that has opened it. */
const HELLO_BYTES = 1;

/** Connects a worker with the others. Connections are opened when they are used first, one in each direction. */
export class PipeHub {
  readonly #folder: string;
  readonly #worker: number;
  readonly #handlers: PipeHubHandlers;
  readonly #links = new Map<number, PipeLink>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  /**
   * @param folder where the workers' sockets are
   * @param worker the number of this worker, at most 255
   */
  constructor(folder: string, worker: number, handlers: PipeHubHandlers) {
    this.#folder = folder;
    this.#worker = worker;
    this.#handlers = handlers;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.on('error', (error) => handlers.reportError('the pipes', error));
  }

  /** Accepts connections of other workers. */
  async listen(): Promise<void> {
    const path = socketPath(this.#folder, this.#worker);
    // A worker that was killed leaves its socket behind.
    await rm(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** Sends a frame to another worker; returns `false` if it was dropped because the other does not read fast enough. */
  send(to: number, type: FrameType, pipe: number, layer: number, bytes: Buffer): boolean {
    return this.#linkTo(to).send({ type, pipe, layer, bytes });
  }

  /** Frames that were dropped since the start. */
  get droppedFrames(): number {
    let dropped = 0;
    for (const link of this.#links.values()) dropped += link.droppedFrames;
    return dropped;
  }

  /** Ends all connections. */
  close(): void {
    this.#server.close();
    for (const link of this.#links.values()) link.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #linkTo(worker: number): PipeLink {
    const known = this.#links.get(worker);
    if (known !== undefined && !known.isClosed) return known;
    const socket = createConnection(socketPath(this.#folder, worker));
    socket.write(Buffer.of(this.#worker));
    const link = new PipeLink(socket, known?.droppedFrames ?? 0);
    socket.on('error', (error) => this.#handlers.reportError(`the pipe to worker ${worker}`, error));
    this.#links.set(worker, link);
    return link;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    let from: number | undefined;
    const reader = new FrameReader((frame) => this.#handlers.handleFrame(from ?? 0, frame));
    socket.on('data', (chunk: Buffer) => {
      try {
        const isFirst = from === undefined;
        from ??= chunk[0] as number;
        reader.read(isFirst ? chunk.subarray(HELLO_BYTES) : chunk);
      } catch (error) {
        this.#handlers.reportError(`the pipe from worker ${from}`, error);
        socket.destroy();
      }
    });
    socket.on('error', (error) => this.#handlers.reportError(`the pipe from worker ${from}`, error));
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

function socketPath(folder: string, worker: number): string {
  return join(folder, `${worker}.sock`);
}
