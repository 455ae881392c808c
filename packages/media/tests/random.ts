/**
 * Random numbers that are the same in every run, so that a failure can be repeated.
 *
 * @module
 */

export { createRandom } from '@gavel/testkit/random';
