/**
 * The engine's players, by member and by stream.
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

/** One member playing one stream. */
export interface PlayerEntry {
  /** The name of the player in the engine. */
  readonly player: string;
  readonly key: RoomKey;
  readonly memberId: MemberId;
  readonly userId: UserId;
  /** The origin of the first request. */
  readonly origin: Origin;
  readonly streamId: StreamId;
  readonly publishId: PublishId;
  /** When it was first requested, in milliseconds of the monotonic clock. */
  readonly sinceMs: number;
  /** Offers that the engine has not answered yet. */
  openOffers: number;
  wasAnswered: boolean;
  /** The addresses in the latest answer. */
  addresses: readonly string[];
  /** Whether its media has ever been connected. */
  wasConnected: boolean;
}

/** The maximum number of simultaneous players; 0 means no limit (LIM-7). */
export interface PlayerLimits {
  readonly maxPlaysPerMember: number;
  readonly maxPlaysPerApp: number;
}

/** Stores players. A member has at most one player per stream. */
export class PlayerTable {
  readonly #limits: PlayerLimits;
  readonly #players = new Map<string, PlayerEntry>();
  readonly #byMember = new Map<MemberId, Map<StreamId, PlayerEntry>>();
  readonly #byPublish = new Map<PublishId, Set<PlayerEntry>>();
  readonly #appCounts = new Map<AppId, number>();

  constructor(limits: PlayerLimits) {
    this.#limits = limits;
  }

  /**
   * Returns the player of a member for a stream, and creates it if there is none. The caller must call `settle` when
   * the offer is answered or refused.
   *
   * @throws GavelError `stream.too-many` if the member or the App has reached its limit of players
   */
  open(
    key: RoomKey,
    { memberId, user }: Pick<MemberInfo, 'memberId' | 'user'>,
    { streamId, publishId }: StreamInfo,
    origin: Origin,
    nowMs: number,
  ): PlayerEntry {
    const player = `${memberId}/${publishId}`;
    const known = this.#players.get(player);
    if (known) {
      known.openOffers += 1;
      return known;
    }
    this.#checkLimits(key.appId, memberId);
    const state = { openOffers: 1, wasAnswered: false, addresses: [], wasConnected: false };
    const ids = { key, memberId, userId: user.id, streamId, publishId };
    const entry: PlayerEntry = { player, ...ids, origin, sinceMs: nowMs, ...state };
    this.#players.set(player, entry);
    this.#appCounts.set(key.appId, this.#appCount(key.appId) + 1);
    const ofMember = this.#byMember.get(memberId) ?? new Map<StreamId, PlayerEntry>();
    this.#byMember.set(memberId, ofMember.set(streamId, entry));
    const ofPublish = this.#byPublish.get(publishId) ?? new Set<PlayerEntry>();
    this.#byPublish.set(publishId, ofPublish.add(entry));
    return entry;
  }

  /** Records that an offer was answered or refused. Removes a player none of whose offers was ever answered. */
  settle(entry: PlayerEntry, isAnswered: boolean): void {
    entry.openOffers -= 1;
    entry.wasAnswered ||= isAnswered;
    if (!entry.wasAnswered && entry.openOffers === 0) this.#forget(entry);
  }

  find(player: string): PlayerEntry | undefined {
    return this.#players.get(player);
  }

  /** Records that the engine has lost a player. Removes the player, unless it is being re-negotiated. */
  lose(entry: PlayerEntry): void {
    entry.wasAnswered = false;
    if (entry.openOffers === 0) this.#forget(entry);
  }

  /** Removes one player. */
  remove(memberId: MemberId, streamId: StreamId): PlayerEntry | undefined {
    const entry = this.#byMember.get(memberId)?.get(streamId);
    if (entry) this.#forget(entry);
    return entry;
  }

  /** Removes the players of a member. */
  removeMember(memberId: MemberId): PlayerEntry[] {
    const entries = [...(this.#byMember.get(memberId)?.values() ?? [])];
    for (const entry of entries) this.#forget(entry);
    return entries;
  }

  /** Removes the players of a publish. The engine closes them with the stream. */
  removeStream({ publishId }: StreamInfo): void {
    for (const entry of [...(this.#byPublish.get(publishId) ?? [])]) this.#forget(entry);
  }

  #checkLimits(appId: AppId, memberId: MemberId): void {
    const { maxPlaysPerMember, maxPlaysPerApp } = this.#limits;
    if (maxPlaysPerMember > 0 && (this.#byMember.get(memberId)?.size ?? 0) >= maxPlaysPerMember) {
      throw new GavelError('stream.too-many', `A member can play at most ${maxPlaysPerMember} streams at a time.`);
    }
    if (maxPlaysPerApp > 0 && this.#appCount(appId) >= maxPlaysPerApp) {
      throw new GavelError('stream.too-many', `An App can have at most ${maxPlaysPerApp} plays at a time.`);
    }
  }

  #appCount(appId: AppId): number {
    return this.#appCounts.get(appId) ?? 0;
  }

  #forget(entry: PlayerEntry): void {
    if (this.#players.get(entry.player) !== entry) return;
    this.#players.delete(entry.player);
    const { appId } = entry.key;
    const count = this.#appCount(appId) - 1;
    if (count > 0) this.#appCounts.set(appId, count);
    else this.#appCounts.delete(appId);
    const ofMember = this.#byMember.get(entry.memberId);
    if (ofMember?.get(entry.streamId) === entry) ofMember.delete(entry.streamId);
    if (ofMember?.size === 0) this.#byMember.delete(entry.memberId);
    const ofPublish = this.#byPublish.get(entry.publishId);
    ofPublish?.delete(entry);
    if (ofPublish?.size === 0) this.#byPublish.delete(entry.publishId);
  }
}
