/**
 * A Room: `decide` makes events of a command and changes nothing, `evolve` changes the Room as the events say. Neither has
 * side effects outside the Room, apart from the injected ids.
 *
 * @module
 */

import {
  type Epoch,
  GavelError,
  type MemberCause,
  type MemberId,
  type RoomKey,
  type StreamId,
  streamCauseOf,
  type UserId,
} from '@gavel/protocol';
import type { Clock, IdSource } from '../base/clock.ts';
import type { ChatMessage, ChatQuery } from './chat-history.ts';
import type { CommandOf, KickTarget, LoginCommand, RoomCommand } from './commands.ts';
import type { Continuation } from './continuation.ts';
import type { RoomPosition } from './ended-tickets.ts';
import { EventLog } from './event-log.ts';
import type { RoomEvent } from './events.ts';
import { HostControls } from './host-controls.ts';
import { type Member, type MemberInfo, type MemberSecrets, memberInfoOf } from './member.ts';
import { MemberTable } from './member-table.ts';
import { withoutDeleted } from './message-changes.ts';
import { Moderation } from './moderation.ts';
import { Polls } from './polls.ts';
import { RoomDraft } from './room-draft.ts';
import { RoomMessages } from './room-messages.ts';
import type { RoomPolicy } from './room-policy.ts';
import type { RoomState } from './room-state.ts';
import { RoomStreams } from './room-streams.ts';
import { Stage } from './stage.ts';
import { Stores } from './stores.ts';
import type { StreamInfo } from './stream.ts';
import { NOTHING_BLOCKED } from './stream-rules.ts';
import type { RoomSnapshot, RoomSummary } from './views.ts';

/** Dependencies of a Room. */
export interface RoomSettings {
  readonly clock: Clock;
  readonly ids: IdSource;
  /** A Member without activity for this time is removed (ROOM-4). */
  readonly heartbeatTimeoutMs: number;
  /** Number of events stored for resuming clients. */
  readonly keptEvents: number;
  /** Maximum number of live and reserved streams per member; 0 means no limit (LIM-7). */
  readonly maxStreamsPerMember: number;
  /** Consulted at each command; if undefined, nothing is banned, forbidden or held back. */
  readonly policy?: RoomPolicy;
}

/** One life of a room. */
export class Room {
  readonly key: RoomKey;
  readonly epoch: Epoch;
  readonly #settings: RoomSettings;
  readonly #clock: Clock;
  readonly #log: EventLog;
  readonly #members = new MemberTable();
  readonly #moderation: Moderation;
  readonly #streams: RoomStreams;
  readonly #controls: HostControls;
  readonly #messages = new RoomMessages();
  readonly #polls = new Polls();
  readonly #stage: Stage;
  readonly #stores = new Stores();
  /** The session that this life continues, until its first event has it. */
  readonly #before: Continuation | undefined;
  #createdAtMs = 0;
  #maxMemberCount = 0;
  #sessionKeptMs = 0;
  #closed = false;

