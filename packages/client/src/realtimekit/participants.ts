/**
 * The other participants of a meeting, and the media they send (reference realtimekit 8.3).
 *
 * @module
 */

import type { WireMember, WireStream } from '@gavel/protocol';
import { Emitter, type Handler } from '../core/emitter.ts';
import type { Playback } from '../core/media/playback.ts';
import type { RoomChange } from '../core/room-view.ts';
import type { RoomSession } from '../core/session.ts';
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

/** One connection of another participant. */
export class Participant extends Emitter<ParticipantEvents> implements PersonFields {
  /** The peer id: one connection of a participant, not the participant itself. */
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly picture: string | undefined;
  readonly customParticipantId: string | undefined;
  readonly presetName: string | undefined;
  #stream: WireStream | undefined;
  #playback: Playback | undefined;
  #audio: AudioState = { audioEnabled: false, audioTrack: undefined };
  #video: VideoState = { videoEnabled: false, videoTrack: undefined };

  constructor({ memberId, user, profile }: WireMember) {
    super();
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
  handleLeft(id: string): void {
    const participant = this.get(id);
    this.delete(id);
    if (participant) this.#events.tell('participantLeft', participant);
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
  #session: RoomSession | undefined;

  /** How many others are in the room. */
  get count(): number {
    return this.joined.size;
  }

  /** Follows a session that has just been joined. */
  attach(session: RoomSession): void {
    this.#session = session;
    const { room } = session;
    for (const member of room?.otherMembers() ?? []) this.joined.handleJoined(new Participant(member), false);
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

  #handleChange(change: RoomChange): void {
    for (const { stream } of change.streamsRemoved) this.#hide(stream);
    for (const { member } of change.membersLeft) this.joined.handleLeft(member.memberId);
    for (const member of change.membersJoined) this.joined.handleJoined(new Participant(member), true);
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
