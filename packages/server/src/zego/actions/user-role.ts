/**
 * The role of a user, which has a meaning only in the LiveRoom product.
 *
 * @module
 */

/** The UserRole of every user: audience. 1 is an anchor, 4 is an administrator. */
export const AUDIENCE_ROLE = 2;