  /** @param before the session that this life of the room continues, if any */
  constructor(key: RoomKey, epoch: Epoch, settings: RoomSettings, before?: Continuation) {
    this.key = key;
    this.epoch = epoch;
    this.#before = before;
    this.#moderation = new Moderation(this.#members);
    this.#settings = settings;
    this.#clock = settings.clock;
    this.#log = new EventLog(settings.keptEvents);
    this.#moderation.restore(before?.moderation);
    const { policy, maxStreamsPerMember } = settings;
    const blockedKinds = (streamId: StreamId) => policy?.blockedKinds(key, streamId) ?? NOTHING_BLOCKED;
    const lockedKinds = (userId: UserId) => this.#moderation.lockedKinds(userId);
    this.#streams = new RoomStreams({ blockedKinds, lockedKinds, maxStreamsPerMember });
    const parts = { members: this.#members, moderation: this.#moderation, streams: this.#streams };
    this.#controls = new HostControls({ ...parts, polls: this.#polls });
    this.#stage = new Stage(parts);
  }

  /** Returns a room with the state of another instance of the same life of the room. */
  static restore(state: RoomState, settings: RoomSettings): Room {
    const room = new Room(state.key, state.epoch, settings);
    room.#log.restore(state.seq, state.events);
    room.#createdAtMs = state.createdAtMs;
    room.#maxMemberCount = state.maxMemberCount;
    room.#sessionKeptMs = state.sessionKeptMs;
    room.#members.restore(state.members, settings.clock.monotonicMs());
    room.#moderation.restore(state.moderation);
    room.#streams.restore(state.streams);
    room.#messages.restore(state.messages);
    room.#polls.restore(state.polls);
    room.#stores.restore(state.stores);
    return room;
  }

  /** The whole state of a room that has not ended, with secrets. Its cost is the size of the room. */
  get state(): RoomState {
    return {
      key: this.key,
      epoch: this.epoch,
      seq: this.#log.seq,
      events: this.#log.all(),
      createdAtMs: this.#createdAtMs,
      maxMemberCount: this.#maxMemberCount,
      sessionKeptMs: this.#sessionKeptMs,
      members: this.#members.stateAt(this.#clock.monotonicMs()),
      moderation: this.#moderation.state,
      streams: this.#streams.state,
      messages: this.#messages.state,
      polls: this.#polls.state,
      stores: this.#stores.all(),
    };
  }

  /** Whether this life has ended; an ended Room cannot be used again. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The session data for the next life of the room, if the session can continue. */
  get continuation(): Continuation {
    return { keptMs: this.#sessionKeptMs, moderation: this.#moderation.state, stores: this.#stores.state };
  }

  /** The earliest monotonic time at which a Member can exceed the heartbeat time. */
  get expiryDueMonotonicMs(): number {
    return this.#members.earliestSeenMonotonicMs + this.#settings.heartbeatTimeoutMs;
  }

  /**
   * Decides a command; changes nothing.
   *
   * @returns what it changes, in order; empty if nothing
   * @throws GavelError as documented for each command; `room.not-found` if this life has ended
   */
  decide(command: RoomCommand, ids: IdSource = this.#settings.ids): readonly RoomEvent[] {
    if (this.#closed) throw new GavelError('room.not-found');
    const facts = { ids, nowMs: this.#clock.now(), nowMonotonicMs: this.#clock.monotonicMs() };
    const base = { ...this.position, list: this.#members.list, streamSeq: this.#streams.streamSeq };
    const draft = new RoomDraft(base, facts);
    this.#moderation.checkShown(command);
    this.#decide(draft, command);
    return draft.events;
  }

  /** Changes the room as a decided command says; a command may also count as the activity of members. */
  evolve(command: RoomCommand, events: readonly RoomEvent[]): void {
    this.follow(events);
    if (command.type === 'touch') this.touch(command.memberIds);
    else if (command.type === 'expire') this.#members.refreshEarliestSeen();
  }

  /** Decides a command, and changes the room accordingly. @throws as `decide`, without a change */
  apply(command: RoomCommand): readonly RoomEvent[] {
    const events = this.decide(command);
    this.evolve(command, events);
    return events;
  }

  /** Follows another instance of this life of the room: its events, from the first one on, give the same state (BUS-3). */
  follow(events: readonly RoomEvent[]): void {
    for (const event of events) {
      // Events of the waiting room have their own epoch.
      if (event.epoch !== this.epoch) continue;
      this.#log.add(event);
      this.#evolve(event);
    }
  }

  #decide(draft: RoomDraft, command: RoomCommand): void {
    switch (command.type) {
      case 'login':
        return this.#login(draft, command);
      case 'logout':
        return this.#remove(draft, this.#members.require(command.memberId), 'logout', '');
      case 'touch':
        return;
      case 'detach':
        return this.#detach(draft, command);
      case 'abandon':
        return this.#abandon(draft, command);
      case 'resume':
        return this.#resume(draft, command);
      case 'expire':
        return this.#expire(draft);
      case 'kick':
        return this.#kick(draft, command);
      case 'replace':
        return this.#replace(draft, command);
      case 'expireToken':
        return this.#remove(draft, this.#members.require(command.memberId), 'token-expired', '');
      case 'answerWaiting':
        // Waiting users are not in the room: the waiting room has them, and the Room only checks the permission.
        return this.#moderation.check(command.by, 'acceptWaiting');
      case 'close':
        return this.#close(draft, command);
      case 'renewToken':
      case 'mute':
      case 'setPermissions':
      case 'pin':
      case 'rename':
      case 'sendCustom':
        return this.#controls.decide(draft, command);
      case 'changeStage':
        return this.#stage.change(draft, command);
      case 'answerStage':
        return this.#stage.answer(draft, command);
      case 'reserveStream':
        return this.#streams.reserve(draft, command, this.#members.require(command.memberId));
      case 'announceStream':
        return this.#streams.announce(draft, command);
      case 'endStream':
        return this.#streams.end(draft, command);
      case 'addStream':
        return this.#streams.add(draft, command, this.#moderation.shownOf(command.user.id)[0]);
      case 'deleteStream':
        return this.#streams.delete(draft, command);
      case 'updateStream':
        return this.#streams.update(draft, command, this.#members.find(command.memberId)?.permissions);
      case 'forbidStream':
        return this.#streams.forbid(draft, command);
      case 'stopPublishing':
        return this.#stopPublishing(draft, command);
      case 'blockStream':
        return this.#streams.block(draft, command);
      case 'setRoomInfo':
        return this.#messages.setInfo(draft, command);
      case 'send':
        this.#moderation.checkSend(command);
        return this.#messages.send(draft, command, (userId) => this.#moderation.isKnown(userId, command.by));
      case 'changeMessage':
        return this.#messages.change(draft, command, this.#members.require(command.memberId));
      case 'createPoll': {
        const { by } = command;
        return this.#polls.create(draft, command, by && this.#moderation.requirePollRights(by, 'create').user);
      }
      case 'vote':
        return this.#polls.vote(
          draft,
          command,
          this.#moderation.requirePollRights(command.memberId, 'view', 'vote').user,
        );
      case 'openStores':
        return this.#stores.open(draft, command, this.#members.require(command.memberId).memberId);
      case 'changeStore':
        return this.#stores.change(draft, command, this.#members.require(command.memberId).memberId);
    }
  }

  /** The only place where the room changes, but for the activity of members. */
  #evolve(event: RoomEvent): void {
    this.#members.evolve(event, this.#clock.monotonicMs());
    this.#moderation.evolve(event);
    this.#streams.evolve(event);
    this.#messages.evolve(event);
    this.#polls.evolve(event);
    this.#stores.evolve(event);
    switch (event.type) {
      case 'roomCreated':
        this.#createdAtMs = event.atMs;
        this.#maxMemberCount = event.maxMemberCount;
        this.#sessionKeptMs = event.before?.keptMs ?? 0;
        return;
      case 'memberJoined':
        this.#sessionKeptMs = event.sessionKeptMs ?? this.#sessionKeptMs;
        return;
      case 'roomClosed':
        this.#closed = true;
    }
  }

  #login(draft: RoomDraft, command: LoginCommand): void {
    const earlier = this.#members.ofUser(command.user.id);
    if (earlier.length > 0 && command.onDuplicate === 'reject') throw new GavelError('login.duplicate-user');
    const replaced = command.onDuplicate === 'replace' ? earlier : [];
    const isFirst = this.#log.seq === 0;
    const maxMemberCount = isFirst ? command.maxMemberCount : this.#maxMemberCount;
    const countAfter = this.#members.size - replaced.length + 1;
    if (maxMemberCount > 0 && countAfter > maxMemberCount) throw new GavelError('login.room-full');

    const before = this.#before && { before: this.#before };
    if (isFirst) draft.emit({ type: 'roomCreated', creator: command.user, maxMemberCount, ...before });
    const { ids, nowMs } = draft.facts;
    const granted = this.#moderation.permissionsOf(command.user.id, command.permissions);
    const { sessionKeptMs, tokenExpiresAtMs, attempt } = command;
    const member = memberInfoOf(command, command.memberId ?? ids.nextMemberId(), granted, nowMs);
    const secrets: MemberSecrets = {
      ticket: ids.nextTicket(),
      granted,
      ...(tokenExpiresAtMs !== undefined && { tokenExpiresAtMs }),
      ...(attempt && { attemptId: attempt.id }),
    };
    for (const old of replaced) this.#removeMember(draft, old, 'replaced', '', old.clientId === command.clientId);
    draft.emit({
      type: 'memberJoined',
      member,
      connectionId: command.connectionId,
      secrets,
      ...(sessionKeptMs !== undefined && { sessionKeptMs }),
      relogin: replaced.length > 0,
      ...draft.listAfter(member, 1),
    });
  }

  #detach(draft: RoomDraft, command: CommandOf<'detach'>): void {
    const member = this.#members.findAttached(command);
    if (member) draft.emit({ type: 'memberDetached', member: this.#members.infoOf(member) });
  }

  #abandon(draft: RoomDraft, { memberId, connectionId }: CommandOf<'abandon'>): void {
    const member = this.#members.findDetached(memberId, connectionId);
    if (member) this.#remove(draft, member, 'connection-lost', '');
  }

  #resume(draft: RoomDraft, command: CommandOf<'resume'>): void {
    const member = this.#members.resumed(command);
    draft.emit({ type: 'memberResumed', member, connectionId: command.connectionId });
  }

