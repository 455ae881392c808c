/**
 * One connection of another participant, and the media it sends (reference realtimekit 8.3).
 *
 * @module
 */

import type { Params, WireMember, WireStream } from '@gavel/protocol';
import { Emitter } from '../core/emitter.ts';
import type { Playback } from '../core/media/playback.ts';
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
export type Moderate = (params: Params<'moderate'>) => Promise<void>;

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
