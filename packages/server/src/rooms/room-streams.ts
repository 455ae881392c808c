/**
 * The streams of one room: their table and commands.
 *
 * @module
 */

import {
  GavelError,
  type MemberId,
  type StreamCause,
  type StreamId,
  type StreamSource,
  type UserId,
} from '@gavel/protocol';
import type { CommandOf, MutedKinds } from './commands.ts';
import type { RoomEvent } from './events.ts';
import type { Member, Permissions, User } from './member.ts';
import type { RoomDraft } from './room-draft.ts';
import { allowedKinds, mutedIn, type StreamInfo, type StreamSlot } from './stream.ts';
import type { BlockedKinds } from './stream-rules.ts';

type NewStream = Omit<StreamInfo, 'number' | 'publishId' | 'createdAtMs' | 'blocked' | 'muted'>;

/** Dependencies of the streams of a room. */
export interface RoomStreamsDeps {
  /** Returns the kinds of a stream that are held back now. */
  readonly blockedKinds: (streamId: StreamId) => BlockedKinds;
  /** Returns the kinds that a user may not unmute (HOST-4). */
  readonly lockedKinds: (userId: UserId) => MutedKinds;
  /** Maximum number of live and reserved streams per member; 0 means no limit (LIM-7). */
  readonly maxStreamsPerMember: number;
}

/** The streams of a room in a snapshot, in the order in which they were created. */
export interface RoomStreamsState {
  readonly slots: readonly StreamSlot[];
  readonly number: number;
  readonly streamSeq: number;
}

/** Stores the streams of a room. Only events change it. The Room checks the permissions of members. */
export class RoomStreams {
  readonly #blockedKinds: (streamId: StreamId) => BlockedKinds;
  readonly #lockedKinds: (userId: UserId) => MutedKinds;
  readonly #maxStreamsPerMember: number;
  readonly #slots = new Map<StreamId, StreamSlot>();
  readonly #byMember = new Map<MemberId, Set<StreamId>>();
  #number = 0;
  #streamSeq = 0;

  constructor({ blockedKinds, lockedKinds, maxStreamsPerMember }: RoomStreamsDeps) {
    this.#blockedKinds = blockedKinds;
    this.#lockedKinds = lockedKinds;
    this.#maxStreamsPerMember = maxStreamsPerMember;
  }

