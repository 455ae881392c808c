/**
 * Nodes in one process for tests of replicas and takeovers.
 *
 * @module
 */

import type { RoomKey } from '@gavel/protocol';
import { MemoryNetwork } from '@gavel/testkit';
import { LocalBus } from '../bus/local-bus.ts';
import { Publisher } from '../bus/publisher.ts';
import { NO_MEDIA } from '../bus/testing.ts';
import { type EventBatch, Rooms } from '../owner/rooms.ts';
import { KEY, login, ORIGIN, testSettings } from '../rooms/testing.ts';
import { ClusterBus, type OwnedBatch } from './cluster-bus.ts';
import { KeptSessions } from './kept-sessions.ts';
import type { NodeId } from './node-link.ts';
import type { Owner, Ownership } from './ownership.ts';
import { ClusterPeers } from './peers.ts';
import { Replicas } from './replicas.ts';
import { Takeover } from './takeover.ts';
import { WaitingReplicas } from './waiting-replicas.ts';

/** Another room than `KEY`. */
export const OTHER_KEY: RoomKey = { ...KEY, roomId: 'other' as never };

/** Owners in a table that all nodes see; a claim succeeds if the owner has left the network. */
export class OwnerTable {
  readonly #owners = new Map<string, Owner>();
  readonly #isAlive: (node: NodeId) => boolean;

  constructor(isAlive: (node: NodeId) => boolean) {
    this.#isAlive = isAlive;
  }

  setOwner({ roomId }: RoomKey, owner: Owner): void {
    this.#owners.set(roomId, owner);
  }

  ownerOf({ roomId }: RoomKey): Owner | undefined {
    const owner = this.#owners.get(roomId);
    return owner && this.#isAlive(owner.node) ? owner : undefined;
  }

  ofNode(self: NodeId): Ownership {
    return {
      ownerOf: async (key) => this.ownerOf(key),
      claim: async (key) => {
        const term = (this.#owners.get(key.roomId)?.term ?? 0) + 1;
        const owner = this.ownerOf(key) ?? { node: self, term };
        this.#owners.set(key.roomId, owner);
        return owner;
      },
      termOf: (key) => (this.ownerOf(key)?.node === self ? this.ownerOf(key)?.term : undefined),
      correct: () => undefined,
      release: async ({ roomId }) => {
        const owner = this.#owners.get(roomId);
        // Without an owner that is alive, the next term is higher.
        if (owner) this.#owners.set(roomId, { node: 'nobody', term: owner.term });
      },
    };
  }
}

/** A node, with what its subscribers got and the way to lose batches on their way to it. */
export function openNode(network: MemoryNetwork, table: OwnerTable, id: NodeId) {
  const settings = testSettings();
  const publisher = new Publisher();
  /** What the node stores meanwhile takes until this is settled. */
  const store = { pending: undefined as Promise<void> | undefined };
  const rooms = new Rooms(settings, {
    first: [],
    journal: { handle: () => store.pending },
    after: [publisher],
    begin: (key) => {
      const term = ownership.termOf(key);
      return () => (ownership.termOf(key) === term ? true : Promise.resolve(false));
    },
  });
  const peers = new ClusterPeers(network.join(id));
  const got: string[] = [];
  const batches: EventBatch[] = [];
  const [lost, takenOver, errors]: [RoomKey[], Owner[], unknown[]] = [[], [], []];
  const prepared: string[] = [];
  const report = (error: unknown): void => void errors.push(error);
  const ownership = table.ofNode(id);
  const kept = new KeptSessions(settings.clock);
  const waiting = new WaitingReplicas(settings.clock);
  const replicas: Replicas = new Replicas({
    ...{ peers, settings, kept, waiting, report },
    stateOf: (key) => rooms.transfer.stateOf(key),
    termOf: (key) => ownership.termOf(key),
    ownerOf: (key) => ownership.ownerOf(key),
    onLost: (key) => lost.push(key),
    onReplaced: (key, term) => forget(key, term),
  });
  const forget = (key: RoomKey, term: number): void => {
    const [state, waitingState] = [rooms.transfer.stateOf(key), rooms.transfer.waitingOf(key)];
    rooms.transfer.forget(key);
    if (state) replicas.recordForgotten(state, term);
    if (waitingState) waiting.recordForgotten(id, key, { term, state: waitingState });
  };
  const takeover = new Takeover({
    ...{ clock: settings.clock, peers, ownership, replicas, kept, waiting, report },
    adoptSession: (key, session) => rooms.transfer.adoptSession(key, session),
    adoptWaiting(key, { state }) {
      rooms.transfer.adoptWaiting(key, state);
      waiting.recordAdopted(key);
    },
    has: (key) => rooms.transfer.has(key),
    prepare: async (key) => void prepared.push(key.roomId),
    letGo: async (key, term) => forget(key, term),
    adopt: async (state, term) => {
      rooms.transfer.adopt(state);
      await replicas.recordAdopted(state, term);
    },
    onTakeover: (_key, owner) => takenOver.push(owner),
  });
  /** Loses so many of the next batches. */
  const link = { losing: 0 };
  const bus = new ClusterBus({
    ...{ peers, report, ownership: takeover, termOf: (key: RoomKey) => ownership.termOf(key) },
    own: new LocalBus({ rooms, media: NO_MEDIA, publisher }),
    replicas: {
      deliverTo: (deliver) => replicas.deliverTo(deliver),
      recordSent: (owned) => replicas.recordSent(owned),
      receive: (from: NodeId, owned: OwnedBatch) => {
        link.losing -= 1;
        return link.losing >= 0 ? undefined : replicas.receive(from, owned);
      },
    },
  });
  bus.subscribe({
    handle: (batch) => {
      batches.push(batch);
      for (const { type, seq } of batch.events) got.push(`${batch.key.roomId} ${seq} ${type}`);
    },
  });
  peers.start();
  const enter = (userId: string, key = KEY) => bus.call({ key, command: login(userId), origin: ORIGIN });
  return {
    bus,
    rooms,
    replicas,
    takeover,
    got,
    batches,
    lost,
    prepared,
    takenOver,
    errors,
    link,
    store,
    enter,
    clock: settings.clock,
  };
}

/** Returns a network without nodes, the owners of its rooms, and what opens a node. */
export function openNetwork() {
  const network = new MemoryNetwork({ seed: 1, maxMs: 1 });
  const alive = new Set<NodeId>();
  const table = new OwnerTable((node) => alive.has(node));
  const leave = network.leave.bind(network);
  network.leave = (id) => {
    alive.delete(id);
    leave(id);
  };
  const open = (id: NodeId) => {
    alive.add(id);
    return openNode(network, table, id);
  };
  return { network, table, open };
}
