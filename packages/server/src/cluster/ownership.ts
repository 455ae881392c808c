/**
 * Ownership: which node owns a room. Its implementations are on a database, and on a hash where the nodes never change.
 *
 * @module
 */

import type { RoomKey } from '@gavel/protocol';
import type { NodeId } from './node-link.ts';

/** The owner of a room. */
export interface Owner {
  readonly node: NodeId;
  /** Rises with every claim of the room; from 1. */
  readonly term: number;
}

/**
 * Which node owns each room. Lookups of one room resolve in the order in which they were made, so that the commands of a
 * room stay in order.
 */
export interface Ownership {
  /** Returns the owner of a room as far as this node knows; undefined if the room has none. @throws the database's error */
  ownerOf(key: RoomKey): Promise<Owner | undefined> | Owner | undefined;
  /**
   * Makes this node the owner of a room, unless another live node is it. Returns the owner.
   *
   * @throws GavelError `server.node-unavailable` if this node may not claim rooms now; the database's error
   */
  claim(key: RoomKey): Promise<Owner> | Owner;
  /** Returns the term in which this node owns a room now, from memory; undefined if it is not its owner, or its lease is over. */
  termOf(key: RoomKey): number | undefined;
  /** Replaces what this node knows: another node has answered that it is not the owner, or who is. */
  correct(key: RoomKey, owner: Owner | undefined): void;
  /** Gives up a room of this node that has ended: its next owner may be any node. @throws the database's error; then the room stays */
  release(key: RoomKey): Promise<void>;
}
