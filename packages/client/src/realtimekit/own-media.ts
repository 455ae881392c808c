/**
 * The own microphone and camera, and the one stream in which they are published.
 *
 * @module
 */

import type { WirePermissions } from '@gavel/protocol';
import { captureCamera } from '../core/media/capture.ts';
import type { MediaPlatform } from '../core/media/media-platform.ts';
import type { Publication } from '../core/media/publication.ts';
import type { RoomSession } from '../core/session.ts';
import { CODES, RealtimeKitError, toRealtimeKitError } from './errors.ts';
import { streamIdOf } from './profile.ts';

/** What is turned on and off by itself. */
export type Kind = 'audio' | 'video';

const KINDS = ['audio', 'video'] as const;

/** Opens, publishes and closes the own microphone and camera, as they are turned on and off. */
export class OwnMedia {
  readonly #media: MediaPlatform | undefined;
  readonly #tell: (kind: Kind) => void;
  readonly #tracks: { [K in Kind]?: MediaStreamTrack } = {};
  readonly #enabled = { audio: false, video: false };
  /** The devices that were chosen. */
  readonly #deviceIds: { [K in Kind]?: string } = {};
  /** As they were told last; they still hold between two joins. */
  #permissions: WirePermissions | undefined;
  #session: RoomSession | undefined;
  #publication: Publication | undefined;

  /** `tell` is called after every change of a kind. */
  constructor(media: MediaPlatform | undefined, tell: (kind: Kind) => void) {
    this.#media = media;
    this.#tell = tell;
  }

  isEnabled(kind: Kind): boolean {
    return this.#enabled[kind];
  }

  track(kind: Kind): MediaStreamTrack | undefined {
    return this.#tracks[kind];
  }

  /** Turns a kind on, with the given track or one of the browser's. @throws RealtimeKitError */
  async enable(kind: Kind, customTrack: MediaStreamTrack | undefined): Promise<void> {
    if (this.#enabled[kind] && !customTrack) return;
    if (!this.#mayPublish(kind)) throw new RealtimeKitError(CODES.notPermitted, `the preset does not allow ${kind}`);
    const live = this.#tracks[kind]?.readyState === 'live' ? this.#tracks[kind] : undefined;
    const track = customTrack ?? live ?? (await this.#capture(kind));
    if (!track) throw new RealtimeKitError(CODES.couldNotJoin, `the browser gave no ${kind}`);
    this.#tracks[kind] = track;
    track.enabled = true;
    this.#enabled[kind] = true;
    this.#tell(kind);
    try {
      await this.#sync();
    } catch (error) {
      this.#switchOff(kind);
      throw toRealtimeKitError(error);
    }
  }

  /** Takes a kind from this device from now on, also while it is on. @throws RealtimeKitError the browser's refusal */
  async setDevice(kind: Kind, deviceId: string): Promise<void> {
    const before = this.#deviceIds[kind];
    this.#deviceIds[kind] = deviceId;
    const old = this.#tracks[kind];
    if (!this.#enabled[kind]) {
      // An open microphone that is off is another device's.
      this.#dropTrack(kind);
      return;
    }
    try {
      await this.enable(kind, await this.#capture(kind));
    } catch (error) {
      if (before === undefined) delete this.#deviceIds[kind];
      else this.#deviceIds[kind] = before;
      throw error;
    }
    old?.stop();
  }

  /** Turns a kind off: the microphone stays open, so that it is on again at once; the camera's light goes out. */
  async disable(kind: Kind): Promise<void> {
    if (!this.#enabled[kind]) return;
    if (kind === 'video') this.#dropTrack(kind);
    this.#enabled[kind] = false;
    const track = this.#tracks[kind];
    if (track) track.enabled = false;
    this.#tell(kind);
    await this.#sync();
  }

  /** Takes a session that has been joined, or joined again: what it does not allow is dropped. */
  handleJoined(session: RoomSession): void {
    this.#session = session;
    this.#permissions = session.self?.permissions;
    for (const kind of KINDS) {
      if (this.#mayPublish(kind) || !this.#enabled[kind]) continue;
      this.#dropTrack(kind);
      this.#tell(kind);
    }
  }

  /** Publishes what is on. */
  start(): void {
    // What the server refuses here shows by the end of the publication.
    this.#sync().catch(() => {});
  }

  /** Takes new permissions: what is not allowed any more is off, and what is allowed now can be turned on. */
  handlePermissions(permissions: WirePermissions): void {
    const isNew = {
      audio: permissions.publishAudio && !this.#mayPublish('audio'),
      video: permissions.publishVideo && !this.#mayPublish('video'),
    };
    this.#permissions = permissions;
    for (const kind of KINDS) if (!this.#mayPublish(kind)) this.#switchOff(kind);
    if (!this.#publication || !(isNew.audio || isNew.video)) return;
    // It was agreed on without this kind: it has to be published anew.
    const { streamId } = this.#publication;
    this.#publication = undefined;
    this.#session?.media.unpublish(streamId);
    this.#sync().catch(() => {});
  }

  /** Takes the end of a session: everything is stopped, unless it was never joined and may be tried again. */
  handleLeft(keepsMedia: boolean): void {
    this.#session = undefined;
    this.#publication = undefined;
    if (!keepsMedia) this.#stopAll();
  }

  #mayPublish(kind: Kind): boolean {
    const { publishAudio = true, publishVideo = true } = this.#permissions ?? {};
    return kind === 'audio' ? publishAudio : publishVideo;
  }

  /** Follows the server, which has the kind off. */
  #switchOff(kind: Kind): void {
    if (!this.#enabled[kind]) return;
    if (kind === 'video') this.#dropTrack(kind);
    this.#enabled[kind] = false;
    this.#tell(kind);
    this.#sync().catch(() => {});
  }

  async #capture(kind: Kind): Promise<MediaStreamTrack | undefined> {
    try {
      const deviceId = this.#deviceIds[kind];
      const wanted = deviceId === undefined ? true : { deviceId: { exact: deviceId } };
      const stream = await captureCamera({ audio: kind === 'audio' && wanted, video: kind === 'video' && wanted });
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
    for (const kind of KINDS) {
      const track = this.#tracks[kind] ?? null;
      const current = kind === 'audio' ? publication.source.getAudioTracks() : publication.source.getVideoTracks();
      if ((current[0] ?? null) !== track) await publication.replaceTrack(kind, track);
      await publication.setEnabled(kind, this.#enabled[kind]);
    }
  }

  #publish(session: RoomSession, media: MediaPlatform): void {
    const tracks = Object.values(this.#tracks);
    const publication = session.media.publish(
      streamIdOf(session.self?.memberId ?? ''),
      media.createMediaStream(tracks),
      { reserve: KINDS.filter((kind) => this.#mayPublish(kind)), ...this.#enabled },
    );
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
    for (const kind of KINDS) {
      const wasOn = this.#enabled[kind];
      this.#dropTrack(kind);
      if (wasOn) this.#tell(kind);
    }
  }

  #dropTrack(kind: Kind): void {
    this.#tracks[kind]?.stop();
    delete this.#tracks[kind];
    this.#enabled[kind] = false;
  }
}
