/**
 * The own user: fields, state in the room, microphone and camera (reference realtimekit 8.2).
 *
 * @module
 */

import type { LoginResult, WirePermissions } from '@gavel/protocol';
import { Emitter } from '../core/emitter.ts';
import { captureCamera } from '../core/media/capture.ts';
import type { MediaPlatform } from '../core/media/media-platform.ts';
import type { Publication } from '../core/media/publication.ts';
import type { RoomSession } from '../core/session.ts';
import type { LeaveState } from './causes.ts';
import { CODES, RealtimeKitError, toRealtimeKitError } from './errors.ts';
import type { AudioState, VideoState } from './participant.ts';
import { Permissions } from './permissions.ts';
import { type PersonFields, streamIdOf, toPersonFields } from './profile.ts';

type Kind = 'audio' | 'video';

/** The events of the own user. */
export interface SelfEvents {
  /** In the room; `reconnected` after a lost connection. */
  roomJoined: [event: { readonly reconnected: boolean }];
  /** Out of the room, for good. */
  roomLeft: [event: { readonly state: LeaveState }];
  audioUpdate: [state: AudioState];
  videoUpdate: [state: VideoState];
}

/** The own user. Fields that come from the server are empty before the first join. */
export class Self extends Emitter<SelfEvents> {
  /** What it may do. */
  readonly permissions = new Permissions();
  readonly #media: MediaPlatform | undefined;
  readonly #tracks: { [K in Kind]?: MediaStreamTrack } = {};
  readonly #enabled = { audio: false, video: false };
  #roomState: 'init' | 'joined' | LeaveState = 'init';
  #login: LoginResult | undefined;
  #session: RoomSession | undefined;
  #publication: Publication | undefined;

  constructor(media: MediaPlatform | undefined) {
    super();
    this.#media = media;
  }

  /** The peer id: this connection. */
  get id(): string {
    return this.#login?.memberId ?? '';
  }

  /** The same as `id`. */
  get peerId(): string {
    return this.id;
  }

  /** The participant record's id. */
  get userId(): string {
    return this.#person?.userId ?? '';
  }

  get name(): string {
    return this.#person?.name ?? '';
  }

  get picture(): string | undefined {
    return this.#person?.picture;
  }

  get customParticipantId(): string | undefined {
    return this.#person?.customParticipantId;
  }

  get presetName(): string | undefined {
    return this.#person?.presetName;
  }

  /** `init`, `joined`, or how it was left. */
  get roomState(): 'init' | 'joined' | LeaveState {
    return this.#roomState;
  }

  get roomJoined(): boolean {
    return this.#roomState === 'joined';
  }

  get audioEnabled(): boolean {
    return this.#enabled.audio;
  }

  get videoEnabled(): boolean {
    return this.#enabled.video;
  }

  get audioTrack(): MediaStreamTrack | undefined {
    return this.#tracks.audio;
  }

  get videoTrack(): MediaStreamTrack | undefined {
    return this.#tracks.video;
  }

  /**
   * Turns the microphone on, or takes the given track in its place.
   *
   * @throws RealtimeKitError `1201` where the preset or a host does not allow it, else that of the browser's refusal
   */
  async enableAudio(customTrack?: MediaStreamTrack): Promise<void> {
    await this.#enable('audio', customTrack);
  }

  /** Turns the camera on, or takes the given track in its place; throws as `enableAudio` does. */
  async enableVideo(customTrack?: MediaStreamTrack): Promise<void> {
    await this.#enable('video', customTrack);
  }

