/**
 * The clock that the processes of a machine share.
 *
 * @module
 */

/** Returns a monotonic time in milliseconds that is the same in all processes of the machine. It goes on while a process is stopped. */
export const systemMonotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
