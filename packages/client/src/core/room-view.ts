/**
 * The client's view of its room: members and streams, kept up to date from events and snapshots.
 *
 * @module
 */

import type {
  ChatEventFrame,
  MemberCause,
  RoomEventFrame,
  StageState,
  StoreEventFrame,
  StreamCause,
  WireMember,
  WirePermissions,
  WirePoll,
  WireRoomInfo,
  WireSnapshot,
  WireStore,
  WireStream,
} from '@gavel/protocol';
import { PollList, type PollsChange } from './poll-list.ts';

/** A message to the room or to chosen users. */
export type RoomMessage = Extract<RoomEventFrame, { event: 'message' }>;

/** A member that left; the cause is undefined if the client learned it only by comparing snapshots. */
export interface DepartedMember {
  readonly member: WireMember;
  readonly cause: MemberCause | undefined;
}

/** A removed stream; the cause is undefined if the client learned it only by comparing snapshots. */
export interface RemovedStream {
  readonly stream: WireStream;
  readonly cause: StreamCause | undefined;
  /** Whether this client published it. */
  readonly own: boolean;
}

/** Another member whose name or pin changed. */
export interface MemberChange {
  readonly member: WireMember;
  readonly before: WireMember;
}

/** A custom message from another member's application. */
export type CustomMessage = Extract<RoomEventFrame, { event: 'custom' }>;

/** A stream of another member whose attributes changed. */
export interface StreamChange {
  readonly stream: WireStream;
  readonly before: WireStream;
}

/** One step from an old state to a new one; the parts are in the order in which they are emitted. */
export interface RoomChange {
  readonly streamsRemoved: readonly RemovedStream[];
  readonly membersLeft: readonly DepartedMember[];
  readonly membersJoined: readonly WireMember[];
  readonly membersUpdated: readonly MemberChange[];
  /** Without own streams. */
  readonly streamsAdded: readonly WireStream[];
  /** Without own streams. */
  readonly streamsUpdated: readonly StreamChange[];
  /** Own streams that were added or changed, as the server has them now. */
  readonly ownStreams: readonly WireStream[];
  /** Infos of the room that were set, by any member. */
  readonly infosSet: readonly WireRoomInfo[];
  /** This client's own member, if its name or pin changed. */
  readonly ownMember?: WireMember;
  /** The permissions of this client's member, if they changed. */
  readonly permissions?: WirePermissions;
  readonly message?: RoomMessage;
  readonly messageChanged?: ChatEventFrame;
  readonly polls?: PollsChange;
  readonly storeEvent?: StoreEventFrame;
  /** The opened stores, as the server has them now. */
  readonly stores?: readonly WireStore[];
  readonly custom?: CustomMessage;
}

const NOTHING: RoomChange = {
  streamsRemoved: [],
  membersLeft: [],
  membersJoined: [],
  membersUpdated: [],
  streamsAdded: [],
  streamsUpdated: [],
  ownStreams: [],
  infosSet: [],
};

/** The result of `RoomView.apply`: the change, or `gap` if earlier events are missing. */
export type Applied = RoomChange | 'gap';

/** Members and streams of a room that the server reports to this client, including its own member and streams. */
export class RoomView {
  readonly #members = new Map<string, WireMember>();
  readonly #streams = new Map<string, WireStream>();
  readonly #infos = new Map<string, WireRoomInfo>();
  readonly #polls = new PollList();
  #selfId: string;
  #permissions: WirePermissions;
  #stage: StageState | undefined;
  #seq = 0;
  #userSeq = 0;
  #streamSeq = 0;
  #memberCount = 0;

  constructor(selfId: string, snapshot: WireSnapshot) {
    this.#selfId = selfId;
    this.#permissions = snapshot.permissions;
    this.#load(snapshot);
    this.#polls.replace(snapshot.polls ?? []);
  }

  /** Where this client's own member is; undefined if its permissions have no stage. */
  get stage(): StageState | undefined {
    return this.#stage;
  }

  /** Members by member id; empty unless the login asked for members. */
  get members(): ReadonlyMap<string, WireMember> {
    return this.#members;
  }

  /** Streams by stream id. */
  get streams(): ReadonlyMap<string, WireStream> {
    return this.#streams;
  }

  /** The room's infos by key. */
  get infos(): ReadonlyMap<string, WireRoomInfo> {
    return this.#infos;
  }

