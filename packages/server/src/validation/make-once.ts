/**
 * Values that are made when they are first needed, such as compiled schemas: a start does not wait for those of all routes, and
 * most processes need few of them.
 *
 * @module
 */

/**
 * Returns a function that makes its value at the first call, and returns the same one from then on.
 *
 * ```ts
 * const validatorOf = makeOnce(() => Compile(schema));
 * if (!validatorOf().Check(body)) throw badRequest();
 * ```
 */
export function makeOnce<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
