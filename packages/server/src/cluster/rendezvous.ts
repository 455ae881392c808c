/**
 * Rendezvous hashing: names one node for a subject, the same at every node that knows the same nodes.
 *
 * @module
 */

import { hash } from 'node:crypto';
import type { NodeId } from './node-link.ts';

/** Returns a number from 0 to 1023 for a node: two nodes of a small cluster have different ones with high probability. */
export const numberOfNode = (node: NodeId): number =>
  Number.parseInt(hash('sha256', node, 'hex').slice(0, 8), 16) % 1024;

/**
 * Returns the node that is responsible for a subject. If a node is added or removed, only the subjects of that node move.
 *
 * @throws Error if there are no nodes
 */
export function nodeFor(subject: string, nodes: readonly NodeId[]): NodeId {
  const [first] = nodes;
  if (first === undefined) throw new Error('a cluster has at least one node');
  if (nodes.length === 1) return first;
  let best = { node: first, weight: '' };
  for (const node of nodes) {
    const weight = hash('sha256', `${node}\n${subject}`, 'hex');
    if (weight > best.weight) best = { node, weight };
  }
  return best.node;
}
