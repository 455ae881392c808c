/**
 * What a node of a cluster shows of itself, in metrics and in the list of nodes.
 *
 * @module
 */

/** The state of one node. */
export interface NodeStatus {
  /** Distinguishes the starts of the node; from 1. */
  readonly incarnation: number;
  /** How long its lease still lasts, in milliseconds; 0 or less if it is over. */
  readonly leaseRemainingMs: number;
  /** Number of rooms that belong to it. */
  readonly ownedRooms: number;
  /** Number of rooms that it has taken over from nodes that were gone, since its start. */
  readonly takeovers: number;
  /** The time to the NATS server and back, in milliseconds; absent while it is not connected. */
  readonly natsRoundTripMs?: number;
}
