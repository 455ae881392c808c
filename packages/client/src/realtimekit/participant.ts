/**
 * One connection of another participant, and the media it sends (reference realtimekit 8.3).
 *
 * @module
 */

import type { Params, StreamSource, WireMember, WireStream } from '@gavel/protocol';
import type { Playback } from '../core/media/playback.ts';
import { EventEmitter } from './event-emitter.ts';
import { NO_SCREEN, type ScreenShareState, type ScreenShareTracks } from './own-screen.ts';
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
  screenShareUpdate: [state: ScreenShareState];
  /** Specific to Gavel: media of this kind is sent, but this browser supports none of its codecs (MED-8). */
  mediaUnsupported: [event: { readonly kind: 'audio' | 'video'; readonly source: StreamSource }];
  /** The participant was pinned for everyone. */
  pinned: [participant: Participant];
  unpinned: [participant: Participant];
  /** The name changed. */
  nameUpdate: [participant: Participant];
}

/** Sends a moderation request. @throws RealtimeKitError `1201` without the permission, `1202` */
export type Moderate = (params: Params<'moderate'>) => Promise<void>;

/** A stream of a participant, and its playback. */
interface Shown {
  stream?: WireStream | undefined;
  playback?: Playback | undefined;
}

/** One connection of another participant. */
export class Participant extends EventEmitter<ParticipantEvents> implements PersonFields {
  /** The peer id: one connection of a participant, not the participant itself. */
  readonly id: string;
  readonly userId: string;
  readonly picture: string | undefined;
  readonly customParticipantId: string | undefined;
  readonly presetName: string | undefined;
  readonly #moderate: Moderate;
  readonly #camera: Shown = {};
  readonly #screen: Shown = {};
  #name: string;
  #isPinned: boolean;
  #audio: AudioState = { audioEnabled: false, audioTrack: undefined };
  #video: VideoState = { videoEnabled: false, videoTrack: undefined };
  #screenShare: ScreenShareState = NO_SCREEN;

  constructor({ memberId, user, profile, pinned }: WireMember, moderate: Moderate) {
    super();
    this.#moderate = moderate;
    const person = toPersonFields(user, profile);
    this.id = memberId;
    this.userId = person.userId;
    this.#name = person.name;
    this.#isPinned = pinned === true;
    this.picture = person.picture;
    this.customParticipantId = person.customParticipantId;
    this.presetName = person.presetName;
  }

  get name(): string {
    return this.#name;
  }

  /** Whether the participant is pinned for everyone. */
  get isPinned(): boolean {
    return this.#isPinned;
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

  get screenShareEnabled(): boolean {
    return this.#screenShare.screenShareEnabled;
  }

  get screenShareTracks(): ScreenShareTracks {
    return this.#screenShare.screenShareTracks;
  }

  /**
   * Removes this connection from the room; the participant's other connections stay.
   *
   * @throws RealtimeKitError `1201` without the permission `kickParticipant`, `1202` if it has already left
   */
  async kick(): Promise<void> {
    await this.#moderate({ action: 'kick', memberId: this.id });
  }

  /** Turns the microphone off; the participant may turn it on again. @throws RealtimeKitError as `kick` */
  async disableAudio(): Promise<void> {
    await this.#moderate({ action: 'mute', memberId: this.id, kinds: ['audio'] });
  }

  /** Turns the camera off; the participant may turn it on again. @throws RealtimeKitError as `kick` */
  async disableVideo(): Promise<void> {
    await this.#moderate({ action: 'mute', memberId: this.id, kinds: ['video'] });
  }

  /** Ends the participant's screen sharing; it may share again. @throws RealtimeKitError as `kick` */
  async disableScreenShare(): Promise<void> {
    await this.#moderate({ action: 'mute', memberId: this.id, kinds: ['screen'] });
  }

  /** Pins the participant for everyone, including those who join later. @throws RealtimeKitError `1201` without `pinParticipant`, `1202` */
  async pin(): Promise<void> {
    await this.#moderate({ action: 'pin', memberId: this.id, pinned: true });
  }

  /** Unpins the participant for everyone; throws as `pin` does. */
  async unpin(): Promise<void> {
    await this.#moderate({ action: 'pin', memberId: this.id, pinned: false });
  }

  /** The stream of a source that is shown for this participant. */
  streamIdOf(source: StreamSource): string | undefined {
    return this.#shownOf(source).stream?.streamId;
  }

  /** Handles an update of the participant's member. */
  handleMember({ user: { name }, pinned }: WireMember): void {
    if (name !== this.#name) {
      this.#name = name;
      this.emit('nameUpdate', this);
    }
    const isPinned = pinned === true;
    if (isPinned === this.#isPinned) return;
    this.#isPinned = isPinned;
    this.emit(isPinned ? 'pinned' : 'unpinned', this);
  }

  /** Sets the stream of a source that this participant publishes, or clears it. */
  handleStream(source: StreamSource, stream: WireStream | undefined, playback: Playback | undefined): void {
    const shown = this.#shownOf(source);
    shown.stream = stream;
    if (playback !== shown.playback) {
      shown.playback = playback;
      playback?.on('tracksChanged', () => this.#update());
      playback?.on('unsupported', (kinds) => {
        for (const kind of kinds) this.emit('mediaUnsupported', { kind, source });
      });
    }
    this.#update();
  }

  #shownOf(source: StreamSource): Shown {
    return source === 'camera' ? this.#camera : this.#screen;
  }

  #update(): void {
    const audioEnabled = this.#camera.stream?.audio ?? false;
    const videoEnabled = this.#camera.stream?.video ?? false;
    const { audio: audioTrack, video: videoTrack } = tracksOf(this.#camera);
    if (audioEnabled !== this.#audio.audioEnabled || audioTrack !== this.#audio.audioTrack) {
      this.#audio = { audioEnabled, audioTrack };
      this.emit('audioUpdate', this.#audio);
    }
    if (videoEnabled !== this.#video.videoEnabled || videoTrack !== this.#video.videoTrack) {
      this.#video = { videoEnabled, videoTrack };
      this.emit('videoUpdate', this.#video);
    }
    this.#updateScreen();
  }

  #updateScreen(): void {
    const screenShareEnabled = this.#screen.stream !== undefined;
    const screenShareTracks = tracksOf(this.#screen);
    const before = this.#screenShare;
    const isSame =
      screenShareEnabled === before.screenShareEnabled &&
      screenShareTracks.audio === before.screenShareTracks.audio &&
      screenShareTracks.video === before.screenShareTracks.video;
    if (isSame) return;
    this.#screenShare = { screenShareEnabled, screenShareTracks };
    this.emit('screenShareUpdate', this.#screenShare);
  }
}

/** Returns the tracks of a stream that are on. */
function tracksOf({ stream, playback }: Shown): ScreenShareTracks {
  const audio = stream?.audio ? playback?.stream.getAudioTracks()[0] : undefined;
  const video = stream?.video ? playback?.stream.getVideoTracks()[0] : undefined;
  return { ...(audio && { audio }), ...(video && { video }) };
}
