/**
 * The functions of the C library and of libuv that the UDP socket calls. Each is declared here once.
 *
 * @module
 */

import { dlopen, getInt32 } from 'node:ffi';

/** Functions of the running process: Node exports libuv, and links the C library. */
export const { lib: processLibrary, functions: libc } = dlopen(null, {
  socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
  bind: { arguments: ['int32', 'pointer', 'uint32'], return: 'int32' },
  getsockname: { arguments: ['int32', 'pointer', 'pointer'], return: 'int32' },
  setsockopt: { arguments: ['int32', 'int32', 'int32', 'pointer', 'uint32'], return: 'int32' },
  getsockopt: { arguments: ['int32', 'int32', 'int32', 'pointer', 'pointer'], return: 'int32' },
  // These run for each wake. A pointer that is declared as a function makes a call of many arguments cheaper (`packetCrypto`).
  recvmmsg: { arguments: ['int32', 'function', 'uint32', 'int32', 'pointer'], return: 'int32' },
  sendmmsg: { arguments: ['int32', 'function', 'uint32', 'int32'], return: 'int32' },
  close: { arguments: ['int32'], return: 'int32' },
  calloc: { arguments: ['uint64', 'uint64'], return: 'pointer' },
  strerror: { arguments: ['int32'], return: 'pointer' },
  __errno_location: { arguments: [], return: 'pointer' },
  uv_handle_size: { arguments: ['int32'], return: 'uint64' },
  uv_poll_init: { arguments: ['pointer', 'pointer', 'int32'], return: 'int32' },
  uv_poll_start: { arguments: ['pointer', 'int32', 'pointer'], return: 'int32' },
  uv_poll_stop: { arguments: ['pointer'], return: 'int32' },
  uv_close: { arguments: ['pointer', 'pointer'], return: 'void' },
});

/** Error numbers that callers tell apart. */
export const ERRNO = { again: 11, addressInUse: 98, noFamily: 97 } as const;

/** Returns the error number of the last failed call of this thread. Read it immediately after the call. */
export function readErrno(): number {
  return getInt32(libc.__errno_location());
}
