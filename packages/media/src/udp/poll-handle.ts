import { getCurrentEventLoop } from 'node:ffi';
import { MediaError } from '../engine.ts';
import { libc, processLibrary } from '../ffi/libc.ts';

const UV_POLL = 8;
const UV_READABLE = 1;

/** Makes the event loop call a function whenever a descriptor can be read (`uv_poll`). */
export class PollHandle {
  readonly #handle: bigint;
  readonly #callback: bigint;

  /**
   * Begins at once.
   *
   * @param onReadable must not throw: an error that left it would end the process
   * @throws MediaError `unavailable` when the event loop does not take the descriptor
   */
  constructor(descriptor: number, onReadable: () => void) {
    this.#handle = libc.calloc(1n, libc.uv_handle_size(UV_POLL));
    this.#callback = processLibrary.registerCallback(
      { arguments: ['pointer', 'int32', 'int32'], return: 'void' },
      onReadable,
    );
    if (libc.uv_poll_init(getCurrentEventLoop(), this.#handle, descriptor) === 0 && this.start()) return;
    throw new MediaError('unavailable', 'The event loop does not poll the media socket');
  }

  /** Calls the function again; returns whether the event loop does so. */
  start(): boolean {
    return libc.uv_poll_start(this.#handle, UV_READABLE, this.#callback) === 0;
  }

  /** Does not call the function until `start`. */
  stop(): void {
    libc.uv_poll_stop(this.#handle);
  }

  /** Ends it for good. The descriptor stays open. */
  close(): void {
    libc.uv_close(this.#handle, 0n);
  }
}
