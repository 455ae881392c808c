/**
 * The plays of members, by member and by stream.
 *
 * @module
 */

import {
  type AppId,
  GavelError,
  type MemberId,
  type PublishId,
  type RoomKey,
  type StreamId,
  type UserId,
} from '@gavel/protocol';
import type { Origin } from '../rooms/commands.ts';
import type { MemberInfo } from '../rooms/member.ts';
import type { StreamInfo } from '../rooms/stream.ts';
import type { AppPlays, PlayName } from './app-plays.ts';

/** One member playing one stream. */
export interface Play {
  readonly key: RoomKey;
  readonly memberId: MemberId;
  readonly userId: UserId;
  /** The origin of the first request. */
  readonly origin: Origin;
  readonly streamId: StreamId;
  readonly publishId: PublishId;
  /** When it was first requested, in milliseconds of the monotonic clock. */
  readonly sinceMs: number;
  /** Whether it is in an offer that the engine has not answered yet. */
  isOffered: boolean;
  wasAnswered: boolean;
  /** The addresses in the latest answer. */
  addresses: readonly string[];
  /** Whether its media has ever been connected. */
  wasConnected: boolean;
  /** Whether its video is paused for want of bandwidth; undefined if it never was (BWE-2). */
  isPaused?: boolean;
}

/** The maximum number of simultaneous plays; 0 means no limit (LIM-7). */
export interface PlayLimits {
  readonly maxPlaysPerMember: number;
  readonly maxPlaysPerApp: number;
}

/** Stores plays. A member plays a stream at most once. */
export class PlayTable {
  readonly #limits: PlayLimits;
  readonly #appPlays: AppPlays | undefined;
  readonly #byMember = new Map<MemberId, Map<PublishId, Play>>();
  readonly #byPublish = new Map<PublishId, Set<Play>>();
  readonly #appCounts = new Map<AppId, number>();

  /** @param appPlays the places of the plays of a limited App where rooms are at several nodes; by default plays are counted here */
  constructor(limits: PlayLimits, appPlays?: AppPlays) {
    this.#limits = limits;
    this.#appPlays = appPlays;
  }

  /**
   * Returns the play of a stream by a member, and creates it if there is none. The caller must call `settle` when the
   * offer is answered or refused.
   *
   * @throws GavelError `stream.too-many` if the member or the App has reached its limit of plays
   */
  open(
    key: RoomKey,
    { memberId, user }: Pick<MemberInfo, 'memberId' | 'user'>,
    { streamId, publishId }: StreamInfo,
    origin: Origin,
    nowMs: number,
  ): Play {
    const known = this.#byMember.get(memberId)?.get(publishId);
    if (known) {
      known.isOffered = true;
      return known;
    }
    this.#checkLimits({ key, memberId, publishId });
    const state = { isOffered: true, wasAnswered: false, addresses: [], wasConnected: false };
    const play: Play = { key, memberId, userId: user.id, streamId, publishId, origin, sinceMs: nowMs, ...state };
    this.#appCounts.set(key.appId, this.#appCount(key.appId) + 1);
    const ofMember = this.#byMember.get(memberId) ?? new Map<PublishId, Play>();
    this.#byMember.set(memberId, ofMember.set(publishId, play));
    const ofPublish = this.#byPublish.get(publishId) ?? new Set<Play>();
    this.#byPublish.set(publishId, ofPublish.add(play));
    return play;
  }

  /** Records that an offer was answered or refused. Removes a play none of whose offers was ever answered. */
  settle(play: Play, isAnswered: boolean): void {
    play.isOffered = false;
    play.wasAnswered ||= isAnswered;
    if (!play.wasAnswered) this.remove(play);
  }

  /** Returns the plays of a member. */
  ofMember(memberId: MemberId): readonly Play[] {
    return [...(this.#byMember.get(memberId)?.values() ?? [])];
  }

  /** Returns the play of a stream by a member. */
  find(memberId: MemberId, publishId: PublishId): Play | undefined {
    return this.#byMember.get(memberId)?.get(publishId);
  }

  /** Records that the engine has lost a play. Removes it, unless it is being re-negotiated. */
  lose(play: Play): void {
    play.wasAnswered = false;
    if (!play.isOffered) this.remove(play);
  }

  /** Removes the plays of a member. */
  removeMember(memberId: MemberId): void {
    for (const play of this.ofMember(memberId)) this.remove(play);
  }

  /** Removes the plays of a stream. The engine closes them with the stream. */
  removeStream(publishId: PublishId): void {
    for (const play of [...(this.#byPublish.get(publishId) ?? [])]) this.remove(play);
  }

  /** Removes a play. Does nothing if it was removed before. */
  remove(play: Play): void {
    const ofMember = this.#byMember.get(play.memberId);
    if (ofMember?.get(play.publishId) !== play) return;
    ofMember.delete(play.publishId);
    this.#appPlays?.release(play);
    if (ofMember.size === 0) this.#byMember.delete(play.memberId);
    const { appId } = play.key;
    const count = this.#appCount(appId) - 1;
    if (count > 0) this.#appCounts.set(appId, count);
    else this.#appCounts.delete(appId);
    const ofPublish = this.#byPublish.get(play.publishId);
    ofPublish?.delete(play);
    if (ofPublish?.size === 0) this.#byPublish.delete(play.publishId);
  }

  #checkLimits(play: PlayName): void {
    const { memberId, key } = play;
    const { maxPlaysPerMember, maxPlaysPerApp } = this.#limits;
    if (maxPlaysPerMember > 0 && (this.#byMember.get(memberId)?.size ?? 0) >= maxPlaysPerMember) {
      throw new GavelError('stream.too-many', `A member can play at most ${maxPlaysPerMember} streams at a time.`);
    }
    if (this.#appPlays) return this.#appPlays.require(play);
    if (maxPlaysPerApp > 0 && this.#appCount(key.appId) >= maxPlaysPerApp) {
      throw new GavelError('stream.too-many', `An App can have at most ${maxPlaysPerApp} plays at a time.`);
    }
  }

  #appCount(appId: AppId): number {
    return this.#appCounts.get(appId) ?? 0;
  }
}
