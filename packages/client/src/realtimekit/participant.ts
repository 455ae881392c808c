/**
 * One connection of another participant, and the media it sends (reference realtimekit 8.3).
 *
 * @module
 */

import type { Params, StreamSource, WireMember, WireStream } from '@gavel/protocol';
import type { MediaPlatform } from '../core/media/media-platform.ts';
import type { Playback } from '../core/media/playback.ts';
import { browserDetails, type DeviceConfig } from './browser-details.ts';
import { asDeclared } from './declared.ts';
import { CODES, RealtimeKitError } from './errors.ts';
import { EventEmitter } from './event-emitter.ts';
import { type MediaScore, POOR_SCORE, ScoreChanges, scoresOf } from './media-score.ts';
import { NO_SCREEN, type ScreenShareState, type ScreenShareTracks } from './own-screen.ts';
import { type PersonFields, toPersonFields } from './profile.ts';
import { type StageStatus, toStageStatus } from './stage.ts';
import { UndecodedVideo } from './undecoded-video.ts';
import { VideoElements } from './video-elements.ts';

/** The state of a participant's audio. */
export interface AudioState {
  readonly audioEnabled: boolean;
  /** Undefined while there is none. */
  readonly audioTrack: MediaStreamTrack;
}

/** The state of a participant's video. */
export interface VideoState {
  readonly videoEnabled: boolean;
  /** Undefined while there is none. */
  readonly videoTrack: MediaStreamTrack;
}

/** The events of a participant. */
export interface ParticipantEvents {
  audioUpdate: [state: AudioState];
  videoUpdate: [state: VideoState];
  screenShareUpdate: [state: ScreenShareState];
  /** The participant was pinned for everyone. */
  pinned: [participant: Participant];
  unpinned: [participant: Participant];
  /** The participant joined or left the stage, or asks for it. */
  stageStatusUpdate: [participant: Participant];
  /** The participant was removed by a host or an API call. */
  kicked: [];
  /** The quality of what is received changed. */
  mediaScoreUpdate: [score: MediaScore];
  /** The quality of what is received became poor. */
  poorConnection: [event: { readonly score: number; readonly kind: string }];
}

/** A kind of media that an application can subscribe to. */
export type SubscriptionKind = 'audio' | 'video' | 'screenshareAudio' | 'screenshareVideo';

/** All kinds. */
export const SUBSCRIPTION_KINDS: readonly SubscriptionKind[] = [
  'audio',
  'video',
  'screenshareAudio',
  'screenshareVideo',
];

const KINDS_OF_SOURCE = {
  camera: { audio: 'audio', video: 'video' },
  screen: { audio: 'screenshareAudio', video: 'screenshareVideo' },
} as const;

/** Sends a moderation request. @throws RealtimeKitError `1201` without the permission, `1204` */
export type Moderate = (params: Params<'moderate'>) => Promise<void>;

/** What participants work with. */
export interface ParticipantDeps {
  readonly moderate: Moderate;
  /** Undefined if there is no WebRTC. */
  readonly media: MediaPlatform | undefined;
  /** Is called if media is sent of which this browser supports no codec. */
  readonly unsupported: (media: UnsupportedMedia) => void;
  /** Is called if video has arrived for some seconds of which no frame was decoded. */
  readonly undecodable: (video: Pick<UnsupportedMedia, 'participantId' | 'source'>) => void;
}

/** Media of a participant that this browser cannot play (MED-8). */
export interface UnsupportedMedia {
  readonly participantId: string;
  readonly kind: 'audio' | 'video';
  readonly source: StreamSource;
}

/** A stream of a participant, and its playback. */
interface Shown {
  readonly source: StreamSource;
  readonly undecoded: UndecodedVideo;
  stream?: WireStream | undefined;
  playback?: Playback | undefined;
}

/** One connection of another participant. */
export class Participant extends EventEmitter<ParticipantEvents> implements PersonFields {
  /** The peer id: one connection of a participant, not the participant itself. */
  readonly id: string;
  readonly userId: string;
  readonly picture: string;
  readonly customParticipantId: string;
  readonly presetName: string;
  /** Empty: nothing is known of others' browsers. */
  readonly device: DeviceConfig = browserDetails('');
  /** Empty: participants have no flags here. */
  readonly flags: Record<string, string | boolean> = {};
  /** Whether the participant's screen may be controlled; never. */
  readonly supportsRemoteControl = false;
  /** The vendor's media objects; empty. */
  readonly producers: never[] = [];
  readonly #moderate: Moderate;
  readonly #unsupported: ParticipantDeps['unsupported'];
  readonly #undecodable: ParticipantDeps['undecodable'];
  readonly #camera: Shown = { source: 'camera', undecoded: new UndecodedVideo() };
  readonly #screen: Shown = { source: 'screen', undecoded: new UndecodedVideo() };
  readonly #elements: VideoElements;
  readonly #scores = new ScoreChanges();
  readonly #subscribed = new Set<SubscriptionKind>(SUBSCRIPTION_KINDS);
  #isShown = true;
  #name: string;
  #isPinned: boolean;
  #stageStatus: StageStatus;
  #audio: AudioState = { audioEnabled: false, audioTrack: asDeclared<MediaStreamTrack>(undefined) };
  #video: VideoState = { videoEnabled: false, videoTrack: asDeclared<MediaStreamTrack>(undefined) };
  #screenShare: ScreenShareState = NO_SCREEN;

