/**
 * Which node has a session or a live room.
 *
 * @module
 */

/** The node of a process that is no part of a cluster. */
export const LOCAL_NODE = 'local';
