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
import type { EndedLife } from '../store/journal.ts';
import type { LiveRoom } from '../store/live-rooms.ts';
import { BATCH } from './cluster-bus.ts';
import { connectRooms } from './cluster-rooms.ts';
import type { NodeId } from './node-link.ts';
import type { Owner, Ownership } from './ownership.ts';
import { ClusterPeers } from './peers.ts';
import type { Topic } from './topic.ts';

/** Another room than `KEY`. */
export const OTHER_KEY: RoomKey = { ...KEY, roomId: 'other' as never };

/** Owners in a table that all nodes see; a claim succeeds if the owner has left the network. */
export class OwnerTable {
  readonly #owners = new Map<string, Owner>();
  /** The last stored end of a life of each room, and the room that is stored as live. */
  readonly ends = new Map<string, EndedLife>();
  readonly liveRooms = new Map<string, LiveRoom>();
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

/** Peers of a node that loses batches on their way to it. */
class LossyPeers extends ClusterPeers {
  /** So many of the next batches are lost. */
  losing = 0;

  override serve<Request, Answer>(
    topic: Topic<Request, Answer>,
    handler: (request: Request, from: NodeId) => Answer | Promise<Answer>,
  ): void {
    const isOfBatches = topic.name === BATCH.name;
    super.serve(topic, (request, from) => {
      if (isOfBatches) this.losing -= 1;
      // That is what a node answers that has handled a batch.
      return isOfBatches && this.losing >= 0 ? (null as Answer) : handler(request, from);
    });
  }
}

/** A node, with what its subscribers got and the way to lose batches on their way to it. Nothing is stored. */
export function openNode(network: MemoryNetwork, table: OwnerTable, id: NodeId) {
  const settings = testSettings();
  const publisher = new Publisher();
  /** What the node stores meanwhile takes until this is settled. */
  const store = { pending: undefined as Promise<void> | undefined };
  const ownership = table.ofNode(id);
  const rooms = new Rooms(settings, {
    first: [],
    journal: { handle: () => store.pending },
    after: [publisher],
    begin: (key) => {
      const term = ownership.termOf(key);
      return () => (ownership.termOf(key) === term ? true : Promise.resolve(false));
    },
  });
  const link = new LossyPeers(network.join(id));
  const got: string[] = [];
  const batches: EventBatch[] = [];
  const [lost, takenOver, errors]: [RoomKey[], Owner[], unknown[]] = [[], [], []];
  const prepared: string[] = [];
  const [omitted, closedLeft]: [string[], LiveRoom[]] = [[], []];
  const { bus, replicas, takeover } = connectRooms({
    ...{ peers: link, ownership, settings, isFenced: true },
    own: new LocalBus({ rooms, media: NO_MEDIA, publisher }),
    rooms: rooms.transfer,
    records: {
      rooms: { liveRooms: async () => [], liveRoom: async ({ roomId }) => table.liveRooms.get(roomId) },
      journal: { findEnd: async ({ roomId }) => table.ends.get(roomId) },
      outbox: {
        continueAfter: async (key) => void prepared.push(key.roomId),
        omitEnds: (ids) => void omitted.push(...ids),
        closeLeft: async (room) => void closedLeft.push(room),
        settled: async () => {},
      },
      sessions: {
        adopt: async () => {},
        forget: () => {},
        findLeft: async () => [],
        roomOf: () => KEY,
        endLeft: async () => {},
      },
    },
    execute: (key, command, origin) => rooms.execute(key, command, origin),
    store: () => undefined,
    media: { adopt: () => {}, abandon: async () => {}, limitSending: () => {}, heldPlaysOf: () => [] },
    onLost: (key) => lost.push(key),
    onTakeover: (_key, owner) => takenOver.push(owner),
    log: { info: () => {}, warn: () => {} },
    report: (error) => errors.push(error),
  });
  bus.subscribe({
    handle: (batch) => {
      batches.push(batch);
      for (const { type, seq } of batch.events) got.push(`${batch.key.roomId} ${seq} ${type}`);
    },
  });
  link.start();
  const enter = (userId: string, key = KEY) => bus.call({ key, command: login(userId), origin: ORIGIN });
  const { clock } = settings;
  return {
    ...{ bus, rooms, replicas, takeover, store, link, clock, enter },
    ...{ got, batches, lost, prepared, omitted, closedLeft, takenOver, errors },
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
