/**
 * The other participants of a meeting (reference realtimekit 8.3).
 *
 * @module
 */

import type { Params, WireMember, WireStream } from '@gavel/protocol';
import { SILENCE_DBOV, toAmplitude } from '../core/media/amplitude.ts';
import type { Playback } from '../core/media/playback.ts';
import type { Clock, Platform } from '../core/platform.ts';
import type { RoomChange } from '../core/room-view.ts';
import type { RoomSession } from '../core/session.ts';
import type { SessionEvents } from '../core/session-events.ts';
import type { RateLimits } from './call-limit.ts';
import { CODES, RealtimeKitError, requireIds, toParticipantsError } from './errors.ts';
import { EventEmitter } from './event-emitter.ts';
import { type JoinedPeer, type RoomPeer, toJoinedPeer, toRoomPeer } from './joined-peers.ts';
import { numberOf, textOf } from './json.ts';
import type { MediaScore } from './media-score.ts';
import type { TransportState } from './meta.ts';
import {
  Participant,
  type ParticipantDeps,
  SUBSCRIPTION_KINDS,
  type SubscriptionKind,
  type UnsupportedMedia,
} from './participant.ts';
import type { ParticipantMap } from './participant-map.ts';
import { ParticipantMaps } from './participant-maps.ts';
import type { ViewMode, ViewState } from './participant-view.ts';
import { type PermissionsPatch, toChanges } from './permissions.ts';
import { Pip } from './pip.ts';
import { toPersonFields } from './profile.ts';
import { repeat } from './repeating.ts';
import { Waitlist } from './waitlist.ts';

/** How often the quality is measured, in milliseconds. */
const MEASURE_MS = 1_000;

type SpeakerEvent = SessionEvents['activeSpeaker'][0];

/** The recipients of a broadcast message; several lists are combined. */
export interface BroadcastTarget {
  /** Peer ids. */
  readonly participantIds?: readonly string[];
  readonly presetNames?: readonly string[];
}

/** Dependencies of the participants. */
export interface ParticipantsDeps extends Pick<Platform, 'media' | 'clock'> {
  /** Is called when received media was connected, lost, or connected again. */
  connectionChanged(state: TransportState): void;
  /** Reads the members of the room without joining it. */
  preview(): Promise<readonly WireMember[]>;
}

/** The events of the participants of a meeting. */
export interface ParticipantsEvents {
  /** Specific to Gavel: media of this kind is sent, but this browser supports none of its codecs (MED-8). */
  mediaUnsupported: [event: UnsupportedMedia];
  /** Another participant is the one who is heard most clearly; `volume` is from 0 to 1. */
  activeSpeaker: [event: { readonly peerId: string; readonly volume: number }];
  viewModeChanged: [state: ViewState];
  pageChanged: [state: ViewState];
  /** The quality of what is received of a participant changed. */
  mediaScoreUpdate: [score: MediaScore];
  /** The quality of what is received of a participant became poor. */
  poorConnection: [event: { readonly participantId: string; readonly score: number; readonly kind: string }];
  /** Video of a participant has arrived for 5 s, and the browser has decoded no frame of it. */
  media_decode_error: [error: { readonly reason: string; readonly code: '1702' | '1703' }];
  /** Another participant called `broadcastMessage`; `timestamp` is in milliseconds since the Unix epoch. */
  broadcastedMessage: [
    message: {
      readonly type: string;
      // biome-ignore lint/suspicious/noExplicitAny: whatever the sender's application has put into it
      readonly payload: Readonly<Record<string, any>>;
      readonly timestamp: number;
    },
  ];
}

/** The other participants of the meeting. */
export class Participants extends EventEmitter<ParticipantsEvents> {
  /** The picture-in-picture window; not supported. */
  readonly pip = new Pip();
  readonly #maps = new ParticipantMaps((event, state) => this.emit(event, state));
  readonly #deps: ParticipantDeps;
  readonly #waitlist: Waitlist;
  readonly #clock: Clock;
  #session: RoomSession | undefined;
  readonly #connectionChanged: ParticipantsDeps['connectionChanged'];
  readonly #preview: ParticipantsDeps['preview'];
  readonly #watched = new WeakSet<Playback>();
  #stopMeasuring: () => void = () => {};
  #lastActiveSpeaker = '';
  #rateLimits: RateLimits = { maxInvocations: 5, period: 1 };