  #expire(draft: RoomDraft): void {
    const silentSinceMs = draft.facts.nowMonotonicMs - this.#settings.heartbeatTimeoutMs;
    for (const member of this.#members.silentSince(silentSinceMs)) {
      this.#remove(draft, member, member.link.kind === 'attached' ? 'heartbeat-timeout' : 'connection-lost', '');
    }
  }

  #kick(draft: RoomDraft, { by, targets, require, reason }: CommandOf<'kick'>): void {
    this.#moderation.check(by, 'kick');
    for (const member of this.#moderation.find(targets, require)) this.#remove(draft, member, 'kicked', reason);
  }

  #stopPublishing(draft: RoomDraft, { memberIds }: CommandOf<'stopPublishing'>): void {
    for (const memberId of memberIds) {
      const member = this.#members.find(memberId);
      if (member) this.#streams.removeOf(draft, member, 'forbidden');
    }
  }

  #replace(draft: RoomDraft, { memberIds }: CommandOf<'replace'>): void {
    for (const memberId of memberIds) {
      const member = this.#members.find(memberId);
      if (member && !draft.hasLeft(memberId)) this.#remove(draft, member, 'replaced', '');
    }
  }

  #close(draft: RoomDraft, command: CommandOf<'close'>): void {
    this.#moderation.check(command.by, 'kick');
    this.#streams.removeAll(draft, 'room-closed');
    for (const member of this.#members.all()) this.#removeMember(draft, member, 'room-closed', command.reason);
    draft.emit({ type: 'roomClosed', cause: 'room-closed', reason: command.reason, announce: command.announce });
  }

  /** Removes a member; the room ends when its last member leaves (ROOM-2). */
  #remove(draft: RoomDraft, member: Member, cause: MemberCause, reason: string): void {
    this.#removeMember(draft, member, cause, reason);
    if (draft.memberCount > 0) return;
    this.#streams.removeAll(draft, 'room-closed');
    draft.emit({ type: 'roomClosed', cause, reason, announce: true });
  }

  #removeMember(draft: RoomDraft, member: Member, cause: MemberCause, reason: string, isSameClient = false): void {
    this.#streams.removeOf(draft, member, streamCauseOf(cause));
    const info = this.#members.infoOf(member);
    draft.emit({
      type: 'memberLeft',
      member: info,
      ...(member.link.kind === 'attached' && { connectionId: member.link.connectionId }),
      cause,
      reason,
      ...(member.unansweredAttemptId !== undefined && { unansweredAttemptId: member.unansweredAttemptId }),
      ...(isSameClient && { isSameClient }),
      ...draft.listAfter(info, -1),
    });
  }

  /** Returns a Member by its id. */
  findMember(memberId: MemberId): Readonly<Member> | undefined {
    return this.#members.find(memberId);
  }

  /** Returns a Member as others see it. */
  findMemberInfo(memberId: MemberId): MemberInfo | undefined {
    const member = this.#members.find(memberId);
    return member && this.#members.infoOf(member);
  }

  /** Returns the members that match a target. */
  membersOf(target: KickTarget): readonly Readonly<Member>[] {
    return this.#moderation.membersOf(target);
  }

  /** Returns the members in the order of their logins. The room must not change while they are read. */
  eachMember(): Iterable<Readonly<Member>> {
    return this.#members.each();
  }

  /** Number of live streams. */
  get streamCount(): number {
    return this.#streams.liveCount;
  }

  /** Whether a member that may admit waiting users is present (WAIT-2). */
  get isAttended(): boolean {
    return this.#members.isAttended;
  }

  /** Returns a live or reserved stream that a member publishes. */
  findOwnStream(memberId: MemberId, streamId: StreamId): StreamInfo | undefined {
    return this.#streams.findOwn(memberId, streamId);
  }

  /** Returns whether there is a live or reserved stream of this id. */
  hasStream(streamId: StreamId): boolean {
    return this.#streams.has(streamId);
  }

  /** Returns a live stream. */
  findStream(streamId: StreamId): StreamInfo | undefined {
    return this.#streams.find(streamId);
  }

  /** Returns the stored chat messages of this life of the room that a member may read (CHAT-4). */
  chat(reader: MemberId, query: ChatQuery): readonly ChatMessage[] {
    return this.#messages.chat.find(this.#members.require(reader), query);
  }

  /** Returns the events after a position; undefined if it is of another life, or some are no longer stored. */
  eventsAfter({ epoch, seq }: RoomPosition): readonly RoomEvent[] | undefined {
    const events = epoch === this.epoch ? this.#log.since(seq) : undefined;
    return events && withoutDeleted(events);
  }

  /** Records activity of members; those that are gone are ignored. */
  touch(memberIds: readonly MemberId[]): void {
    const nowMonotonicMs = this.#clock.monotonicMs();
    for (const memberId of memberIds) this.#members.touch(memberId, nowMonotonicMs);
  }

  /** The position of the last event. */
  get position(): RoomPosition {
    return { epoch: this.epoch, seq: this.#log.seq };
  }

  /** Returns figures, without lists. */
  summary(): RoomSummary {
    return {
      key: this.key,
      epoch: this.epoch,
      createdAtMs: this.#createdAtMs,
      memberCount: this.#members.size,
      shown: this.#members.shown,
      peakMemberCount: this.#members.peak,
      memberMs: this.#members.memberMsAt(this.#clock.monotonicMs()),
    };
  }

  /** Returns the whole state. Without members, its cost does not depend on their number. */
  snapshot({ withMembers = true }: { readonly withMembers?: boolean } = {}): RoomSnapshot {
    return {
      ...this.summary(),
      seq: this.#log.seq,
      userSeq: this.#members.userSeq,
      streamSeq: this.#streams.streamSeq,
      members: withMembers ? this.#members.infos() : [],
      streams: this.#streams.live(),
      infos: this.#messages.infos(),
      polls: this.#polls.all(),
      stores: this.#stores.all(),
    };
  }
}
