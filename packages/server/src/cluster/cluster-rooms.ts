/**
 * The rooms of a node in a cluster: the bus to the rooms of all nodes, the replicas of those of the others, and their takeover.
 *
 * @module
 */

import type { RoomKey } from '@gavel/protocol';
import type { Bus } from '../bus/bus.ts';
import type { RoomSettings } from '../rooms/room.ts';
import type { RoomTransfer } from '../rooms/room-transfer.ts';
import type { Unready } from '../telemetry/health.ts';
import { ClusterBus } from './cluster-bus.ts';
import { LeaseGuard, type LeaseGuardDeps } from './lease-guard.ts';
import type { NodeLink } from './node-link.ts';
import type { Owner, Ownership } from './ownership.ts';
import type { Peers } from './peers.ts';
import { Replicas } from './replicas.ts';
import { Takeover } from './takeover.ts';

/** What makes a process a node of a cluster. */
export interface ClusterParts {
  readonly link: NodeLink;
  readonly ownership: Ownership;
  /** Whether the owners are in the store's database: then rows of ended terms are refused (CLUS-2). */
  readonly isFenced?: boolean;
  /** The lease of this node; without one, it may decide for ever. */
  readonly lease?: LeaseGuardDeps['lease'];
  /** Returns what keeps this node from taking part; empty if nothing does. */
  findUnready?(): readonly Unready[];
}

/** Dependencies of a node's rooms. */
export interface ClusterRoomsDeps extends Pick<ClusterParts, 'ownership' | 'lease'> {
  readonly peers: Peers;
  /** The bus to the rooms that this node owns. */
  readonly own: Bus;
  readonly rooms: Pick<RoomTransfer, 'keys' | 'stateOf' | 'adopt' | 'forget'>;
  readonly settings: RoomSettings;
  readonly media: LeaseGuardDeps['media'];
  /** Called when events of a room are lost for good: what this node's clients know of the room is outdated. */
  readonly onLost: (key: RoomKey) => void;
  readonly onTakeover: (key: RoomKey, owner: Owner) => void;
  readonly log: LeaseGuardDeps['log'];
  /** Reports an error that no caller can receive. */
  readonly report: (error: unknown) => void;
}

/** A node's way to all rooms. */
export interface ClusterRooms {
  readonly bus: Bus;
  /** Begins to send digests, and to watch the lease. */
  start(): void;
  /** Ends both. */
  stop(): void;
}

/** Connects the rooms of this node with those of the others. Call it before the peers start. */
export function connectRooms(deps: ClusterRoomsDeps): ClusterRooms {
  const { peers, own, rooms, settings, media, lease, onLost, onTakeover, log, report } = deps;
  const replicas: Replicas = new Replicas({
    ...{ peers, settings, onLost, report },
    stateOf: (key) => rooms.stateOf(key),
    termOf: (key) => takeover.termOf(key),
  });
  const takeover = new Takeover({
    ...{ peers, ownership: deps.ownership, replicas, onTakeover, report },
    adopt(state) {
      rooms.adopt(state);
      media.adopt(state);
    },
  });
  const { clock } = settings;
  const guard =
    lease &&
    new LeaseGuard({
      ...{ clock, lease, media, log, report },
      rooms: {
        keys: () => rooms.keys(),
        stateOf: (key) => rooms.stateOf(key),
        forget(key) {
          const state = rooms.stateOf(key);
          rooms.forget(key);
          if (state) replicas.recordForgotten(state);
        },
      },
    });
  return {
    bus: new ClusterBus({ peers, ownership: takeover, own, replicas, report }),
    start() {
      replicas.start();
      guard?.start();
    },
    stop() {
      replicas.stop();
      guard?.stop();
    },
  };
}
