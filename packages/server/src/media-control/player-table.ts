/**
 * Who plays what: the engine's players by member and by stream.
 *
 * @module
 */

import type { MemberId, PublishId, StreamId } from '@gavel/protocol';
import type { StreamInfo } from '../rooms/stream.ts';

interface PlayerEntry {
  readonly player: string;
  readonly memberId: MemberId;
  readonly streamId: StreamId;
  readonly publishId: PublishId;
}

/** Holds players; each member has at most one for a stream. */
export class PlayerTable {
  readonly #players = new Map<string, PlayerEntry>();
  readonly #byMember = new Map<MemberId, Map<StreamId, PlayerEntry>>();
  readonly #byPublish = new Map<PublishId, Set<PlayerEntry>>();

  /** Names the player of a member for a stream; the same name when it plays it already. */
  add(memberId: MemberId, stream: StreamInfo): string {
    const { streamId, publishId } = stream;
    const player = `${memberId}/${publishId}`;
    if (this.#players.has(player)) return player;
    const entry: PlayerEntry = { player, memberId, streamId, publishId };
    this.#players.set(player, entry);
    const ofMember = this.#byMember.get(memberId) ?? new Map<StreamId, PlayerEntry>();
    this.#byMember.set(memberId, ofMember.set(streamId, entry));
    const ofPublish = this.#byPublish.get(publishId) ?? new Set<PlayerEntry>();
    this.#byPublish.set(publishId, ofPublish.add(entry));
    return player;
  }

  find(player: string): PlayerEntry | undefined {
    return this.#players.get(player);
  }

  /** Forgets one player; gives its name. */
  remove(memberId: MemberId, streamId: StreamId): string | undefined {
    const entry = this.#byMember.get(memberId)?.get(streamId);
    if (entry) this.#forget(entry);
    return entry?.player;
  }

  /** Forgets the players of a member; gives their names. */
  removeMember(memberId: MemberId): string[] {
    const entries = [...(this.#byMember.get(memberId)?.values() ?? [])];
    for (const entry of entries) this.#forget(entry);
    return entries.map((entry) => entry.player);
  }

  /** Forgets the players of a publish: the engine closes them with the stream. */
  removeStream(stream: StreamInfo): void {
    for (const entry of [...(this.#byPublish.get(stream.publishId) ?? [])]) this.#forget(entry);
  }

  #forget(entry: PlayerEntry): void {
    this.#players.delete(entry.player);
    const ofMember = this.#byMember.get(entry.memberId);
    ofMember?.delete(entry.streamId);
    if (ofMember?.size === 0) this.#byMember.delete(entry.memberId);
    const ofPublish = this.#byPublish.get(entry.publishId);
    ofPublish?.delete(entry);
    if (ofPublish?.size === 0) this.#byPublish.delete(entry.publishId);
  }
}
