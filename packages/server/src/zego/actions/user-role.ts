/**
 * The role of a user, which only the LiveRoom product gives a meaning.
 *
 * @module
 */

/** Every user's UserRole: audience. 1 is an anchor, 4 an administrator. */
export const AUDIENCE_ROLE = 2;
