/**
 * The rooms of a node in a cluster: the bus to the rooms of all nodes, the replicas of those of the others, and their takeover.
 *
 * @module
 */

import { type AppId, type Epoch, isGavelError, type MemberId, type PublishId, type RoomKey } from '@gavel/protocol';
import type { Bus } from '../bus/bus.ts';
import { type HeldPlay, mergeHeld } from '../claims/held-claims.ts';
import { claimsOf, type RoomTransfer } from '../owner/room-transfer.ts';
import type { EventBatch } from '../owner/rooms.ts';
import type { Origin, RoomCommand } from '../rooms/commands.ts';
import type { RoomEvent } from '../rooms/events.ts';
import type { RoomSettings } from '../rooms/room.ts';
import type { RoomState } from '../rooms/room-state.ts';
import type { EndedLife, JournalRepository } from '../store/journal.ts';
import type { LiveRoom } from '../store/live-rooms.ts';
import type { Unready } from '../telemetry/health.ts';
import { ClusterBus } from './cluster-bus.ts';
import type { ClusterClaims } from './cluster-claims.ts';
import { Drain, type DrainDeps } from './drain.ts';
import { EndedRooms } from './ended-rooms.ts';
import { KeptSessions } from './kept-sessions.ts';
import { LeaseGuard, type LeaseGuardDeps } from './lease-guard.ts';
import { LeftRooms, type LeftRoomsDeps } from './left-rooms.ts';
import type { NodeId, NodeLink } from './node-link.ts';
import type { NodeStatus } from './node-status.ts';
import type { Owner, Ownership } from './ownership.ts';
import type { Peers } from './peers.ts';
import { Replicas } from './replicas.ts';
import { Takeover } from './takeover.ts';
import { findUnpublished, type Unpublished } from './unpublished.ts';
import { WaitingReplicas } from './waiting-replicas.ts';

/** The origin of what is done because the owner has changed. */
const TAKEOVER_ORIGIN: Origin = { channel: 'server', requestId: 'takeover' };

/** What makes a process a node of a cluster. */
export interface ClusterParts {
  readonly link: NodeLink;
  readonly ownership: Ownership;
  /** Whether the owners are in the store's database: then rows of ended terms are refused (CLUS-2). */
  readonly isFenced?: boolean;
  /** The lease of this node; without one, it may decide for ever. */
  readonly lease?: LeaseGuardDeps['lease'] & {
    /** Returns the rooms that belong to this node in the database. */
    ownedRooms(): readonly RoomKey[];
    /** Calls the listener before this node decides again after a gap of its lease. */
    beforeResume(listener: () => Promise<unknown>): void;
    /** Deletes at most `limit` rows of rooms and nodes that ended long ago; returns their number. */
    purge(limit: number): Promise<number>;
  };
  /** Reads the state of this node, but for what its rooms know. */
  readonly readStatus?: () => Promise<Omit<NodeStatus, 'takeovers'>>;
  /** Returns what keeps this node from taking part; empty if nothing does. */
  findUnready?(): readonly Unready[];
}

/** Dependencies of a node's rooms. */
export interface ClusterRoomsDeps
  extends Pick<ClusterParts, 'ownership' | 'lease' | 'isFenced' | 'readStatus' | 'findUnready'> {
  readonly peers: Peers;
  /** The bus to the rooms that this node owns. */
  readonly own: Bus;
  readonly rooms: Pick<
    RoomTransfer,
    'has' | 'keys' | 'heldOf' | 'stateOf' | 'waitingOf' | 'adopt' | 'adoptSession' | 'adoptWaiting' | 'forget'
  >;
  /** What is stored of rooms, and of the sessions of meetings. */
  readonly records: {
    readonly rooms: {
      liveRooms: LeftRoomsDeps['findRooms'];
      liveRoom(key: RoomKey): Promise<LiveRoom | undefined>;
    };
    /** Where the owners of rooms are stored. */
    readonly journal: Pick<JournalRepository, 'findEnd'>;
    readonly outbox: {
      continueAfter(key: RoomKey): Promise<void>;
      omitEnds(ids: readonly (MemberId | PublishId | Epoch)[]): void;
      closeLeft: LeftRoomsDeps['endRoom'];
      /** Resolves when nothing is being stored. */
      settled(): Promise<void>;
    };
    readonly sessions: {
      adopt(key: RoomKey): Promise<void>;
      forget(key: RoomKey): void;
      findLeft: LeftRoomsDeps['findSessions'];
      roomOf: LeftRoomsDeps['roomOf'];
      endLeft: LeftRoomsDeps['endSession'];
    };
  };
  /** Executes a command in a room of this node. */
  readonly execute: (key: RoomKey, command: RoomCommand, origin: Origin) => Promise<unknown>;
  /** Stores what must be kept of events that nobody gets. */
  readonly store: (batch: EventBatch) => Promise<void> | undefined;
  /** The claims of the cluster; by default those of each node are apart. */
  readonly claims?: Pick<ClusterClaims, 'follow' | 'forget'> | undefined;
  readonly settings: RoomSettings;
  readonly media: LeaseGuardDeps['media'] & { heldPlaysOf(appId: AppId): readonly HeldPlay[] };
  /** Called when events of a room are lost for good: what this node's clients know of the room is outdated. */
  readonly onLost: (key: RoomKey) => void;
  readonly onTakeover: (key: RoomKey, owner: Owner) => void;
  readonly log: LeaseGuardDeps['log'] & DrainDeps['log'];
  /** Reports an error that no caller can receive. */
  readonly report: (error: unknown) => void;
}

