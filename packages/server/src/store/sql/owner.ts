/**
 * Which node has a session or a live room.
 *
 * @module
 */

/** The node of a process that is no part of a cluster. */
export const LOCAL_NODE = 'local';

/** Returns the owners whose rows a node continues or ends: its own, and those of a process before the cluster. */
export function ownersOf(node: string): readonly string[] {
  return node === LOCAL_NODE ? [node] : [node, LOCAL_NODE];
}
