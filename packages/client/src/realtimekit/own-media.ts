/**
 * The own microphone and camera, and the single stream that publishes them.
 *
 * @module
 */

import type { WirePermissions } from '@gavel/protocol';
import { Emitter } from '../core/emitter.ts';
import { SessionError } from '../core/errors.ts';
import { captureCamera } from '../core/media/capture.ts';
import { LocalSource } from '../core/media/local-source.ts';
import type { MediaPlatform } from '../core/media/media-platform.ts';
import type { Publication } from '../core/media/publication.ts';
import type { StreamStats } from '../core/media/stats.ts';
import type { RoomSession } from '../core/session.ts';
import { CaptureSettings, type VideoQualityConstraints } from './capture-settings.ts';
import { CODES, RealtimeKitError, toSelfError } from './errors.ts';
import { type MediaPermission, permissionOfError, toCaptureError } from './media-permissions.ts';
import type { TransportState } from './meta.ts';
import { type MiddlewareResult, Middlewares } from './middlewares.ts';
import { streamIdOf } from './profile.ts';

/** The kinds that can be turned on and off separately. */
export type Kind = 'audio' | 'video';

/** The events of the own media. */
export interface OwnMediaEvents {
  /** A kind was turned on or off, or has another track. */
  changed: [kind: Kind];
  /** A device was lost, or its permission revoked: the kind is off. The device was opened with `constraints`. */
  lost: [kind: Kind, constraints: MediaStreamConstraints];
  /** The server forwards none of the codecs that this browser sends for a kind (MED-8). */
  unsupported: [kind: Kind];
  /** A viewer supports no codec of this kind (MED-8). */
  viewerUnsupported: [kind: Kind];
  /** What is sent reached the server, was lost, or is not sent any more. */
  connection: [state: TransportState];
  /** The browser opened a device, or refused to. */
  permission: [kind: Kind, permission: MediaPermission, constraints: MediaStreamConstraints];
}

/** The state of the connection in each state of the publication; it is created anew until it is connected. */
const TRANSPORT_STATE = { requesting: 'reconnecting', publishing: 'connected', ended: 'closed' } as const;

const KINDS = ['audio', 'video'] as const;

/** Opens, publishes and closes the own microphone and camera when they are turned on and off. The last call wins (PRIV-1). */
export class OwnMedia extends Emitter<OwnMediaEvents> {
  readonly settings = new CaptureSettings();
  readonly middlewares = new Middlewares();
  readonly #media: MediaPlatform | undefined;
  readonly #sources: Readonly<Record<Kind, LocalSource>> = { audio: new LocalSource(), video: new LocalSource() };
  /** The latest permissions received; they stay valid between two joins. */
  #permissions: WirePermissions | undefined;
  #session: RoomSession | undefined;
  #publication: Publication | undefined;

  constructor(media: MediaPlatform | undefined) {
    super();
    this.#media = media;
    for (const kind of KINDS) this.#sources[kind].on('ended', () => this.#handleEnded(kind));
  }

  isEnabled(kind: Kind): boolean {
    return this.#sources[kind].isOn;
  }

  /** The track that is sent. */
  track(kind: Kind): MediaStreamTrack | undefined {
    return this.#sources[kind].tracks[0];
  }

  /** The device's track, before any middleware. */
  rawTrack(kind: Kind): MediaStreamTrack | undefined {
    const track = this.track(kind);
    return track && this.middlewares.rawOf(track);
  }