  /** The room's polls that this client may see, oldest first. */
  polls(): readonly WirePoll[] {
    return this.#polls.all();
  }

  /** The `seq` of the last event seen. */
  get seq(): number {
    return this.#seq;
  }

  /** The number of members that the server reported last. */
  get memberCount(): number {
    return this.#memberCount;
  }

  set memberCount(count: number) {
    this.#memberCount = count;
  }

  /** The streams of other members. */
  othersStreams(): WireStream[] {
    return [...this.#streams.values()].filter((stream) => !this.#isOwn(stream));
  }

  /** The other members. */
  otherMembers(): WireMember[] {
    return [...this.#members.values()].filter((member) => member.memberId !== this.#selfId);
  }

  /** Applies one event; an event that was applied before changes nothing. */
  apply(frame: RoomEventFrame): Applied {
    if (frame.seq <= this.#seq) return NOTHING;
    if ('userSeq' in frame) {
      if (frame.userSeq > this.#userSeq + 1) return 'gap';
      this.#userSeq = Math.max(this.#userSeq, frame.userSeq);
      this.#memberCount = frame.memberCount;
    }
    if ('streamSeq' in frame) {
      if (frame.streamSeq > this.#streamSeq + 1) return 'gap';
      this.#streamSeq = Math.max(this.#streamSeq, frame.streamSeq);
    }
    this.#seq = frame.seq;
    return this.#change(frame);
  }

  /** Returns whether a change of the stream list was already applied. */
  hasSeen(streamSeq: number): boolean {
    return streamSeq <= this.#streamSeq;
  }

  /**
   * Removes a stream without emitting a change, for the client in whose own name it was removed (STRM-2).
   *
   * Returns false if earlier events are missing.
   */
  drop(streamId: string, streamSeq: number): boolean {
    this.#streams.delete(streamId);
    if (streamSeq > this.#streamSeq + 1) return false;
    this.#streamSeq = Math.max(this.#streamSeq, streamSeq);
    return true;
  }

  /** Replaces the whole state and returns the difference. */
  replace(snapshot: WireSnapshot, selfId: string = this.#selfId): RoomChange {
    const members = new Map(this.#members);
    const streams = new Map(this.#streams);
    const infos = new Map(this.#infos);
    const formerSelfId = this.#selfId;
    const permissions = this.#permissions;
    this.#selfId = selfId;
    this.#load(snapshot);
    const polls = this.#polls.replace(snapshot.polls ?? []);

    const isSelf = (id: string | undefined) => id === selfId || id === formerSelfId;
    const streamsRemoved: RemovedStream[] = [];
    for (const stream of streams.values()) {
      if (isSameStream(stream, this.#streams.get(stream.streamId))) continue;
      streamsRemoved.push({ stream, cause: undefined, own: isSelf(stream.memberId) });
    }
    const streamsAdded: WireStream[] = [];
    const streamsUpdated: StreamChange[] = [];
    for (const stream of this.#streams.values()) {
      if (isSelf(stream.memberId)) continue;
      const before = streams.get(stream.streamId);
      if (!before || !isSameStream(stream, before)) streamsAdded.push(stream);
      else if (!isEqualStream(stream, before)) streamsUpdated.push({ stream, before });
    }
    const ownMember = this.#members.get(selfId);
    const ownBefore = members.get(formerSelfId);
    return {
      streamsRemoved,
      membersUpdated: [...this.#members.values()].flatMap((member) => {
        const before = members.get(member.memberId);
        return before && !isSelf(member.memberId) && !isEqualMember(member, before) ? { member, before } : [];
      }),
      ...(ownMember && ownBefore && !isEqualMember(ownMember, ownBefore) && { ownMember }),
      ...(!isSameJson(permissions, snapshot.permissions) && { permissions: snapshot.permissions }),
      membersLeft: [...members.values()]
        .filter((member) => !this.#members.has(member.memberId) && !isSelf(member.memberId))
        .map((member) => ({ member, cause: undefined })),
      membersJoined: [...this.#members.values()].filter(
        (member) => !members.has(member.memberId) && !isSelf(member.memberId),
      ),
      streamsAdded,
      streamsUpdated,
      ownStreams: snapshot.streams.filter((stream) => this.#isOwn(stream)),
      infosSet: snapshot.infos.filter(({ key, atMs }) => infos.get(key)?.atMs !== atMs),
      ...pollsOf(polls),
      ...(snapshot.stores && { stores: snapshot.stores }),
    };
  }

  #load(snapshot: WireSnapshot): void {
    this.#seq = snapshot.seq;
    this.#userSeq = snapshot.userSeq;
    this.#streamSeq = snapshot.streamSeq;
    this.#memberCount = snapshot.memberCount;
    this.#permissions = snapshot.permissions;
    this.#stage = snapshot.stage;
    this.#members.clear();
    this.#streams.clear();
    for (const member of snapshot.members) this.#members.set(member.memberId, member);
    for (const stream of snapshot.streams) this.#streams.set(stream.streamId, stream);
    this.#infos.clear();
    for (const info of snapshot.infos) this.#infos.set(info.key, info);
  }

  #change(frame: RoomEventFrame): RoomChange {
    switch (frame.event) {
      case 'memberJoined': {
        const known = this.#members.has(frame.member.memberId);
        this.#members.set(frame.member.memberId, frame.member);
        if (known || frame.member.memberId === this.#selfId) return NOTHING;
        return { ...NOTHING, membersJoined: [frame.member] };
      }
      case 'memberLeft': {
        this.#members.delete(frame.member.memberId);
        if (frame.member.memberId === this.#selfId) return NOTHING;
        return { ...NOTHING, membersLeft: [{ member: frame.member, cause: frame.cause }] };
      }
      case 'memberUpdated': {
        const { member } = frame;
        const before = this.#members.get(member.memberId);
        if (before) this.#members.set(member.memberId, member);
        if (member.memberId === this.#selfId) {
          this.#stage = member.stage;
          return { ...NOTHING, ownMember: member };
        }
        return before ? { ...NOTHING, membersUpdated: [{ member, before }] } : NOTHING;
      }
      case 'streamAdded':
      case 'streamUpdated': {
        const before = this.#streams.get(frame.stream.streamId);
        this.#streams.set(frame.stream.streamId, frame.stream);
        if (this.#isOwn(frame.stream)) return { ...NOTHING, ownStreams: [frame.stream] };
        if (before) return { ...NOTHING, streamsUpdated: [{ stream: frame.stream, before }] };
        return { ...NOTHING, streamsAdded: [frame.stream] };
      }
      case 'streamRemoved': {
        this.#streams.delete(frame.stream.streamId);
        const removed = { stream: frame.stream, cause: frame.cause, own: this.#isOwn(frame.stream) };
        return { ...NOTHING, streamsRemoved: [removed] };
      }
      case 'roomInfo':
        this.#infos.set(frame.info.key, frame.info);
        return { ...NOTHING, infosSet: [frame.info] };
      case 'permissions':
        this.#permissions = frame.permissions;
        return {
          ...NOTHING,
          permissions: frame.permissions,
          ...pollsOf(frame.polls && this.#polls.replace(frame.polls)),
        };
      case 'pollUpdated':
      case 'pollVoted':
        return { ...NOTHING, ...pollsOf(this.#polls.apply(frame)) };
      case 'storeOpened':
      case 'storeChanged':
        return { ...NOTHING, storeEvent: frame };
      case 'message':
        return { ...NOTHING, message: frame };
      case 'custom':
        return { ...NOTHING, custom: frame };
      case 'messageChanged':
        return { ...NOTHING, messageChanged: frame };
      default:
        // A newer server may send events that this client does not know.
        return NOTHING;
    }
  }

  #isOwn(stream: WireStream): boolean {
    return stream.memberId === this.#selfId;
  }
}

const pollsOf = (polls: PollsChange | undefined) => polls && { polls };

/** Viewers treat the same stream id of the same user as one stream, whichever login published it. */
function isSameStream(one: WireStream, other: WireStream | undefined): boolean {
  return other !== undefined && one.user.id === other.user.id;
}

function isEqualMember(one: WireMember, other: WireMember): boolean {
  return one.user.name === other.user.name && one.pinned === other.pinned && one.stage === other.stage;
}

/** Compares by JSON: the server always writes keys in the same order. */
const isSameJson = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

function isEqualStream(one: WireStream, other: WireStream): boolean {
  return (
    one.memberId === other.memberId &&
    one.user.name === other.user.name &&
    one.extraInfo === other.extraInfo &&
    one.audio === other.audio &&
    one.video === other.video
  );
}
