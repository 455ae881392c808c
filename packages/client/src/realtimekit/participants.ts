/**
 * The other participants of a meeting, and the media they send (reference realtimekit 8.3).
 *
 * @module
 */

import type { Params, WireMember, WireStream } from '@gavel/protocol';
import { Emitter, type Handler } from '../core/emitter.ts';
import type { Playback } from '../core/media/playback.ts';
import type { RoomChange } from '../core/room-view.ts';
import type { RoomSession } from '../core/session.ts';
import { CODES, RealtimeKitError, toRealtimeKitError } from './errors.ts';
import { type PermissionsPatch, toChanges } from './permissions.ts';
import { type PersonFields, toPersonFields } from './profile.ts';

/** The state of a participant's audio. */
export interface AudioState {
  readonly audioEnabled: boolean;
  readonly audioTrack: MediaStreamTrack | undefined;
}

/** The state of a participant's video. */
export interface VideoState {
  readonly videoEnabled: boolean;
  readonly videoTrack: MediaStreamTrack | undefined;
}

/** The events of a participant. */
export interface ParticipantEvents {
  audioUpdate: [state: AudioState];
  videoUpdate: [state: VideoState];
}

/** Has the server do something to others. @throws RealtimeKitError `1201` without the permission, `1202` */
type Moderate = (params: Params<'moderate'>) => Promise<void>;

/** One connection of another participant. */
export class Participant extends Emitter<ParticipantEvents> implements PersonFields {
  /** The peer id: one connection of a participant, not the participant itself. */
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly picture: string | undefined;
  readonly customParticipantId: string | undefined;
  readonly presetName: string | undefined;
  readonly #moderate: Moderate;
  #stream: WireStream | undefined;
  #playback: Playback | undefined;
  #audio: AudioState = { audioEnabled: false, audioTrack: undefined };
  #video: VideoState = { videoEnabled: false, videoTrack: undefined };

  constructor({ memberId, user, profile }: WireMember, moderate: Moderate) {
    super();
    this.#moderate = moderate;
    const person = toPersonFields(user, profile);
    this.id = memberId;
    this.userId = person.userId;
    this.name = person.name;
    this.picture = person.picture;
    this.customParticipantId = person.customParticipantId;
    this.presetName = person.presetName;
  }

  get audioEnabled(): boolean {
    return this.#audio.audioEnabled;
  }

  get audioTrack(): MediaStreamTrack | undefined {
    return this.#audio.audioTrack;
  }

  get videoEnabled(): boolean {
    return this.#video.videoEnabled;
  }

  get videoTrack(): MediaStreamTrack | undefined {
    return this.#video.videoTrack;
  }

  /**
   * Takes this connection out of the room; a participant's other connections stay.
   *
   * @throws RealtimeKitError `1201` without the permission `kickParticipant`, `1202` where it is gone already
   */
  async kick(): Promise<void> {
    await this.#moderate({ action: 'kick', memberId: this.id });
  }

  /** Switches the microphone off, which it may switch on again. @throws RealtimeKitError as `kick` */
  async disableAudio(): Promise<void> {
    await this.#moderate({ action: 'mute', memberId: this.id, kinds: ['audio'] });
  }

  /** Switches the camera off, which it may switch on again. @throws RealtimeKitError as `kick` */
  async disableVideo(): Promise<void> {
    await this.#moderate({ action: 'mute', memberId: this.id, kinds: ['video'] });
  }

  /** The stream that is shown for this participant. */
  get streamId(): string | undefined {
    return this.#stream?.streamId;
  }