  /**
   * Turns a kind on, with the given track or one from the browser. Also resolves if a later call has superseded it.
   *
   * @throws RealtimeKitError
   */
  async enable(kind: Kind, customTrack: MediaStreamTrack | undefined): Promise<void> {
    const source = this.#sources[kind];
    this.#requirePermission(kind);
    if (customTrack !== undefined) requireTrack(kind, customTrack);
    if (customTrack && this.middlewares.of(kind).length === 0) source.use([customTrack]);
    else if (customTrack) {
      if (!(await this.#open(kind, async () => customTrack))) return;
    } else if (source.opening) return this.#join(source.opening);
    else if (source.isOn) return;
    else if (source.tracks.length > 0) source.switchOn();
    else if (!(await this.#open(kind))) return;
    await this.#publishKind(kind);
  }

  /** Selects the device for a kind, also while it is on. @throws RealtimeKitError the browser's refusal */
  async setDevice(kind: Kind, deviceId: string): Promise<void> {
    const source = this.#sources[kind];
    const before = this.settings.deviceId(kind);
    const wasOpening = source.opening !== undefined && !source.isOn;
    this.settings.setDeviceId(kind, deviceId);
    if (!source.isOn && !source.opening) {
      // The open microphone, which is off, belongs to the previous device.
      source.close();
      return;
    }
    try {
      if (await this.#open(kind)) await this.#publishKind(kind);
    } catch (error) {
      if (this.settings.deviceId(kind) === deviceId) this.settings.setDeviceId(kind, before);
      // It was being turned on with the previous device; this call supersedes that.
      if (wasOpening && !source.opening && !source.isOn) await this.enable(kind, undefined).catch(() => {});
      throw new RealtimeKitError(CODES.deviceNotChanged, (error as Error).message, (error as Error).cause);
    }
  }

  /** Changes the constraints of the camera, also while it is on. @throws RealtimeKitError `1602` if it refuses them */
  async constrainVideo(video: VideoQualityConstraints): Promise<void> {
    this.settings.configure({ video });
    try {
      await this.rawTrack('video')?.applyConstraints(video as MediaTrackConstraints);
    } catch (error) {
      throw toCaptureError('video', error);
    }
  }

  /** Adds a middleware and applies it. */
  async addMiddleware(kind: Kind, middleware: unknown): Promise<MiddlewareResult> {
    if (typeof middleware !== 'function') return { success: false, message: 'a middleware must be a function' };
    const all: unknown[] = this.middlewares.of(kind);
    if (all.includes(middleware)) return { success: false, message: 'this middleware was added before' };
    all.push(middleware);
    try {
      await this.#reopen(kind);
      return { success: true, message: 'the middleware was added' };
    } catch (error) {
      await this.removeMiddlewares(kind, middleware);
      return { success: false, message: (error as Error).message };
    }
  }

  /** Removes a middleware, or all of them. */
  async removeMiddlewares(kind: Kind, middleware?: unknown): Promise<MiddlewareResult> {
    const all: unknown[] = this.middlewares.of(kind);
    const index = middleware === undefined ? 0 : all.indexOf(middleware);
    if (index < 0) return { success: false, message: 'this middleware was not added' };
    const removed = all.splice(index, middleware === undefined ? all.length : 1);
    if (removed.length > 0) await this.#reopen(kind).catch(() => {});
    return { success: true, message: 'the middlewares were removed' };
  }

  /** Applies changed middlewares to a kind that is on, or being turned on. */
  async #reopen(kind: Kind): Promise<void> {
    const source = this.#sources[kind];
    const raw = this.rawTrack(kind);
    if (!source.isOn && !source.opening) {
      // The open microphone, which is off, has the previous middlewares.
      source.close();
      return;
    }
    // The copy keeps the device open while the track in use is replaced.
    const capture = raw && source.isOn ? async () => raw.clone() : undefined;
    if (await this.#open(kind, capture)) await this.#publishKind(kind);
  }

  /** Turns a kind off: the microphone stays open, so that it can be turned on again at once; the camera's light goes off. */
  async disable(kind: Kind): Promise<void> {
    const source = this.#sources[kind];
    const wasOn = source.isOn;
    this.middlewares.abandon(kind);
    if (kind === 'video') source.close();
    else source.switchOff();
    if (!wasOn) return;
    this.emit('changed', kind);
    await this.#sync(kind).catch((error: unknown) => {
      throw toSelfError(error);
    });
  }

  /** Measures what is sent since the last call; undefined while nothing is. */
  measure(): Promise<StreamStats | undefined> {
    return this.#publication?.stats() ?? Promise.resolve(undefined);
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

  /** Closes microphone and camera, and tells the others. */
  closeAll(): void {
    for (const kind of KINDS) {
      this.#close(kind);
      this.#sync(kind).catch(() => {});
    }
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
    if (!this.#mayPublish(kind))
      throw new RealtimeKitError(CODES.selfNotPermitted, `the preset does not allow ${kind}`);
  }

  /** Waits for another call's request; that call publishes the result. */
  async #join(opening: Promise<boolean>): Promise<void> {
    try {
      await opening;
    } catch (error) {
      throw toSelfError(error);
    }
  }

  async #open(kind: Kind, capture: () => Promise<MediaStreamTrack> = () => this.#capture(kind)): Promise<boolean> {
    try {
      return await this.#sources[kind].open(async () =>
        this.#streamOf([await this.middlewares.apply(kind, await capture())]),
      );
    } catch (error) {
      throw toCaptureError(kind, error);
    }
  }

  async #capture(kind: Kind): Promise<MediaStreamTrack> {
    const constraints = this.settings.camera(kind);
    try {
      const [track] = (await captureCamera({ audio: false, video: false, ...constraints })).getTracks();
      if (!track) throw new SessionError('client.no-media', 'the browser returned no track');
      this.emit('permission', kind, 'ACCEPTED', constraints);
      return track;
    } catch (error) {
      this.emit('permission', kind, permissionOfError(kind, error), constraints);
      throw error;
    }
  }

  #streamOf(tracks: readonly MediaStreamTrack[]): MediaStream {
    if (!this.#media) throw new SessionError('client.no-media', 'WebRTC is not available');
    return this.#media.createMediaStream(tracks);
  }

  async #publishKind(kind: Kind): Promise<void> {
    const [track] = this.#sources[kind].tracks;
    this.emit('changed', kind);
    try {
      await this.#sync(kind);
    } catch (error) {
      // Another track has replaced it meanwhile, with its own request.
      if (this.#sources[kind].tracks[0] === track) this.#switchOff(kind);
      throw toSelfError(error);
    }
  }

  /** Turns a kind off that the server has turned off. */
  #switchOff(kind: Kind): void {
    this.disable(kind).catch(() => {});
  }

