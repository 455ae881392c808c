/**
 * The own microphone and camera, and the single stream that publishes them.
 *
 * @module
 */

import type { WirePermissions } from '@gavel/protocol';
import { type CaptureOptions, captureCamera } from '../core/media/capture.ts';
import { LocalSource } from '../core/media/local-source.ts';
import type { MediaPlatform } from '../core/media/media-platform.ts';
import type { Publication } from '../core/media/publication.ts';
import type { RoomSession } from '../core/session.ts';
import { CODES, RealtimeKitError, toRealtimeKitError } from './errors.ts';
import { streamIdOf } from './profile.ts';

/** The kinds that can be turned on and off separately. */
export type Kind = 'audio' | 'video';

/** Callbacks of the own media. */
export interface OwnMediaEvents {
  /** A kind was turned on or off, or has another track. */
  changed(kind: Kind): void;
  /** A device was lost, or its permission revoked: the kind is off. The device was opened with `constraints`. */
  lost(kind: Kind, constraints: MediaStreamConstraints): void;
}

const KINDS = ['audio', 'video'] as const;

/** Opens, publishes and closes the own microphone and camera when they are turned on and off. The last call wins (PRIV-1). */
export class OwnMedia {
  readonly #media: MediaPlatform | undefined;
  readonly #events: OwnMediaEvents;
  readonly #sources: Readonly<Record<Kind, LocalSource>> = { audio: new LocalSource(), video: new LocalSource() };
  /** The selected devices. */
  readonly #deviceIds: { [K in Kind]?: string } = {};
  /** The latest permissions received; they stay valid between two joins. */
  #permissions: WirePermissions | undefined;
  #session: RoomSession | undefined;
  #publication: Publication | undefined;

  constructor(media: MediaPlatform | undefined, events: OwnMediaEvents) {
    this.#media = media;
    this.#events = events;
    for (const kind of KINDS) this.#sources[kind].on('ended', () => this.#handleEnded(kind));
  }

  isEnabled(kind: Kind): boolean {
    return this.#sources[kind].isOn;
  }

  track(kind: Kind): MediaStreamTrack | undefined {
    return this.#sources[kind].tracks[0];
  }

  /**
   * Turns a kind on, with the given track or one from the browser. Also resolves if a later call has superseded it.
   *
   * @throws RealtimeKitError
   */
  async enable(kind: Kind, customTrack: MediaStreamTrack | undefined): Promise<void> {
    const source = this.#sources[kind];
    this.#requirePermission(kind);
    if (customTrack) source.use([customTrack]);
    else if (source.opening) return this.#join(source.opening);
    else if (source.isOn) return;
    else if (source.tracks.length > 0) source.switchOn();
    else if (!(await this.#open(kind))) return;
    await this.#publishKind(kind);
  }

  /** Selects the device for a kind, also while it is on. @throws RealtimeKitError the browser's refusal */
  async setDevice(kind: Kind, deviceId: string): Promise<void> {
    const source = this.#sources[kind];
    const before = this.#deviceIds[kind];
    const wasOpening = source.opening !== undefined && !source.isOn;
    this.#deviceIds[kind] = deviceId;
    if (!source.isOn && !source.opening) {
      // The open microphone, which is off, belongs to the previous device.
      source.close();
      return;
    }
    try {
      if (await this.#open(kind)) await this.#publishKind(kind);
    } catch (error) {
      if (this.#deviceIds[kind] === deviceId) {
        if (before === undefined) delete this.#deviceIds[kind];
        else this.#deviceIds[kind] = before;
      }
      // It was being turned on with the previous device; this call supersedes that.
      if (wasOpening && !source.opening && !source.isOn) await this.enable(kind, undefined).catch(() => {});
      throw error;
    }
  }

  /** Turns a kind off: the microphone stays open, so that it can be turned on again at once; the camera's light goes off. */
  async disable(kind: Kind): Promise<void> {
    const source = this.#sources[kind];
    const wasOn = source.isOn;
    if (kind === 'video') source.close();
    else source.switchOff();
    if (!wasOn) return;
    this.#events.changed(kind);
    await this.#sync(kind).catch((error: unknown) => {
      throw toRealtimeKitError(error);
    });
  }

  /** Handles a session that was joined or rejoined: drops media that it does not permit. */
  handleJoined(session: RoomSession): void {
    this.#session = session;
    this.#permissions = session.self?.permissions;
    for (const kind of KINDS) if (!this.#mayPublish(kind)) this.#close(kind);
  }

  /** Publishes the kinds that are on. */
  start(): void {
    // If the server refuses this, the publication ends.
    for (const kind of KINDS) this.#sync(kind).catch(() => {});
  }

  /** Applies new permissions: a kind that is no longer allowed is turned off; a newly allowed one can be turned on. */
  handlePermissions(permissions: WirePermissions): void {
    const isNew = {
      audio: permissions.publishAudio && !this.#mayPublish('audio'),
      video: permissions.publishVideo && !this.#mayPublish('video'),
    };
    this.#permissions = permissions;
    for (const kind of KINDS) if (!this.#mayPublish(kind)) this.#switchOff(kind);
    if (!this.#publication || !(isNew.audio || isNew.video)) return;
    // The stream was negotiated without this kind: it has to be published again.
    const { streamId } = this.#publication;
    this.#publication = undefined;
    this.#session?.media.unpublish(streamId);
    this.start();
  }

  /** Handles the end of a session: closes all media, unless the session was never joined and the join can be retried. */
  handleLeft(keepsMedia: boolean): void {
    this.#session = undefined;
    this.#publication = undefined;
    if (!keepsMedia) for (const kind of KINDS) this.#close(kind);
  }

  #mayPublish(kind: Kind): boolean {
    const { publishAudio = true, publishVideo = true } = this.#permissions ?? {};
    return kind === 'audio' ? publishAudio : publishVideo;
  }

  #requirePermission(kind: Kind): void {
    if (!this.#mayPublish(kind)) throw new RealtimeKitError(CODES.notPermitted, `the preset does not allow ${kind}`);
  }

  /** Waits for another call's request; that call publishes the result. */
  async #join(opening: Promise<boolean>): Promise<void> {
    try {
      await opening;
    } catch (error) {
      throw toRealtimeKitError(error);
    }
  }

  async #open(kind: Kind): Promise<boolean> {
    const constraints = this.#constraintsOf(kind);
    try {
      return await this.#sources[kind].open(() => captureCamera({ audio: false, video: false, ...constraints }));
    } catch (error) {
      throw toRealtimeKitError(error);
    }
  }

  #constraintsOf(kind: Kind): CaptureOptions {
    const deviceId = this.#deviceIds[kind];
    return { [kind]: deviceId === undefined ? true : { deviceId: { exact: deviceId } } };
  }