  /** Turns the microphone off; the device stays open, so that it is on again at once. */
  async disableAudio(): Promise<void> {
    if (!this.#enabled.audio) return;
    this.#enabled.audio = false;
    if (this.#tracks.audio) this.#tracks.audio.enabled = false;
    this.#tellUpdate('audio');
    await this.#sync();
  }

  /** Turns the camera off, and its light. */
  async disableVideo(): Promise<void> {
    if (!this.#enabled.video) return;
    this.#dropTrack('video');
    this.#tellUpdate('video');
    await this.#sync();
  }

  /** Takes the answer of a login; `reconnected` after a lost connection. */
  handleJoined(session: RoomSession, reconnected: boolean): void {
    this.#session = session;
    this.#login = session.self;
    if (session.self) this.permissions.handle(session.self.permissions, false);
    this.#roomState = 'joined';
    for (const kind of ['audio', 'video'] as const) {
      if (this.#mayPublish(kind) || !this.#enabled[kind]) continue;
      this.#dropTrack(kind);
      this.#tellUpdate(kind);
    }
    this.emit('roomJoined', { reconnected });
    // What the server refuses here shows by the end of the publication.
    this.#sync().catch(() => {});
  }

  /** Takes new permissions: what is not allowed any more is off, and what is allowed now can be turned on. */
  handlePermissions(permissions: WirePermissions): void {
    const isNew = {
      audio: permissions.publishAudio && !this.#mayPublish('audio'),
      video: permissions.publishVideo && !this.#mayPublish('video'),
    };
    this.#login = this.#session?.self;
    for (const kind of ['audio', 'video'] as const) if (!this.#mayPublish(kind)) this.#switchOff(kind);
    if (this.#publication && (isNew.audio || isNew.video)) {
      // It was agreed on without this kind: it has to be published anew.
      const { streamId } = this.#publication;
      this.#publication = undefined;
      this.#session?.media.unpublish(streamId);
      this.#sync().catch(() => {});
    }
    this.permissions.handle(permissions, true);
  }

  /** Takes the end of a session: everything is stopped, unless it was never joined and may be tried again. */
  handleLeft(state: LeaveState, keepsMedia: boolean): void {
    this.#session = undefined;
    this.#publication = undefined;
    this.#roomState = state;
    if (!keepsMedia) this.#stopAll();
    this.emit('roomLeft', { state });
  }

  get #person(): PersonFields | undefined {
    return this.#login && toPersonFields(this.#login.user, this.#login.profile);
  }

  #mayPublish(kind: Kind): boolean {
    const { permissions } = this.#login ?? {};
    return (kind === 'audio' ? permissions?.publishAudio : permissions?.publishVideo) ?? true;
  }

  async #enable(kind: Kind, customTrack: MediaStreamTrack | undefined): Promise<void> {
    if (this.#enabled[kind] && !customTrack) return;
    if (!this.#mayPublish(kind)) throw new RealtimeKitError(CODES.notPermitted, `the preset does not allow ${kind}`);
    const live = this.#tracks[kind]?.readyState === 'live' ? this.#tracks[kind] : undefined;
    const track = customTrack ?? live ?? (await this.#capture(kind));
    if (!track) throw new RealtimeKitError(CODES.couldNotJoin, `the browser gave no ${kind}`);
    this.#tracks[kind] = track;
    track.enabled = true;
    this.#enabled[kind] = true;
    this.#tellUpdate(kind);
    try {
      await this.#sync();
    } catch (error) {
      this.#switchOff(kind);
      throw toRealtimeKitError(error);
    }
  }

  /** Follows the server, which has the kind off. */
  #switchOff(kind: Kind): void {
    if (!this.#enabled[kind]) return;
    if (kind === 'video') this.#dropTrack(kind);
    this.#enabled[kind] = false;
    this.#tellUpdate(kind);
    this.#sync().catch(() => {});
  }

  async #capture(kind: Kind): Promise<MediaStreamTrack | undefined> {
    try {
      const stream = await captureCamera({ audio: kind === 'audio', video: kind === 'video' });
      return stream.getTracks()[0];
    } catch (error) {
      throw toRealtimeKitError(error);
    }
  }

  /** Brings what is published in line with what is enabled. */
  async #sync(): Promise<void> {
    const session = this.#session;
    if (!session || !this.#media) return;
    if (!this.#publication) {
      if (this.#enabled.audio || this.#enabled.video) this.#publish(session, this.#media);
      return;
    }
    const publication = this.#publication;
    for (const kind of ['audio', 'video'] as const) {
      const track = this.#tracks[kind] ?? null;
      const current = kind === 'audio' ? publication.source.getAudioTracks() : publication.source.getVideoTracks();
      if ((current[0] ?? null) !== track) await publication.replaceTrack(kind, track);
      await publication.setEnabled(kind, this.#enabled[kind]);
    }
  }

  #publish(session: RoomSession, media: MediaPlatform): void {
    const tracks = Object.values(this.#tracks);
    const publication = session.media.publish(streamIdOf(this.id), media.createMediaStream(tracks), {
      reserve: (['audio', 'video'] as const).filter((kind) => this.#mayPublish(kind)),
      ...this.#enabled,
    });
    this.#publication = publication;
    publication.on('muted', (kinds) => {
      if (this.#publication === publication) for (const kind of kinds) this.#switchOff(kind);
    });
    publication.on('stateChanged', (state) => {
      if (state !== 'ended' || this.#publication !== publication) return;
      // Taken away by the server: off, until it is turned on again.
      this.#publication = undefined;
      this.#stopAll();
    });
  }

  #stopAll(): void {
    for (const kind of ['audio', 'video'] as const) {
      const wasOn = this.#enabled[kind];
      this.#dropTrack(kind);
      if (wasOn) this.#tellUpdate(kind);
    }
  }

  #dropTrack(kind: Kind): void {
    this.#tracks[kind]?.stop();
    delete this.#tracks[kind];
    this.#enabled[kind] = false;
  }

  #tellUpdate(kind: Kind): void {
    if (kind === 'audio') {
      this.emit('audioUpdate', { audioEnabled: this.audioEnabled, audioTrack: this.audioTrack });
    } else {
      this.emit('videoUpdate', { videoEnabled: this.videoEnabled, videoTrack: this.videoTrack });
    }
  }
}