  /** The live and reserved streams. */
  get state(): RoomStreamsState {
    return { slots: [...this.#slots.values()], number: this.#number, streamSeq: this.#streamSeq };
  }

  /** Sets the state of an empty table. */
  restore({ slots, number, streamSeq }: RoomStreamsState): void {
    for (const { info, state } of slots) this.#put(info, state);
    this.#number = number;
    this.#streamSeq = streamSeq;
  }

  /** Version of the list of live streams, without gaps. */
  get streamSeq(): number {
    return this.#streamSeq;
  }

  /** Returns the live streams. */
  live(): StreamInfo[] {
    return [...this.#slots.values()].flatMap((slot) => (slot.state === 'live' ? slot.info : []));
  }

  /** Number of live streams. */
  get liveCount(): number {
    let count = 0;
    for (const { state } of this.#slots.values()) if (state === 'live') count += 1;
    return count;
  }

  /** Returns a live or reserved stream that a member publishes. */
  findOwn(memberId: MemberId, streamId: StreamId): StreamInfo | undefined {
    const info = this.#slots.get(streamId)?.info;
    return info?.memberId === memberId ? info : undefined;
  }

  /** Returns whether there is a live or reserved stream of this id. */
  has(streamId: StreamId): boolean {
    return this.#slots.has(streamId);
  }

  /** Returns a live stream. */
  find(streamId: StreamId): StreamInfo | undefined {
    const slot = this.#slots.get(streamId);
    return slot?.state === 'live' ? slot.info : undefined;
  }

  reserve(draft: RoomDraft, command: CommandOf<'reserveStream'>, member: Member): void {
    const { source = 'camera' } = command;
    const allowed = allowedKinds(member.permissions, source);
    const isAllowed = member.permissions.publishStreamIds?.includes(command.streamId) ?? true;
    if (!isAllowed || !(allowed.audio || allowed.video)) throw new GavelError('stream.not-allowed');
    if (source === 'screen' && this.#lockedKinds(member.user.id).screen) throw new GavelError('member.not-allowed');
    if (member.tokenExpiresAtMs <= draft.facts.nowMs) throw new GavelError('login.token-expired');
    const slot = this.#slots.get(command.streamId);
    if (slot && slot.info.memberId !== member.memberId) throw new GavelError('stream.taken');
    if (slot && slot.info.source !== source)
      throw new GavelError('stream.not-allowed', 'the source of a stream cannot change');
    if (!slot) this.#checkCounts(draft, member, source);
    const { type: _type, memberId, ...rest } = command;
    const stream = slot?.info ?? this.#create(draft, { ...rest, source, memberId, user: member.user, title: '' });
    draft.emit({ type: 'streamReserved', stream, live: slot?.state === 'live', allowed });
  }

  announce(draft: RoomDraft, command: CommandOf<'announceStream'>): void {
    const slot = this.#slots.get(command.streamId);
    if (slot?.info.publishId !== command.publishId) throw new GavelError('stream.not-found');
    if (slot.state === 'live') return;
    const { muted, audio, video } = slot.info;
    const on = { audio: audio && command.audio && !muted.audio, video: video && command.video && !muted.video };
    this.#emitAdded(draft, { ...slot.info, ...on });
  }

  end(draft: RoomDraft, command: CommandOf<'endStream'>): void {
    const slot = this.#slots.get(command.streamId);
    if (slot?.info.publishId === command.publishId) this.#remove(draft, slot, command.cause ?? 'stopped');
  }

  add(draft: RoomDraft, command: CommandOf<'addStream'>, owner: Member | undefined): void {
    const slot = this.#slots.get(command.streamId);
    if (slot && slot.info.user.id !== command.user.id) throw new GavelError('stream.taken');
    if (slot)
      return this.#change(draft, { ...slot.info, title: command.title, extraInfo: command.extraInfo }, slot.state);
    if (owner) this.#checkMemberCap(owner);
    const { type: _type, ...rest } = command;
    const stream = { ...rest, ...(owner && { memberId: owner.memberId }), audio: true, video: true };
    this.#emitAdded(draft, this.#create(draft, { ...stream, source: 'camera' }));
  }

  delete(draft: RoomDraft, command: CommandOf<'deleteStream'>): void {
    const slot = this.#slots.get(command.streamId);
    if (slot?.state !== 'live') throw new GavelError('stream.not-found');
    this.#remove(draft, slot, 'deleted', command.actorUserId);
  }

  forbid(draft: RoomDraft, command: CommandOf<'forbidStream'>): void {
    const slot = this.#slots.get(command.streamId);
    if (slot) this.#remove(draft, slot, 'forbidden');
  }

  block(draft: RoomDraft, { streamId, blocked }: CommandOf<'blockStream'>): void {
    const slot = this.#slots.get(streamId);
    if (!slot) return;
    const { audio, video } = slot.info.blocked;
    if (audio !== blocked.audio || video !== blocked.video) this.#change(draft, { ...slot.info, blocked }, slot.state);
  }

  update(draft: RoomDraft, command: CommandOf<'updateStream'>, permissions: Permissions | undefined): void {
    const slot = this.#slots.get(command.streamId);
    if (slot?.info.memberId !== command.memberId) throw new GavelError('stream.not-found');
    const { extraInfo = slot.info.extraInfo, audio = slot.info.audio, video = slot.info.video } = command;
    const { muted, user, source } = slot.info;
    const locked = mutedIn(this.#lockedKinds(user.id), source);
    const allowed = permissions && allowedKinds(permissions, source);
    const isBound = {
      audio: muted.audio && (locked.audio || !allowed?.audio),
      video: muted.video && (locked.video || !allowed?.video),
    };
    if ((audio && isBound.audio) || (video && isBound.video)) throw new GavelError('member.not-allowed');
    const stillMuted = { audio: muted.audio && !audio, video: muted.video && !video };
    this.#change(draft, { ...slot.info, extraInfo, audio, video, muted: stillMuted }, slot.state);
  }

  /** Mutes kinds of all streams of a member, as far as they apply to each stream's source. */
  mute(draft: RoomDraft, member: Member, all: BlockedKinds): void {
    for (const slot of this.#slotsOf(draft, member)) {
      const { audio, video, muted, source } = slot.info;
      const kinds = mutedIn(all, source);
      const now = { audio: muted.audio || kinds.audio, video: muted.video || kinds.video };
      if (now.audio === muted.audio && now.video === muted.video) continue;
      this.#change(
        draft,
        { ...slot.info, audio: audio && !now.audio, video: video && !now.video, muted: now },
        slot.state,
      );
    }
  }

  /** Ends the streams that a member may no longer publish, and holds back the kinds that it may no longer send. */
  enforce(draft: RoomDraft, member: Member, permissions: Permissions): void {
    for (const slot of this.#slotsOf(draft, member)) {
      const { streamId, source } = slot.info;
      const allowed = allowedKinds(permissions, source);
      const isAllowed = permissions.publishStreamIds?.includes(streamId) ?? true;
      if (!isAllowed || !(allowed.audio || allowed.video)) this.#remove(draft, slot, 'forbidden');
    }
    this.mute(draft, member, { audio: !permissions.publishAudio, video: !permissions.publishVideo });
  }

  /** Updates the member's name in its streams (NAME-1). */
  rename(draft: RoomDraft, member: Member, user: User): void {
    for (const slot of this.#slotsOf(draft, member)) this.#change(draft, { ...slot.info, user }, slot.state);
  }

  /** Ends the screen streams of a member (SCRN-4). */
  endScreens(draft: RoomDraft, member: Member): void {
    for (const slot of this.#slotsOf(draft, member))
      if (slot.info.source === 'screen') this.#remove(draft, slot, 'deleted');
  }

  /** Removes the streams of one member. */
  removeOf(draft: RoomDraft, member: Member, cause: StreamCause): void {
    for (const slot of this.#slotsOf(draft, member)) this.#remove(draft, slot, cause);
  }

  /** Removes every stream that the draft has not removed. */
  removeAll(draft: RoomDraft, cause: StreamCause): void {
    for (const [streamId, slot] of this.#slots) {
      if (draft.slotAfter(streamId, slot)) this.#remove(draft, slot, cause);
    }
  }

  #checkMemberCap({ memberId }: Member): void {
    const max = this.#maxStreamsPerMember;
    if (max > 0 && (this.#byMember.get(memberId)?.size ?? 0) >= max) {
      throw new GavelError('stream.too-many', `A member can publish at most ${max} streams.`);
    }
  }

  /** Reserved streams count too, so that simultaneous requests cannot exceed the limit (SCRN-3). */
  #checkCounts(draft: RoomDraft, member: Member, source: StreamSource): void {
    this.#checkMemberCap(member);
    const { maxStreamsOfSource = Number.POSITIVE_INFINITY, screen } = member.permissions;
    const own = this.#slotsOf(draft, member).filter(({ info }) => info.source === source).length;
    if (own >= maxStreamsOfSource) throw new GavelError('stream.too-many');
    if (source !== 'screen' || screen?.maxInRoom === undefined) return;
    const inRoom = [...this.#slots.values()].filter(({ info }) => info.source === 'screen').length;
    if (inRoom >= screen.maxInRoom) throw new GavelError('stream.too-many');
  }

  /** Returns the streams of a member after the events of the draft. */
  #slotsOf(draft: RoomDraft, { memberId }: Member): StreamSlot[] {
    return [...(this.#byMember.get(memberId) ?? [])].flatMap(
      (streamId) => draft.slotAfter(streamId, this.#slots.get(streamId)) ?? [],
    );
  }

  #create({ facts }: RoomDraft, stream: NewStream): StreamInfo {
    const muted = mutedIn(this.#lockedKinds(stream.user.id), stream.source);
    return {
      ...stream,
      audio: stream.audio && !muted.audio,
      video: stream.video && !muted.video,
      muted,
      blocked: this.#blockedKinds(stream.streamId),
      publishId: facts.ids.nextPublishId(),
      createdAtMs: facts.nowMs,
      number: this.#number + 1,
    };
  }

  #emitAdded(draft: RoomDraft, stream: StreamInfo): void {
    draft.emit({ type: 'streamAdded', stream, streamSeq: draft.nextStreamSeq });
  }

  #change(draft: RoomDraft, stream: StreamInfo, state: StreamSlot['state']): void {
    draft.emit({ type: state === 'live' ? 'streamUpdated' : 'reservationChanged', stream });
  }

  /** Changes the streams as an event says. */
  evolve(event: RoomEvent): void {
    switch (event.type) {
      case 'streamReserved':
        return this.#put(event.stream, event.live ? 'live' : 'reserved');
      case 'reservationChanged':
        return this.#put(event.stream, 'reserved');
      case 'streamUpdated':
        return this.#put(event.stream, 'live');
      case 'streamAdded':
        this.#streamSeq = event.streamSeq;
        return this.#put(event.stream, 'live');
      case 'streamReleased':
        return this.#drop(event.stream);
      case 'streamRemoved':
        this.#streamSeq = event.streamSeq;
        return this.#drop(event.stream);
    }
  }

  #put(info: StreamInfo, state: StreamSlot['state']): void {
    const { streamId, memberId, number } = info;
    const isNew = !this.#slots.has(streamId);
    this.#slots.set(streamId, { state, info });
    if (!isNew) return;
    this.#number = number;
    if (memberId === undefined) return;
    const owned = this.#byMember.get(memberId) ?? new Set();
    this.#byMember.set(memberId, owned.add(streamId));
  }

  #drop({ streamId, memberId }: StreamInfo): void {
    this.#slots.delete(streamId);
    if (memberId === undefined) return;
    const owned = this.#byMember.get(memberId);
    owned?.delete(streamId);
    if (owned?.size === 0) this.#byMember.delete(memberId);
  }

  #remove(draft: RoomDraft, slot: StreamSlot, cause: StreamCause, exceptUserId?: UserId): void {
    if (slot.state === 'reserved') {
      draft.emit({ type: 'streamReleased', stream: slot.info, cause });
      return;
    }
    const streamSeq = draft.nextStreamSeq;
    const except = exceptUserId !== undefined && { exceptUserId };
    draft.emit({ type: 'streamRemoved', stream: slot.info, cause, ...except, streamSeq });
  }
}