  constructor(
    { memberId, user, profile, pinned, stage }: WireMember,
    { moderate, media, unsupported, undecodable }: ParticipantDeps,
  ) {
    super();
    this.#moderate = moderate;
    this.#unsupported = unsupported;
    this.#undecodable = undecodable;
    this.#elements = new VideoElements(media);
    const person = toPersonFields(user, profile);
    this.id = memberId;
    this.userId = person.userId;
    this.#name = person.name;
    this.#isPinned = pinned === true;
    this.#stageStatus = toStageStatus(stage);
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

  /** `ON_STAGE` in meetings without a stage. Requests of others are visible with the permission `acceptStageRequests`. */
  get stageStatus(): StageStatus {
    return this.#stageStatus;
  }

  /** Changes here only where the participant is, until the next update. */
  setStageStatus(stageStatus: StageStatus): void {
    if (stageStatus === this.#stageStatus) return;
    this.#stageStatus = stageStatus;
    this.emit('stageStatusUpdate', this);
  }

  /** Whether any of the participant's media is played, or would be if it were sent. */
  get isSubscribed(): boolean {
    return this.#subscribed.size > 0;
  }

  /** Always false: presets have no such role. */
  get isHost(): boolean {
    return false;
  }

  get audioEnabled(): boolean {
    return this.#audio.audioEnabled;
  }

  get audioTrack(): MediaStreamTrack {
    return this.#audio.audioTrack;
  }

  get videoEnabled(): boolean {
    return this.#video.videoEnabled;
  }

  get videoTrack(): MediaStreamTrack {
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
   * @throws RealtimeKitError `1201` without the permission `kickParticipant`, `1204` if it has already left
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

  /** Pins the participant for everyone, including those who join later. @throws RealtimeKitError `1201` without `pinParticipant`, `1204` */
  async pin(): Promise<void> {
    await this.#moderate({ action: 'pin', memberId: this.id, pinned: true });
  }

  /** Unpins the participant for everyone; throws as `pin` does. */
  async unpin(): Promise<void> {
    await this.#moderate({ action: 'pin', memberId: this.id, pinned: false });
  }

  /** Which media of the participant is played, or would be if it were sent. */
  get manualProducerConfig(): Readonly<Record<SubscriptionKind, boolean>> {
    const isOn = (kind: SubscriptionKind) => this.#subscribed.has(kind);
    return {
      audio: isOn('audio'),
      video: isOn('video'),
      screenshareAudio: isOn('screenshareAudio'),
      screenshareVideo: isOn('screenshareVideo'),
    };
  }

  /** Changes what is shown here of the participant's microphone, until the next update. */
  setAudioEnabled(audioEnabled: boolean, emitEvent = true): void {
    this.#audio = { ...this.#audio, audioEnabled };
    if (emitEvent) this.emit('audioUpdate', this.#audio);
  }

  /** Changes what is shown here of the participant's camera, until the next update. */
  setVideoEnabled(videoEnabled: boolean, emitEvent = true): void {
    this.#video = { ...this.#video, videoEnabled };
    if (emitEvent) this.emit('videoUpdate', this.#video);
  }

  /** Changes what is shown here of the participant's screen, until the next update. */
  setScreenShareEnabled(screenShareEnabled: boolean, emitEvent = true): void {
    this.#screenShare = { ...this.#screenShare, screenShareEnabled };
    if (emitEvent) this.emit('screenShareUpdate', this.#screenShare);
  }

  /** Changes here only whether the participant is pinned, until the next update. */
  setIsPinned(isPinned: boolean, emitEvent = true): void {
    if (isPinned === this.#isPinned) return;
    this.#isPinned = isPinned;
    this.#updatePreferences();
    if (emitEvent) this.emit(isPinned ? 'pinned' : 'unpinned', this);
  }

  /** Others' permissions are not known to clients. @throws RealtimeKitError `1201` always */
  async getPermissions(): Promise<never> {
    throw new RealtimeKitError(CODES.notPermitted, 'the permissions of others are not known here');
  }

  /** Shows the participant's video in an element of the page, now and after every change. @throws RealtimeKitError `1100` */
  registerVideoElement(videoElement: HTMLVideoElement): void {
    this.#elements.register(videoElement);
  }

  /** Clears an element of the page; does nothing without one. */
  deregisterVideoElement(videoElement?: HTMLVideoElement): void {
    this.#elements.deregister(videoElement);
  }

  /** Whether a source is to be played. */
  isSubscribedTo(source: StreamSource): boolean {
    const { audio, video } = KINDS_OF_SOURCE[source];
    return this.#subscribed.has(audio) || this.#subscribed.has(video);
  }

  /** Shows or hides kinds of the media that is played. */
  handleSubscription(kinds: readonly SubscriptionKind[], isSubscribed: boolean): void {
    for (const kind of kinds) {
      if (isSubscribed) this.#subscribed.add(kind);
      else this.#subscribed.delete(kind);
    }
    this.#update();
  }

  /** Sets whether the participant is in the view, so that its camera is received where no element was registered. */
  handleShown(isShown: boolean): void {
    this.#isShown = isShown;
    this.#updatePreferences();
  }

  /** Measures what is received, and emits changes of its quality. */
  async measure(): Promise<void> {
    const readings = [this.#camera, this.#screen].map(async ({ source, playback, undecoded }) => {
      const stats = await playback?.stats();
      if (!stats || !playback) return;
      if (stats.video && undecoded.isOverdue(stats.video)) this.#undecodable({ participantId: this.id, source });
      const scored = { participantId: this.id, isScreenshare: source === 'screen' };
      const scores = scoresOf(stats, scored, playback.isVideoPaused);
      for (const score of scores.filter((score) => this.#scores.isNew(score))) {
        this.emit('mediaScoreUpdate', score);
        if (score.score < POOR_SCORE) this.emit('poorConnection', { score: score.score, kind: score.kind });
      }
    });
    await Promise.all(readings);
  }

  /** The stream of a source that is shown for this participant. */
  streamIdOf(source: StreamSource): string | undefined {
    return this.#shownOf(source).stream?.streamId;
  }

  /** Handles an update of the participant's member; returns whether the name changed. */
  handleMember({ user: { name }, pinned, stage }: WireMember): boolean {
    this.setStageStatus(toStageStatus(stage));
    const isRenamed = name !== this.#name;
    this.#name = name;
    this.setIsPinned(pinned === true);
    return isRenamed;
  }

  /** Sets the stream of a source that this participant publishes, or clears it. */
  handleStream(source: StreamSource, stream: WireStream | undefined, playback: Playback | undefined): void {
    const shown = this.#shownOf(source);
    shown.stream = stream;
    if (playback !== shown.playback) {
      shown.playback = playback;
      playback?.on('tracksChanged', () => this.#update());
      playback?.on('unsupported', (kinds) => {
        for (const kind of kinds) this.#unsupported({ participantId: this.id, kind, source });
      });
      if (source === 'camera') this.#elements.setPlayback(playback);
    }
    this.#update();
  }

  #shownOf(source: StreamSource): Shown {
    return source === 'camera' ? this.#camera : this.#screen;
  }

  /** What is not in the view or not subscribed to is not sent, and what is pinned comes first. */
  #updatePreferences(): void {
    const isInView = this.#isShown || this.#isPinned;
    this.#camera.playback?.setHeight(isInView && this.#subscribed.has('video') ? undefined : 0);
    this.#camera.playback?.setPinned(this.#isPinned);
    this.#screen.playback?.setHeight(this.#subscribed.has('screenshareVideo') ? undefined : 0);
  }

  #update(): void {
    this.#updatePreferences();
    const audioEnabled = this.#camera.stream?.audio ?? false;
    const videoEnabled = this.#camera.stream?.video ?? false;
    const { audio: audioTrack, video: videoTrack } = this.#tracksOf(this.#camera);
    if (audioEnabled !== this.#audio.audioEnabled || audioTrack !== this.#audio.audioTrack) {
      this.#audio = { audioEnabled, audioTrack };
      this.emit('audioUpdate', this.#audio);
    }
    if (videoEnabled !== this.#video.videoEnabled || videoTrack !== this.#video.videoTrack) {
      this.#video = { videoEnabled, videoTrack };
      this.#elements.setTrack(videoTrack);
      this.emit('videoUpdate', this.#video);
    }
    this.#updateScreen();
  }

  #updateScreen(): void {
    const screenShareEnabled = this.#screen.stream !== undefined;
    const screenShareTracks = this.#tracksOf(this.#screen);
    const before = this.#screenShare;
    const isSame =
      screenShareEnabled === before.screenShareEnabled &&
      screenShareTracks.audio === before.screenShareTracks.audio &&
      screenShareTracks.video === before.screenShareTracks.video;
    if (isSame) return;
    this.#screenShare = { screenShareEnabled, screenShareTracks };
    this.emit('screenShareUpdate', this.#screenShare);
  }

  /** Returns the tracks of a stream that are on and subscribed to. */
  #tracksOf({ source, stream, playback }: Shown): ScreenShareTracks {
    const { audio, video } = KINDS_OF_SOURCE[source];
    const [audioTrack] = stream?.audio && this.#subscribed.has(audio) ? (playback?.stream.getAudioTracks() ?? []) : [];
    const [videoTrack] = stream?.video && this.#subscribed.has(video) ? (playback?.stream.getVideoTracks() ?? []) : [];
    return { ...(audioTrack && { audio: audioTrack }), ...(videoTrack && { video: videoTrack }) } as ScreenShareTracks;
  }
}