/** A node's way to all rooms. */
export interface ClusterRooms {
  readonly bus: Bus;
  /** The copies of the rooms of other nodes. */
  readonly replicas: Replicas;
  /** Goes on with rooms of other nodes, and gives away those of this one. */
  readonly takeover: Takeover;
  /** Hands the rooms over before this node ends. */
  readonly drain: Drain;
  /** Returns what keeps this node from taking part; empty if nothing does. */
  findUnready(): readonly Unready[];
  /** Reads the state of this node; absent where nodes have no leases. */
  readonly readStatus?: (() => Promise<NodeStatus>) | undefined;
  /** Begins to send digests, and to watch the lease. */
  start(): void;
  /** Ends both. Resolves when no room is being ended. */
  close(): Promise<void>;
}

/** Connects the rooms of this node with those of the others. Call it before the peers start. */
export function connectRooms(deps: ClusterRoomsDeps): ClusterRooms {
  const { peers, own, rooms, settings, media, lease, readStatus, onLost, onTakeover, log, report } = deps;
  const { outbox, sessions } = deps.records;
  const { clock } = settings;
  const termOf = (key: RoomKey): number | undefined => deps.ownership.termOf(key);
  /** Asks the database. */
  const findOwner = (key: RoomKey): ReturnType<Ownership['ownerOf']> => {
    deps.ownership.correct(key, undefined);
    return deps.ownership.ownerOf(key);
  };
  const kept = new KeptSessions(clock);
  const waiting = new WaitingReplicas(clock);
  const replicas: Replicas = new Replicas({
    ...{ peers, settings, kept, waiting, onLost, report },
    stateOf: (key) => rooms.stateOf(key),
    ...{ termOf, ownerOf: findOwner },
    onReplaced(key, term) {
      forget(key, term);
      media.abandon(key).catch(report);
    },
  });
  const takeover = new Takeover({
    ...{ clock, peers, ownership: deps.ownership, replicas, kept, waiting, onTakeover, report },
    adoptSession: (key, session) => rooms.adoptSession(key, session),
    adoptWaiting(key, { state }) {
      rooms.adoptWaiting(key, state);
      waiting.recordAdopted(key);
    },
    has: (key) => rooms.has(key),
    async letGo(key, term) {
      await outbox.settled();
      forget(key, term);
      media.abandon(key).catch(report);
    },
    prepare: (key) => outbox.continueAfter(key),
    async adopt(newest, term) {
      const { key } = newest;
      const stored = await deps.records.rooms.liveRoom(key);
      const ended = deps.isFenced ? await deps.records.journal.findEnd(key) : undefined;
      const unpublished = findUnpublished(newest, stored, clock.now());
      await sessions.adopt(key);
      // A life that began and that nobody was told of.
      const isFollowed = stored !== undefined && isBefore(newest, stored);
      if (isFollowed) await outbox.closeLeft(stored, { key, term });
      if (unpublished) await deps.store(batchOf(key, unpublished.ends));
      const state = unpublished?.state ?? newest;
      // What it was when this node had it before, and lost it a moment ago.
      if (rooms.has(key)) forget(key, 0);
      rooms.adopt(state);
      media.adopt(state);
      await replicas.recordAdopted(state, term);
      if (ended && !isBefore(ended, newest)) endRoom(state, ended);
      else if (isFollowed) endRoom(state, { epoch: newest.epoch, cause: 'room-closed', reason: '' });
      else if (unpublished) removeGone(key, unpublished);
    },
  });
  /** Removes whose end is stored, without another callback. */
  const removeGone = (key: RoomKey, { goneMembers, goneStreams }: Gone): void => {
    endAgain(key, { goneMembers, goneStreams }, [
      ...(goneMembers.length > 0 ? [kickOf(goneMembers, '')] : []),
      ...goneStreams.map(({ streamId }) => ({ type: 'deleteStream', streamId }) as const),
    ]);
  };
  /** Ends a life of a room whose end is stored, without another callback. */
  const endRoom = ({ key, epoch, members, streams }: RoomState, { cause, reason }: EndedLife): void => {
    const goneMembers = members.members.map(({ member }) => member.memberId);
    const goneStreams = streams.slots.flatMap(({ state, info }) => (state === 'live' ? info : []));
    outbox.omitEnds([epoch]);
    const command = cause === 'room-closed' ? closeOf(reason) : kickOf(goneMembers, reason);
    endAgain(key, { goneMembers, goneStreams }, [command]);
  };
  const endAgain = (key: RoomKey, { goneMembers, goneStreams }: Gone, commands: readonly RoomCommand[]): void => {
    outbox.omitEnds([...goneMembers, ...goneStreams.map(({ publishId }) => publishId)]);
    for (const command of commands) {
      deps.execute(key, command, TAKEOVER_ORIGIN).catch((error: unknown) => {
        // It was removed with its member.
        if (!isGavelError(error, 'stream.not-found', 'room.not-found')) report(error);
      });
    }
  };
  /** Another node goes on with the room: clients of this one follow it, and negotiate media anew. */
  const forget = (key: RoomKey, term: number): void => {
    const [state, waitingState] = [rooms.stateOf(key), rooms.waitingOf(key)];
    rooms.forget(key);
    sessions.forget(key);
    if (state) replicas.recordForgotten(state, term);
    if (waitingState) waiting.recordForgotten(peers.self, key, { term, state: waitingState });
  };
  const isGone = (node: NodeId): boolean => !peers.nodes().includes(node);
  const guard =
    lease &&
    new LeaseGuard({
      ...{ clock, lease, media, log, report },
      rooms: {
        keys: () => rooms.keys(),
        stateOf: (key) => rooms.stateOf(key),
        forget(key) {
          forget(key, 0);
          // Its clients may know of something that did not survive.
          replicas.refresh(key).catch(report);
        },
      },
    });
  lease?.beforeResume(async () => deps.claims?.forget());
  deps.claims?.follow({
    own: (appId) => ({
      ...mergeHeld([rooms.heldOf(appId), ...replicas.statesOf(appId, isGone).map(claimsOf)]),
      plays: media.heldPlaysOf(appId),
    }),
    of: (appId, node) => mergeHeld(replicas.statesOf(appId, (owner) => owner === node).map(claimsOf)),
  });
  const ended =
    lease && new EndedRooms({ clock, rooms, ownership: takeover, report, ownedRooms: () => lease.ownedRooms() });
  const leftRooms = deps.isFenced
    ? new LeftRooms({ ...{ clock, peers, takeover, report }, ...findersOf(deps.records) })
    : undefined;
  const drain = new Drain({ clock, takeover, rooms, log, report });
  return {
    ...{ replicas, takeover, drain },
    findUnready: () => [
      ...(deps.findUnready?.() ?? []),
      ...(takeover.isDraining ? [{ part: 'cluster', problem: 'this node is being drained' } as const] : []),
    ],
    bus: new ClusterBus({ peers, ownership: takeover, termOf, own, replicas, report }),
    readStatus: readStatus && (async () => ({ ...(await readStatus()), takeovers: takeover.count })),
    start() {
      replicas.start();
      takeover.start();
      kept.sweep.start();
      waiting.sweep.start();
      guard?.start();
      ended?.start();
      leftRooms?.start();
    },
    async close() {
      replicas.stop();
      takeover.stop();
      kept.sweep.stop();
      waiting.sweep.stop();
      guard?.stop();
      ended?.stop();
      await leftRooms?.close();
    },
  };
}

