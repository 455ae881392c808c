/**
 * The table of the nodes with their leases, and of the rooms with their owners. All times are those of the table's own clock.
 *
 * @module
 */

import type { RoomKey } from '@gavel/protocol';
import type { OwnedRoom } from '../../store/journal.ts';
import type { NodeId } from '../node-link.ts';
import type { Owner } from '../ownership.ts';

/** How long a lease lasts after its last renewal, in milliseconds. */
export const LEASE_MS = 3_000;
/**
 * A node may take over rooms of others when its own lease has been without a gap for so many lease times: after a failure of
 * the database, all nodes get their leases back before any room changes its owner.
 */
export const HEALTHY_LEASES = 2;

/** What a node says of itself. */
export interface NodeFacts {
  readonly id: NodeId;
  /** Where clients or other nodes reach it, for those who look at the cluster. */
  readonly addresses: readonly string[];
  /** Number of members of its rooms. */
  readonly load: number;
}

/** A node whose lease is not over. */
export interface LiveNode extends NodeFacts {
  /** Distinguishes the starts of a node; from 1. */
  readonly incarnation: number;
}

/** A live node, as the table sees it. */
export interface LeasedNode extends LiveNode {
  /** How long its lease still lasts, in milliseconds. */
  readonly remainingMs: number;
}

/** One start of a node. */
export type Incarnation = Pick<LiveNode, 'id' | 'incarnation'>;

/**
 * The leases and owners of a cluster. An implementation passes `lease-table-contract.test.ts`.
 *
 * A lease belongs to a node, not to a room: a room's owner is the node in whose incarnation it was claimed, as long as that
 * incarnation's lease is not over.
 */
export interface LeaseTable {
  /** Begins the lease of a new incarnation, and returns it; undefined if the lease of an earlier one is not over. */
  register(node: NodeFacts): Promise<number | undefined>;
  /**
   * Renews a lease, also one that is over. Returns the live nodes, ordered by their ids; undefined if the node has a later
   * incarnation.
   */
  renew(node: LiveNode): Promise<readonly LeasedNode[] | undefined>;
  /** Ends a lease at once. Its rooms have no owner then. */
  end(node: Incarnation): Promise<void>;
  /** Returns the rooms of an incarnation, whether its lease is over or not. */
  roomsOf(node: Incarnation): Promise<readonly OwnedRoom[]>;
  /** Returns the owner of a room; undefined if it has none, or its lease is over. */
  ownerOf(key: RoomKey): Promise<Owner | undefined>;
  /**
   * Makes a node the owner of a room that has none, with a higher term than any owner before. Returns the owner then;
   * undefined if there is none, because the lease of this node is over, or has not been without a gap for long enough to take
   * over the room of another node.
   */
  claim(key: RoomKey, node: Incarnation): Promise<Owner | undefined>;
  /** Gives up a room, if the term is still that of the node. The row stays for some time, so that late rows of the term are refused. */
  release(room: OwnedRoom, node: Incarnation): Promise<void>;
  /**
   * Deletes at most `limit` rooms that were given up an hour ago, gives up rooms of nodes whose lease is over for an hour, and
   * deletes such nodes when they have no rooms left. Returns the number of changed rows. A process of such a node that is still
   * there is one that was replaced.
   */
  purge(limit: number): Promise<number>;
}