  constructor({ media, clock, connectionChanged, preview }: ParticipantsDeps) {
    super();
    this.#connectionChanged = connectionChanged;
    this.#preview = preview;
    this.#clock = clock;
    this.#deps = {
      media,
      moderate: (params) => this.#request(params),
      unsupported: (event) => this.#handleUnsupported(event),
      undecodable: ({ participantId, source }) =>
        this.emit('media_decode_error', {
          reason: `video arrives and is not decoded: ${source} of ${participantId}`,
          code: CODES.notDecoded,
        }),
    };
    this.#waitlist = new Waitlist(this.#deps);
  }

  /** How many messages `broadcastMessage` sends at most in a period, in seconds; the server has the same limit. */
  get rateLimits(): RateLimits {
    return this.#rateLimits;
  }

  /** The same as `rateLimits`. */
  get rateLimitConfig(): RateLimits {
    return this.#rateLimits;
  }

  /** Changes `rateLimits` for the application's own use: the server's limit stays. */
  updateRateLimits(maxInvocations: number, period: number): void {
    this.#rateLimits = { maxInvocations, period };
  }

  /** The participants in the room now, by peer id; the own user is in none of the maps. */
  get joined(): ParticipantMap {
    return this.#maps.joined;
  }

  /** The waiting list, by the peer id that they get when admitted; empty without the permission `acceptWaitingRequests`. */
  get waitlisted(): ParticipantMap {
    return this.#waitlist.map;
  }

  /**
   * The participants that are shown, by view mode and page. Of the others the audio is played, and no video of their camera is received
   * unless they are pinned, or shown in a registered element.
   */
  get active(): ParticipantMap {
    return this.#maps.active;
  }

  /** The participants that are pinned for everyone. */
  get pinned(): ParticipantMap {
    return this.#maps.pinned;
  }

  /** The participants whose camera is played here now. */
  get videoSubscribed(): ParticipantMap {
    return this.#maps.videoSubscribed;
  }

  /** The participants whose microphone is played here now. */
  get audioSubscribed(): ParticipantMap {
    return this.#maps.audioSubscribed;
  }

  /** All participants who have been in the room since the own join, present or not; those who never joined are not included. */
  get all(): ParticipantMap {
    return this.#maps.all;
  }

  /** The number of other participants in the room. */
  get count(): number {
    return this.joined.size;
  }

  /** The peer id of the participant who spoke last; empty before. */
  get lastActiveSpeaker(): string {
    return this.#lastActiveSpeaker;
  }

  /** Who is in `active`; see `setViewMode`. */
  get viewMode(): ViewMode {
    return this.#maps.view.mode;
  }

  /** The page, counted from 1; 0 unless the view mode is `PAGINATED`. */
  get currentPage(): number {
    return this.#maps.view.page;
  }

  /** How many pages all participants fill, at least 1; 0 unless the view mode is `PAGINATED`. */
  get pageCount(): number {
    return this.#maps.view.pageCount;
  }

  /** How many participants `active` has at most; from the preset's `max_video_streams`, unless it was set. */
  get maxActiveParticipantsCount(): number {
    return this.#maps.view.max;
  }

  /** Sets how many participants `active` has at most. @throws RealtimeKitError `1203` unless it is a whole number of at least 1 */
  setMaxActiveParticipantsCount(limit: number): void {
    this.#maps.view.setMax(limit);
  }

  /** The peer ids of the participants that are shown. */
  getPeerIdsForCurrentPage(): string[] {
    return this.#maps.view.shownIds;
  }

  /**
   * Changes who is shown: `ACTIVE_GRID`, those who spoke last; `PAGINATED`, one page; `MANUAL`, those whom the application
   * subscribes to. In `MANUAL` nobody is played until then.
   *
   * @throws RealtimeKitError `1207` for an unknown mode
   */
  async setViewMode(viewMode: ViewMode): Promise<void> {
    const before = this.viewMode;
    if (viewMode === 'MANUAL' && before !== 'MANUAL')
      this.#subscribe([...this.joined.keys()], SUBSCRIPTION_KINDS, false);
    this.#maps.view.setMode(viewMode);
    if (viewMode !== 'MANUAL' && before === 'MANUAL')
      this.#subscribe([...this.joined.keys()], SUBSCRIPTION_KINDS, true);
  }

  /** Shows a page, counted from 1; page 0 is the view mode `ACTIVE_GRID`. @throws RealtimeKitError `1202` for a page that does not exist */
  async setPage(page: number): Promise<void> {
    this.#maps.view.setPage(page);
  }

  /** Plays media of participants; those who are not in the room are ignored. @throws RealtimeKitError `1206` unless the view mode is `MANUAL` */
  async subscribe(peerIds: readonly string[], kinds: readonly SubscriptionKind[] = SUBSCRIPTION_KINDS): Promise<void> {
    this.#requireManual();
    requireIds(peerIds);
    this.#subscribe(peerIds, kinds, true);
  }

  /** Stops playing media of participants; throws as `subscribe` does. */
  async unsubscribe(
    peerIds: readonly string[],
    kinds: readonly SubscriptionKind[] = SUBSCRIPTION_KINDS,
  ): Promise<void> {
    this.#requireManual();
    requireIds(peerIds);
    this.#subscribe(peerIds, kinds, false);
  }

  /** Returns a page of the participants in the room, the own one first, whose names contain `search` in any letter case. */
  async getAllJoinedPeers(search = '', limit = Number.POSITIVE_INFINITY, offset = 0): Promise<JoinedPeer[]> {
    const wanted = textOf(search, '').toLowerCase();
    const first = numberOf(offset, 0);
    const { self } = this.#session ?? {};
    const own = self && toJoinedPeer(self.memberId, toPersonFields(self.user, self.profile), 'ON_STAGE');
    const others = this.joined.toArray().map((one) => toJoinedPeer(one.id, one, one.stageStatus));
    const all = [...(own ? [own] : []), ...others];
    const found = all.filter(({ name }) => name.toLowerCase().includes(wanted));
    return found.slice(first, first + numberOf(limit, Number.POSITIVE_INFINITY));
  }

  /**
   * Reads who is in the room, also before the join and after the end. Empty for a preset without `showParticipantList`, and for one
   * that waits to be admitted.
   *
   * @throws RealtimeKitError `0004` if the token is not valid any more, `0011` if the server cannot be reached
   */
  async getParticipantsInMeetingPreJoin(): Promise<{ peers: RoomPeer[] }> {
    try {
      return { peers: (await this.#preview()).map(toRoomPeer) };
    } catch (error) {
      throw toParticipantsError(error);
    }
  }

  /**
   * Sends a custom message to all others or to a target; they receive `broadcastedMessage`. At most 5 in a second.
   *
   * @param type 1 to 64 bytes; `spotlight` is reserved
   * @param payload at most 8,192 bytes as JSON
   * @throws RealtimeKitError `1209` without a type or a payload, `1201` for the reserved type and for other meetings, which is not supported, `1204` if the target
   *   names no participant, or one that is not in the room; `0013`
   */
  async broadcastMessage(
    type: string,
    payload: Readonly<Record<string, unknown>>,
    target?: BroadcastTarget | { readonly meetingIds: readonly string[] },
  ): Promise<void> {
    if (typeof type !== 'string' || type === '' || typeof payload !== 'object' || payload === null) {
      throw new RealtimeKitError(CODES.badBroadcast, 'a broadcast needs a type and a payload');
    }
    const params = { type, payload, ...(target !== undefined && toRecipients(target)) };
    await this.#with((session) => session.request('sendCustom', params));
  }

  /**
   * Admits somebody from the waiting list.
   *
   * @param id a peer id, or a user id: then all of the person's connections
   * @throws RealtimeKitError `1201` without the permission `acceptWaitingRequests`, `1204` if nobody with that id is waiting
   */
  async acceptWaitingRoomRequest(id: string): Promise<void> {
    await this.#waitlist.answer('accept', [id]);
  }

  /** Admits those of the ids that are waiting; ids and errors as in `acceptWaitingRoomRequest`. */
  async acceptAllWaitingRoomRequest(userIds: readonly string[]): Promise<void> {
    await this.#waitlist.answer('accept', userIds);
  }

  /** Rejects somebody on the waiting list, whose leave state is then `rejected`; ids and errors as in `acceptWaitingRoomRequest`. */
  async rejectWaitingRoomRequest(id: string): Promise<void> {
    await this.#waitlist.answer('reject', [id]);
  }

  /** Ends the session for everyone, the own user included. @throws RealtimeKitError `1201` without `kickParticipant` */
  async kickAll(): Promise<void> {
    await this.#request({ action: 'kickAll' });
  }

  /**
   * Turns the microphones of all others off; with `allowUnmute` false they cannot turn them on again.
   *
   * @throws RealtimeKitError `1201` without the permission `canDisableParticipantAudio`
   */
  async disableAllAudio(allowUnmute = true): Promise<void> {
    await this.#request({ action: 'mute', kinds: ['audio'], allowUnmute });
  }

  /**
   * Turns the cameras of all others off; with `allowUnmute` false they cannot turn them on again.
   *
   * @throws RealtimeKitError `1201` without the permission `canDisableParticipantVideo`
   */
  async disableAllVideo(allowUnmute = true): Promise<void> {
    await this.#request({ action: 'mute', kinds: ['video'], allowUnmute });
  }

  /**
   * Changes the permissions of others in this session, at once and on all of their connections; their presets stay.
   *
   * @throws RealtimeKitError `1201` without the permission `canChangeParticipantPermissions`, `1204`
   */
  async updatePermissions(participantIds: readonly string[], patch: PermissionsPatch): Promise<void> {
    requireIds(participantIds);
    await this.#request({ action: 'setPermissions', memberIds: [...participantIds], changes: toChanges(patch ?? {}) });
  }

  /** Subscribes to a session that has just been joined. */
  attach(session: RoomSession): void {
    this.#session = session;
    const { room } = session;
    this.#waitlist.attach(session);
    for (const member of room?.otherMembers() ?? []) this.#maps.handleJoined(this.#create(member));
    for (const stream of room?.othersStreams() ?? []) this.#show(stream);
    session.on('changed', (change) => {
      if (this.#session === session) this.#handleChange(change);
    });
    session.on('activeSpeaker', (event) => {
      if (this.#session === session) this.#handleSpeaker(event);
    });
    this.#stopMeasuring();
    this.#stopMeasuring = repeat(this.#clock, MEASURE_MS, () => this.#measure());
    session.on('custom', ({ type, payload, sentAtMs }) => {
      if (this.#session === session) this.emit('broadcastedMessage', { type, payload, timestamp: sentAtMs });
    });
  }

  /** Removes all participants. */
  detach(): void {
    this.#session = undefined;
    this.#stopMeasuring();
    this.#lastActiveSpeaker = '';
    this.#maps.handleCleared();
    this.#waitlist.detach();
  }

  #create(member: WireMember): Participant {
    const participant = new Participant(member, this.#deps);
    if (this.viewMode === 'MANUAL') participant.handleSubscription(SUBSCRIPTION_KINDS, false);
    participant.on('mediaScoreUpdate', (score) => this.emit('mediaScoreUpdate', score));
    participant.on('poorConnection', (event) =>
      this.emit('poorConnection', { participantId: member.memberId, ...event }),
    );
    return participant;
  }

  #handleUnsupported({ participantId, kind, source }: UnsupportedMedia): void {
    this.emit('mediaUnsupported', { participantId, kind, source });
    const participant = this.joined.get(participantId);
    if (participant) this.joined.emit('mediaUnsupported', participant, { kind, source });
  }

  #requireManual(): void {
    if (this.viewMode === 'MANUAL') return;
    throw new RealtimeKitError(CODES.notManual, 'subscribing needs the view mode MANUAL');
  }

  #subscribe(peerIds: readonly string[], kinds: readonly SubscriptionKind[], isSubscribed: boolean): void {
    if (!Array.isArray(kinds) || kinds.some((kind) => !SUBSCRIPTION_KINDS.includes(kind))) {
      throw new RealtimeKitError(CODES.badKinds, 'a list of kinds of media is required');
    }
    const { room, media } = this.#session ?? {};
    for (const participant of peerIds.flatMap((id) => this.joined.get(id) ?? [])) {
      participant.handleSubscription(kinds, isSubscribed);
      for (const source of ['camera', 'screen'] as const) {
        const streamId = participant.streamIdOf(source);
        const stream = streamId === undefined ? undefined : room?.streams.get(streamId);
        if (!stream) continue;
        if (!participant.isSubscribedTo(source)) media?.stop(stream.streamId);
        this.#show(stream);
      }
    }
    this.#maps.view.handleChanged();
  }

  async #measure(): Promise<void> {
    await Promise.all(
      this.joined.toArray().map(({ id }) =>
        this.joined
          .get(id)
          ?.measure()
          .catch(() => {}),
      ),
    );
  }

  /** Handles the active speaker of the room; that of the own media is none of the other participants. */
  #handleSpeaker({ streamId = '', level = SILENCE_DBOV }: SpeakerEvent): void {
    const stream = this.#session?.room?.streams.get(streamId);
    const speaker = stream && this.#participantOf(stream);
    if (!speaker) return;
    this.#lastActiveSpeaker = speaker.id;
    this.#maps.view.handleSpeaker(speaker.id);
    this.emit('activeSpeaker', { peerId: speaker.id, volume: toAmplitude(level) });
  }

  async #request(params: Params<'moderate'>): Promise<void> {
    await this.#with((session) =>
      session.request('moderate', params).catch((error: unknown) => {
        const { state } = session;
        // Ending the session also removes the own member, before the answer arrives.
        const isDone = state.name === 'ended' && state.end.kind === 'removed' && state.end.cause === 'room-closed';
        if (params.action !== 'kickAll' || !isDone) throw error;
      }),
    );
  }

  async #with(ask: (session: RoomSession) => Promise<unknown>): Promise<void> {
    if (!this.#session) throw new RealtimeKitError(CODES.participantsNotJoined, 'not in the room');
    try {
      await ask(this.#session);
    } catch (error) {
      throw toParticipantsError(error);
    }
  }

  #handleChange(change: RoomChange): void {
    for (const { stream } of change.streamsRemoved) this.#hide(stream);
    for (const { member, cause } of change.membersLeft) {
      this.#maps.handleLeft(member.memberId, cause === 'kicked');
    }
    for (const member of change.membersJoined) this.#maps.handleJoined(this.#create(member));
    for (const { member } of change.membersUpdated) {
      if (this.joined.get(member.memberId)?.handleMember(member)) this.#maps.handleRenamed(member.memberId);
    }
    for (const stream of change.streamsAdded) this.#show(stream);
    for (const { stream, before } of change.streamsUpdated) {
      if (stream.memberId !== before.memberId) this.#hide(before);
      this.#show(stream);
    }
  }

  /** Only the first stream of each source is shown; participants of this dialect have only one. */
  #show(stream: WireStream): void {
    const { source, streamId } = stream;
    const participant = this.#participantOf(stream) ?? this.#meet(stream);
    if (!participant || (participant.streamIdOf(source) ?? streamId) !== streamId) return;
    const { media } = this.#session ?? {};
    const isPlayed = media?.isAvailable && participant.isSubscribedTo(source);
    const playback = isPlayed ? media.play(streamId) : undefined;
    if (playback) this.#watch(playback);
    participant.handleStream(source, stream, playback);
  }

  #watch(playback: Playback): void {
    if (this.#watched.has(playback)) return;
    this.#watched.add(playback);
    playback.on('stateChanged', (state) => {
      if (state === 'playing') this.#connectionChanged('connected');
      if (state === 'requesting') this.#connectionChanged('reconnecting');
    });
  }

  #hide({ source, streamId, memberId }: WireStream): void {
    const participant = memberId === undefined ? undefined : this.joined.get(memberId);
    if (participant?.streamIdOf(source) !== streamId) return;
    participant.handleStream(source, undefined, undefined);
    this.#session?.media.stop(streamId);
    const isNext = (other: WireStream) => other.memberId === memberId && other.source === source;
    const next = this.#session?.room?.othersStreams().find(isNext);
    if (next) this.#show(next);
    const hasNone = participant.streamIdOf('camera') === undefined && participant.streamIdOf('screen') === undefined;
    if (hasNone && !this.#isShownList) this.#maps.handleLeft(participant.id, false);
  }

  /** Without the permission `showParticipantList` the list is empty, without even the own user. */
  get #isShownList(): boolean {
    const { self, room } = this.#session ?? {};
    return self !== undefined && (room?.members.has(self.memberId) ?? false);
  }

  /** If the list is hidden, participants are known only from their streams. */
  #meet({ memberId, user, createdAtMs }: WireStream): Participant | undefined {
    if (memberId === undefined || this.#isShownList) return undefined;
    const participant = this.#create({ memberId, user, joinedAtMs: createdAtMs });
    this.#maps.handleJoined(participant);
    return participant;
  }

  #participantOf({ memberId }: WireStream): Participant | undefined {
    return memberId === undefined ? undefined : this.joined.get(memberId);
  }
}

function toRecipients(target: BroadcastTarget | { readonly meetingIds: readonly string[] }) {
  if (typeof target !== 'object' || target === null) {
    throw new RealtimeKitError(CODES.participantNotFound, 'the target names no participant');
  }
  if ('meetingIds' in target)
    throw new RealtimeKitError(CODES.notPermitted, 'broadcasts to other meetings are not supported');
  const { participantIds = [], presetNames = [] } = target;
  requireIds(participantIds);
  requireIds(presetNames);
  // An empty list means no recipient; it must not become a message to everyone.
  if (participantIds.length + presetNames.length === 0) {
    throw new RealtimeKitError(CODES.participantNotFound, 'the target names no participant');
  }
  return {
    ...(participantIds.length > 0 && { to: [...participantIds] }),
    ...(presetNames.length > 0 && { toProfile: { key: 'presetName', values: [...presetNames] } }),
  };
}