  /** Takes the stream this participant publishes, or that there is none any more. */
  handleStream(stream: WireStream | undefined, playback: Playback | undefined): void {
    this.#stream = stream;
    if (playback !== this.#playback) {
      this.#playback = playback;
      playback?.on('tracksChanged', () => this.#update());
    }
    this.#update();
  }

  #update(): void {
    const audioEnabled = this.#stream?.audio ?? false;
    const videoEnabled = this.#stream?.video ?? false;
    const audioTrack = audioEnabled ? this.#playback?.stream.getAudioTracks()[0] : undefined;
    const videoTrack = videoEnabled ? this.#playback?.stream.getVideoTracks()[0] : undefined;
    if (audioEnabled !== this.#audio.audioEnabled || audioTrack !== this.#audio.audioTrack) {
      this.#audio = { audioEnabled, audioTrack };
      this.emit('audioUpdate', this.#audio);
    }
    if (videoEnabled !== this.#video.videoEnabled || videoTrack !== this.#video.videoTrack) {
      this.#video = { videoEnabled, videoTrack };
      this.emit('videoUpdate', this.#video);
    }
  }
}

/** The events of a map of participants. */
export interface ParticipantMapEvents {
  participantJoined: [participant: Participant];
  participantLeft: [participant: Participant];
  /** It was taken out by a host or an API call; `participantLeft` comes first. */
  kicked: [event: { readonly id: string }];
  /** Everybody was taken out at once, because the own session is over. */
  participantsCleared: [];
  audioUpdate: [participant: Participant, state: AudioState];
  videoUpdate: [participant: Participant, state: VideoState];
}

class MapEmitter extends Emitter<ParticipantMapEvents> {
  tell<E extends keyof ParticipantMapEvents>(event: E, ...args: ParticipantMapEvents[E]): void {
    this.emit(event, ...args);
  }
}

/** A map of participants by peer id that tells of its changes. The session fills it; do not write to it. */
export class ParticipantMap extends Map<string, Participant> {
  readonly #events = new MapEmitter();

  on<E extends keyof ParticipantMapEvents>(event: E, handler: Handler<ParticipantMapEvents[E]>): boolean {
    return this.#events.on(event, handler);
  }

  off<E extends keyof ParticipantMapEvents>(event: E, handler?: Handler<ParticipantMapEvents[E]>): boolean {
    return this.#events.off(event, handler);
  }

  /** Everybody in it, in the order of coming. */
  toArray(): Participant[] {
    return [...this.values()];
  }

  /** Puts a participant in, and tells unless it was there before the own join. */
  handleJoined(participant: Participant, tells: boolean): void {
    this.set(participant.id, participant);
    participant.on('audioUpdate', (state) => this.#events.tell('audioUpdate', participant, state));
    participant.on('videoUpdate', (state) => this.#events.tell('videoUpdate', participant, state));
    if (tells) this.#events.tell('participantJoined', participant);
  }

  /** Takes a participant out, and tells. */
  handleLeft(id: string, wasKicked: boolean): void {
    const participant = this.get(id);
    if (!participant) return;
    this.delete(id);
    this.#events.tell('participantLeft', participant);
    if (wasKicked) this.#events.tell('kicked', { id });
  }

  /** Takes everybody out, and tells once. */
  handleCleared(): void {
    if (this.size === 0) return;
    this.clear();
    this.#events.tell('participantsCleared');
  }
}

/** Everybody else in the meeting. */
export class Participants {
  /** Those who are in the room now, by peer id; the own user is not among them. */
  readonly joined = new ParticipantMap();
  readonly #moderate: Moderate = (params) => this.#request(params);
  #session: RoomSession | undefined;

  /** How many others are in the room. */
  get count(): number {
    return this.joined.size;
  }

  /** Ends the session for everybody, oneself included. @throws RealtimeKitError `1201` without `kickParticipant` */
  async kickAll(): Promise<void> {
    await this.#request({ action: 'kickAll' });
  }

  /**
   * Switches everybody else's microphone off; with `allowUnmute` false they cannot switch it on again.
   *
   * @throws RealtimeKitError `1201` without the permission `canDisableParticipantAudio`
   */
  async disableAllAudio(allowUnmute = true): Promise<void> {
    await this.#request({ action: 'mute', kinds: ['audio'], allowUnmute });
  }

  /** Switches everybody else's camera off. @throws RealtimeKitError `1201` without `canDisableParticipantVideo` */
  async disableAllVideo(): Promise<void> {
    await this.#request({ action: 'mute', kinds: ['video'] });
  }

  /**
   * Changes what others may do in this session, at once and on all of their connections; their preset stays.
   *
   * @throws RealtimeKitError `1201` without the permission `canChangeParticipantPermissions`, `1202`
   */
  async updatePermissions(participantIds: readonly string[], patch: PermissionsPatch): Promise<void> {
    await this.#request({ action: 'setPermissions', memberIds: [...participantIds], changes: toChanges(patch) });
  }

  /** Follows a session that has just been joined. */
  attach(session: RoomSession): void {
    this.#session = session;
    const { room } = session;
    for (const member of room?.otherMembers() ?? []) this.joined.handleJoined(this.#create(member), false);
    for (const stream of room?.othersStreams() ?? []) this.#show(stream);
    session.on('changed', (change) => {
      if (this.#session === session) this.#handleChange(change);
    });
  }

  /** Forgets everybody. */
  detach(): void {
    this.#session = undefined;
    this.joined.handleCleared();
  }

  #create(member: WireMember): Participant {
    return new Participant(member, this.#moderate);
  }

  async #request(params: Params<'moderate'>): Promise<void> {
    const session = this.#session;
    if (!session) throw new RealtimeKitError(CODES.couldNotJoin, 'not in the room');
    try {
      await session.request('moderate', params);
    } catch (error) {
      const { state } = session;
      // Who ends the session for everybody is out before it is answered.
      const isDone = state.name === 'ended' && state.end.kind === 'removed' && state.end.cause === 'room-closed';
      if (params.action !== 'kickAll' || !isDone) throw toRealtimeKitError(error);
    }
  }

  #handleChange(change: RoomChange): void {
    for (const { stream } of change.streamsRemoved) this.#hide(stream);
    for (const { member, cause } of change.membersLeft) {
      this.joined.handleLeft(member.memberId, cause === 'kicked');
    }
    for (const member of change.membersJoined) this.joined.handleJoined(this.#create(member), true);
    for (const stream of change.streamsAdded) this.#show(stream);
    for (const { stream, before } of change.streamsUpdated) {
      if (stream.memberId !== before.memberId) this.#hide(before);
      this.#show(stream);
    }
  }

  /** A participant is shown by one stream, the first; those of this dialect have no more. */
  #show(stream: WireStream): void {
    const participant = this.#participantOf(stream);
    if (!participant || (participant.streamId ?? stream.streamId) !== stream.streamId) return;
    const { media } = this.#session ?? {};
    participant.handleStream(stream, media?.isAvailable ? media.play(stream.streamId) : undefined);
  }

  #hide(stream: WireStream): void {
    const participant = this.#participantOf(stream);
    if (participant?.streamId !== stream.streamId) return;
    participant.handleStream(undefined, undefined);
    this.#session?.media.stop(stream.streamId);
    const next = this.#session?.room?.othersStreams().find((other) => other.memberId === stream.memberId);
    if (next) this.#show(next);
  }

  #participantOf({ memberId }: WireStream): Participant | undefined {
    return memberId === undefined ? undefined : this.joined.get(memberId);
  }
}