type Gone = Pick<Unpublished, 'goneMembers' | 'goneStreams'>;

const kickOf = (memberIds: readonly MemberId[], reason: string): RoomCommand => ({
  type: 'kick',
  require: 'any',
  reason,
  targets: [{ label: '', userIds: [], memberIds }],
});

const closeOf = (reason: string): RoomCommand => ({ type: 'close', reason, announce: true });

/** Whether a life of a room was over when another one began. */
const isBefore = (one: Pick<RoomState, 'epoch'>, other: Pick<RoomState, 'epoch'>): boolean =>
  BigInt(one.epoch) < BigInt(other.epoch);

const batchOf = (key: RoomKey, events: readonly RoomEvent[]): EventBatch => ({
  ...{ key, events, origin: TAKEOVER_ORIGIN },
  epoch: events[0]?.epoch ?? ('0' as Epoch),
});

function findersOf({
  rooms,
  outbox,
  sessions,
}: ClusterRoomsDeps['records']): Pick<
  LeftRoomsDeps,
  'findRooms' | 'findSessions' | 'roomOf' | 'endRoom' | 'endSession'
> {
  return {
    findRooms: (liveNodes) => rooms.liveRooms(liveNodes),
    findSessions: (liveNodes) => sessions.findLeft(liveNodes),
    roomOf: (session) => sessions.roomOf(session),
    endRoom: (room, owned) => outbox.closeLeft(room, owned),
    endSession: (session, owned) => sessions.endLeft(session, owned),
  };
}