  async #publishKind(kind: Kind): Promise<void> {
    const [track] = this.#sources[kind].tracks;
    this.#events.changed(kind);
    try {
      await this.#sync(kind);
    } catch (error) {
      // Another track has replaced it meanwhile, with its own request.
      if (this.#sources[kind].tracks[0] === track) this.#switchOff(kind);
      throw toRealtimeKitError(error);
    }
  }

  /** Turns a kind off that the server has turned off. */
  #switchOff(kind: Kind): void {
    this.disable(kind).catch(() => {});
  }

  #close(kind: Kind): void {
    const source = this.#sources[kind];
    const wasOn = source.isOn;
    source.close();
    if (wasOn) this.#events.changed(kind);
  }

  /** Handles the loss of a device or its permission (PRIV-2). */
  #handleEnded(kind: Kind): void {
    this.#events.changed(kind);
    this.#events.lost(kind, this.#constraintsOf(kind));
    this.#sync(kind).catch(() => {});
  }

  /** Publishes exactly the kinds that are on. */
  async #sync(kind: Kind): Promise<void> {
    const session = this.#session;
    if (!session || !this.#media) return;
    const publication = this.#publication;
    if (!publication) {
      if (this.isEnabled('audio') || this.isEnabled('video')) this.#publish(session, this.#media);
      return;
    }
    await Promise.all([
      publication.replaceTrack(kind, this.track(kind) ?? null),
      publication.setEnabled(kind, this.isEnabled(kind)),
    ]);
  }

  #publish(session: RoomSession, media: MediaPlatform): void {
    const tracks = KINDS.flatMap((kind) => this.#sources[kind].tracks);
    const publication = session.media.publish(
      streamIdOf(session.self?.memberId ?? ''),
      media.createMediaStream(tracks),
      {
        reserve: KINDS.filter((kind) => this.#mayPublish(kind)),
        audio: this.isEnabled('audio'),
        video: this.isEnabled('video'),
      },
    );
    this.#publication = publication;
    publication.on('muted', (kinds) => {
      if (this.#publication === publication) for (const kind of kinds) this.#switchOff(kind);
    });
    publication.on('stateChanged', (state) => {
      if (state !== 'ended' || this.#publication !== publication) return;
      // The server removed the stream: the kinds are off until they are turned on again.
      this.#publication = undefined;
      for (const kind of KINDS) this.#close(kind);
    });
  }
}
