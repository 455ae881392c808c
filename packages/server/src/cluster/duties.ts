/**
 * Duties: work that one node of a cluster does for all, such as sending the callbacks of an App.
 *
 * The owner of a duty is stored as that of a room is, with a term, and lasts as long as its node's lease. When the node dies,
 * another one claims the duty.
 *
 * @module
 */

import { type AppId, isGavelError, type RoomId, type RoomKey, roomKeyText } from '@gavel/protocol';
import type { NodeId } from './node-link.ts';
import type { Ownership } from './ownership.ts';
import type { Peers } from './peers.ts';

/** The App of the keys under which the owners of duties are stored. No App has this id. */
export const DUTY_APP_ID = 0 as AppId;

/** The duties of a node. */
export interface Duties {
  /** Returns the node that should have a duty: another one that has it gives it up. */
  nodeFor(name: string): NodeId;
  /** How long this node still has its duties without another renewal of its lease, in milliseconds. */
  readonly remainingMs: number;
  /** Returns whether this node has a duty now, from memory. */
  has(name: string): boolean;
  /** Makes this node the owner of a duty that no live node has. Returns whether this node has it then. @throws the database's error */
  claim(name: string): Promise<boolean>;
  /** Gives a duty up. @throws the database's error; then this node still has it */
  release(name: string): Promise<void>;
}

/** Duties whose owners are those of rooms with reserved keys. */
export class OwnedDuties implements Duties {
  readonly #ownership: Ownership;
  readonly #peers: Pick<Peers, 'self' | 'nodeFor'>;
  readonly #lease: { readonly remainingMs: number };

  /** @param lease that of this node; by default it has no end */
  constructor(
    ownership: Ownership,
    peers: Pick<Peers, 'self' | 'nodeFor'>,
    lease: { readonly remainingMs: number } = { remainingMs: Number.POSITIVE_INFINITY },
  ) {
    this.#ownership = ownership;
    this.#peers = peers;
    this.#lease = lease;
  }

  get remainingMs(): number {
    return this.#lease.remainingMs;
  }

  nodeFor(name: string): NodeId {
    return this.#peers.nodeFor(roomKeyText(keyOf(name)));
  }

  has(name: string): boolean {
    return this.#ownership.termOf(keyOf(name)) !== undefined;
  }

  async claim(name: string): Promise<boolean> {
    try {
      return (await this.#ownership.claim(keyOf(name))).node === this.#peers.self;
    } catch (error) {
      // The lease of this node is over, or it is too young to take over anything.
      if (isGavelError(error, 'server.node-unavailable')) return false;
      throw error;
    }
  }

  async release(name: string): Promise<void> {
    await this.#ownership.release(keyOf(name));
  }
}

const keyOf = (name: string): RoomKey => ({
  appId: DUTY_APP_ID,
  environment: 'production',
  roomId: name as RoomId,
});
