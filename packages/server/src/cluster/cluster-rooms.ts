/**
 * The rooms of a node in a cluster: the bus to the rooms of all nodes, the replicas of those of the others, and their takeover.
 *
 * @module
 */

import type { RoomKey } from '@gavel/protocol';
import type { Bus } from '../bus/bus.ts';
import type { RoomSettings } from '../rooms/room.ts';
import type { RoomState } from '../rooms/room-state.ts';
import type { RoomTransfer } from '../rooms/room-transfer.ts';
import { ClusterBus } from './cluster-bus.ts';
import type { Owner, Ownership } from './ownership.ts';
import type { Peers } from './peers.ts';
import { Replicas } from './replicas.ts';
import { Takeover } from './takeover.ts';

/** Dependencies of a node's rooms. */
export interface ClusterRoomsDeps {
  readonly peers: Peers;
  readonly ownership: Ownership;
  /** The bus to the rooms that this node owns. */
  readonly own: Bus;
  readonly rooms: Pick<RoomTransfer, 'stateOf' | 'adopt'>;
  readonly settings: RoomSettings;
  /** Goes on with the media of a room that this node has taken over. */
  readonly adoptMedia: (state: RoomState) => void;
  /** Called when events of a room are lost for good: what this node's clients know of the room is outdated. */
  readonly onLost: (key: RoomKey) => void;
  readonly onTakeover: (key: RoomKey, owner: Owner) => void;
  /** Reports an error that no caller can receive. */
  readonly report: (error: unknown) => void;
}

/** A node's way to all rooms. */
export interface ClusterRooms {
  readonly bus: Bus;
  /** Begins to send digests. */
  start(): void;
  /** Sends no more digests. */
  stop(): void;
}

/** Connects the rooms of this node with those of the others. Call it before the peers start. */
export function connectRooms(deps: ClusterRoomsDeps): ClusterRooms {
  const { peers, own, rooms, settings, adoptMedia, onLost, onTakeover, report } = deps;
  const replicas: Replicas = new Replicas({
    ...{ peers, settings, onLost, report },
    stateOf: (key) => rooms.stateOf(key),
    termOf: (key) => takeover.termOf(key),
  });
  const takeover = new Takeover({
    ...{ peers, ownership: deps.ownership, replicas, onTakeover, report },
    adopt(state) {
      rooms.adopt(state);
      adoptMedia(state);
    },
  });
  return {
    bus: new ClusterBus({ peers, ownership: takeover, own, replicas, report }),
    start: () => replicas.start(),
    stop: () => replicas.stop(),
  };
}
