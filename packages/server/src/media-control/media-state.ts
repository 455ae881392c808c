/**
 * What media control knows about members, their streams and their plays. The negotiator, the monitor and the enforcer
 * share it.
 *
 * @module
 */

import type { MediaKind, StreamDemand } from '@gavel/media';
import { type MemberId, type PublishId, type RoomKey, roomKeyText, type StreamId } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { PlayClaims } from '../claims/claims.ts';
import type { StreamInfo } from '../rooms/stream.ts';
import { type BlockedKinds, NOTHING_BLOCKED } from '../rooms/stream-rules.ts';
import { AppPlays } from './app-plays.ts';
import { EndedIds } from './ended-ids.ts';
import { LostStreams } from './lost-streams.ts';
import { PendingPublishes } from './pending-publishes.ts';
import { type PlayLimits, PlayTable } from './play-table.ts';

/** A member that has negotiated: the engine may have a peer of it, whose name is the member id. */
export interface MediaMember {
  readonly key: RoomKey;
  /** Whether its peer is connected. */
  isConnected: boolean;
}

/** A live or reserved stream of a room. */
export interface Published {
  readonly key: RoomKey;
  stream: StreamInfo;
  /** The kinds that the engine does not forward. */
  restricted: BlockedKinds;
  /** Whether its member publishes it, which is not so for a stream that only a backend has announced. */
  isNegotiated: boolean;
  /** Whether another node had its media, and this one has none of it yet: its member may go on with it. */
  isAdopted?: true;
  /** What its viewers take of its video, as its publisher was last informed; undefined before the first change (BWE-4). */
  demand: StreamDemand | undefined;
  /** The kinds that some viewer supports no codec of, as its publisher was informed (MED-8). */
  readonly unsupported: Set<MediaKind>;
  /** Whether the engine has agreed to it for the member's peer, so that closing the peer closes it. */
  isCarried: boolean;
}

/** Dependencies of the state. */
export interface MediaStateDeps {
  readonly clock: Clock;
  /** A new publish ends if its media does not connect within this time (MED-6). */
  readonly connectTimeoutMs: number;
  /** A live stream ends if it has no media for this time (MED-5). */
  readonly lostStreamTimeoutMs: number;
  readonly limits: PlayLimits;
  /** The plays of all nodes; by default those of this process are counted. */
  readonly playClaims?: PlayClaims | undefined;
}

/** The state of all rooms. */
export class MediaState {
  /** Every member that has negotiated, until it is removed. */
  readonly members = new Map<MemberId, MediaMember>();
  readonly streams = new Map<PublishId, Published>();
  readonly plays: PlayTable;
  /** The places of the plays of a limited App; undefined where there is no limit, or one process. */
  readonly appPlays: AppPlays | undefined;
  readonly pending: PendingPublishes;
  readonly lost: LostStreams;
  readonly #ofMember = new Map<MemberId, Set<PublishId>>();
  readonly #endedMembers: EndedIds<MemberId>;
  readonly #endedStreams: EndedIds<PublishId>;

  constructor({ clock, connectTimeoutMs, lostStreamTimeoutMs, limits, playClaims: claims }: MediaStateDeps) {
    this.#endedMembers = new EndedIds(clock);
    this.#endedStreams = new EndedIds(clock);
    const { maxPlaysPerApp } = limits;
    this.appPlays = claims && maxPlaysPerApp > 0 ? new AppPlays({ claims, maxPlaysPerApp, clock }) : undefined;
    this.plays = new PlayTable(limits, this.appPlays);
    this.pending = new PendingPublishes(clock, connectTimeoutMs);
    this.lost = new LostStreams(clock, lostStreamTimeoutMs);
  }

  /** Returns a member that negotiates; undefined if it was removed. The events of its login may not have arrived here yet. */
  openMember(key: RoomKey, memberId: MemberId): MediaMember | undefined {
    if (this.#endedMembers.has(memberId)) return undefined;
    const member = this.members.get(memberId) ?? { key, isConnected: false };
    this.members.set(memberId, member);
    return member;
  }

  /** Removes a member and its plays. */
  removeMember(memberId: MemberId): void {
    this.#endedMembers.add(memberId);
    this.members.delete(memberId);
    this.plays.removeMember(memberId);
  }

  /** Returns whether a stream was removed. */
  hasEnded(publishId: PublishId): boolean {
    return this.#endedStreams.has(publishId);
  }

  /** Returns a stream that a reply names; undefined if it was removed. Its events may not have arrived here yet. */
  openStream(key: RoomKey, stream: StreamInfo): Published | undefined {
    if (this.hasEnded(stream.publishId)) return undefined;
    return this.streams.get(stream.publishId) ?? this.follow(key, stream);
  }

  /** Adds a stream, or records its latest announced properties. */
  follow(key: RoomKey, stream: StreamInfo): Published {
    const { publishId, memberId } = stream;
    const known = this.streams.get(publishId);
    if (known) return Object.assign(known, { stream });
    const published: Published = {
      key,
      stream,
      restricted: NOTHING_BLOCKED,
      isNegotiated: false,
      isCarried: false,
      demand: undefined,
      unsupported: new Set(),
    };
    this.streams.set(publishId, published);
    if (memberId !== undefined)
      this.#ofMember.set(memberId, (this.#ofMember.get(memberId) ?? new Set()).add(publishId));
    return published;
  }

  /** Returns the streams that a member has published by `negotiate`. */
  streamsOf(memberId: MemberId): readonly Published[] {
    const publishIds = [...(this.#ofMember.get(memberId) ?? [])];
    return publishIds.flatMap((publishId) => this.streams.get(publishId) ?? []).filter((one) => one.isNegotiated);
  }

  /** Whether a member may go on with a stream whose media another node had. */
  isAdopted(memberId: MemberId, streamId: StreamId): boolean {
    const publishIds = [...(this.#ofMember.get(memberId) ?? [])];
    return publishIds.some((publishId) => {
      const published = this.streams.get(publishId);
      return published?.isAdopted === true && published.stream.streamId === streamId;
    });
  }

  /** Forgets what a room has, and returns it: another owner may go on with it, and this one get it again. */
  forgetRoom(room: string): { readonly members: readonly MemberId[]; readonly streams: readonly PublishId[] } {
    const isOfRoom = ([, { key }]: readonly [unknown, { readonly key: RoomKey }]) => roomKeyText(key) === room;
    const members = [...this.members].filter(isOfRoom).map(([memberId]) => memberId);
    const streams = [...this.streams].filter(isOfRoom);
    for (const memberId of members) {
      this.members.delete(memberId);
      this.plays.removeMember(memberId);
    }
    for (const [, { stream }] of streams) this.#removeStream(stream);
    return { members, streams: streams.map(([publishId]) => publishId) };
  }

  /** Removes a stream, its plays and its timers. */
  remove(stream: StreamInfo): void {
    this.#endedStreams.add(stream.publishId);
    this.#removeStream(stream);
  }

  #removeStream({ publishId, memberId }: StreamInfo): void {
    this.streams.delete(publishId);
    this.plays.removeStream(publishId);
    this.pending.end(publishId);
    this.lost.remove(publishId);
    if (memberId === undefined) return;
    const ofMember = this.#ofMember.get(memberId);
    ofMember?.delete(publishId);
    if (ofMember?.size === 0) this.#ofMember.delete(memberId);
  }
}
