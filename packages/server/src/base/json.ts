/**
 * What may cross a bus: commands, replies, events, queries and answers are plain JSON (BUS-1).
 *
 * @module
 */

/** What JSON cannot express, or expresses as something else. */
type NotJson =
  | undefined
  | bigint
  | symbol
  | Date
  | Error
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | PromiseLike<unknown>
  | ((...args: never[]) => unknown);

/**
 * A type without the parts that are not JSON; a type that is assignable to it has none. A part of type `unknown` is a
 * value that a client sent as JSON.
 *
 * ```ts
 * const isJson: RoomEvent extends Json<RoomEvent> ? true : false = true;
 * ```
 */
export type Json<T> = unknown extends T
  ? T
  : T extends string | number | boolean | null
    ? T
    : T extends NotJson
      ? never
      : T extends object
        ? { readonly [K in keyof T]: Json<T[K]> }
        : never;
