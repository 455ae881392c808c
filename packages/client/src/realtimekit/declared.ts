/**
 * Types as the vendor declares them, so that applications compile unchanged.
 *
 * @module
 */

/** Returns a value with the type that the vendor declares, which does not say that it is undefined while there is none. */
export const asDeclared = <T>(value: T | undefined): T => value as T;