  #close(kind: Kind): void {
    const source = this.#sources[kind];
    const wasOn = source.isOn;
    this.middlewares.abandon(kind);
    source.close();
    if (wasOn) this.emit('changed', kind);
  }

  /** Handles the loss of a device or its permission (PRIV-2). */
  #handleEnded(kind: Kind): void {
    this.emit('changed', kind);
    this.emit('lost', kind, this.settings.camera(kind));
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
        ...this.settings.sending,
      },
    );
    this.#publication = publication;
    publication.on('muted', (kinds) => {
      if (this.#publication === publication) for (const kind of kinds) this.#switchOff(kind);
    });
    publication.on('unsupported', (kinds) => {
      if (this.#publication === publication) for (const kind of kinds) this.emit('unsupported', kind);
    });
    publication.on('viewerUnsupported', (kinds) => {
      if (this.#publication === publication) for (const kind of kinds) this.emit('viewerUnsupported', kind);
    });
    publication.on('stateChanged', (state) => {
      if (this.#publication === publication) this.emit('connection', TRANSPORT_STATE[state]);
      if (state !== 'ended' || this.#publication !== publication) return;
      // The server removed the stream: the kinds are off until they are turned on again.
      this.#publication = undefined;
      for (const kind of KINDS) this.#close(kind);
    });
  }
}

/** @throws RealtimeKitError `1601`, `1602` */
function requireTrack(kind: Kind, track: MediaStreamTrack): void {
  if (track?.kind !== kind || typeof track.stop !== 'function') {
    throw new RealtimeKitError(kind === 'audio' ? CODES.noMicrophone : CODES.noCamera, `this is not an ${kind} track`);
  }
}
