/**
 * The own screen, shared as a separate stream (SCRN-1).
 *
 * @module
 */

import type { WirePermissions } from '@gavel/protocol';
import { Emitter } from '../core/emitter.ts';
import { captureScreen } from '../core/media/capture.ts';
import { LocalSource } from '../core/media/local-source.ts';
import type { MediaPlatform } from '../core/media/media-platform.ts';
import type { Publication } from '../core/media/publication.ts';
import type { RoomSession } from '../core/session.ts';
import type { CaptureSettings, VideoQualityConstraints } from './capture-settings.ts';
import { CODES, RealtimeKitError, toSelfError } from './errors.ts';
import { type MediaPermission, permissionOfError, toCaptureError } from './media-permissions.ts';
import { screenIdOf } from './profile.ts';

/** The tracks of a shared screen. */
export interface ScreenShareTracks {
  /** Undefined if the browser provides none. */
  readonly audio: MediaStreamTrack;
  /** Undefined while no screen is shared. */
  readonly video: MediaStreamTrack;
}

/** The state of screen sharing. */
export interface ScreenShareState {
  readonly screenShareEnabled: boolean;
  readonly screenShareTracks: ScreenShareTracks;
}

/** No screen. */
export const NO_SCREEN: ScreenShareState = {
  screenShareEnabled: false,
  screenShareTracks: {} as ScreenShareTracks,
};

/** The events of the own screen. */
export interface OwnScreenEvents {
  changed: [state: ScreenShareState];
  /** The user chose a screen, or the browser or the user refused. */
  permission: [permission: MediaPermission, constraints: MediaStreamConstraints];
  /** The server forwards none of the codecs that this browser sends for a kind (MED-8). */
  unsupported: [kind: 'audio' | 'video'];
  /** A viewer supports no codec of this kind (MED-8). */
  viewerUnsupported: [kind: 'audio' | 'video'];
}

/** Captures and publishes the own screen until the user, a host or the browser's own button ends it. */
export class OwnScreen extends Emitter<OwnScreenEvents> {
  readonly #media: MediaPlatform | undefined;
  readonly #settings: CaptureSettings;
  readonly #source = new LocalSource();
  #state: ScreenShareState = NO_SCREEN;
  /** The pending call that asks for a screen and publishes it. */
  #starting: Promise<void> | undefined;
  #session: RoomSession | undefined;
  #publication: Publication | undefined;

  constructor(media: MediaPlatform | undefined, settings: CaptureSettings) {
    super();
    this.#media = media;
    this.#settings = settings;
    // The browser's own button ends the sharing. The audio track alone may end earlier; this does not end the sharing.
    this.#source.on('ended', ({ kind }) => kind === 'video' && this.disable());
  }

  get state(): ScreenShareState {
    return this.#state;
  }

  /**
   * Asks the user for a screen and publishes it; resolves when it is sent, or if sharing was ended meanwhile (PRIV-1).
   *
   * @throws RealtimeKitError
   */
  async enable(): Promise<void> {
    if (this.#state.screenShareEnabled) return;
    if (!this.#starting) {
      const starting = this.#start().finally(() => {
        if (this.#starting === starting) this.#starting = undefined;
      });
      this.#starting = starting;
    }
    await this.#starting;
  }

  /** Ends the sharing; a screen that the user chooses after this is not shared. */
  disable(): void {
    this.#starting = undefined;
    this.#source.close();
    const publication = this.#publication;
    this.#publication = undefined;
    if (publication) this.#session?.media.unpublish(publication.streamId);
    this.#update(NO_SCREEN);
  }

  /** Changes the constraints, also of a screen that is shared. @throws RealtimeKitError `1612` if the browser refuses them */
  async constrain(screenshare: VideoQualityConstraints): Promise<void> {
    this.#settings.configure({ screenshare });
    try {
      await this.#state.screenShareTracks.video?.applyConstraints(screenshare as MediaTrackConstraints);
    } catch (error) {
      throw toCaptureError('screenshare', error);
    }
  }

  /** Handles a joined session. */
  handleJoined(session: RoomSession): void {
    this.#session = session;
  }

  /** Applies new permissions: sharing ends without the permission to share screens. */
  handlePermissions({ screen }: WirePermissions): void {
    if (screen?.publish === false) this.disable();
  }

  /** Handles the end of a session. */
  handleLeft(): void {
    this.disable();
    this.#session = undefined;
  }

  async #start(): Promise<void> {
    const session = this.#session;
    if (!session || !this.#media) throw new RealtimeKitError(CODES.selfNotJoined, 'not in the room');
    if (session.self?.permissions.screen?.publish === false) {
      throw new RealtimeKitError(CODES.selfNotPermitted, 'the preset does not allow screen sharing');
    }
    try {
      const isOpen = await this.#source.open(() => this.#capture());
      if (isOpen) await this.#publish(session, this.#media);
    } catch (error) {
      throw toSelfError(error);
    }
  }

  async #capture(): Promise<MediaStream> {
    const constraints = this.#settings.screen();
    try {
      const stream = await captureScreen(constraints);
      this.emit('permission', 'ACCEPTED', constraints);
      return stream;
    } catch (error) {
      this.emit('permission', permissionOfError('screenshare', error), constraints);
      throw toCaptureError('screenshare', error);
    }
  }

  async #publish(session: RoomSession, media: MediaPlatform): Promise<void> {
    const source = media.createMediaStream(this.#source.tracks);
    const streamId = screenIdOf(session.self?.memberId ?? '');
    const publication = session.media.publish(streamId, source, { source: 'screen' });
    this.#publication = publication;
    publication.on('unsupported', (kinds) => {
      if (this.#publication === publication) for (const kind of kinds) this.emit('unsupported', kind);
    });
    publication.on('viewerUnsupported', (kinds) => {
      if (this.#publication === publication) for (const kind of kinds) this.emit('viewerUnsupported', kind);
    });
    try {
      await isSent(publication);
    } catch (error) {
      if (this.#publication === publication) this.disable();
      throw error;
    }
    // The user ended it meanwhile.
    if (this.#publication !== publication) return;
    publication.on('stateChanged', (state) => {
      if (state === 'ended' && this.#publication === publication) this.disable();
    });
    const [audio] = source.getAudioTracks();
    const [video] = source.getVideoTracks();
    const shared = { ...(audio && { audio }), ...(video && { video }) } as ScreenShareTracks;
    this.#update({ screenShareEnabled: true, screenShareTracks: shared });
  }

  #update(state: ScreenShareState): void {
    if (!state.screenShareEnabled && !this.#state.screenShareEnabled) return;
    this.#state = state;
    this.emit('changed', state);
  }
}

/** Resolves when a publication is sent or its own user ended it; rejects if it failed. */
function isSent(publication: Publication): Promise<void> {
  return new Promise((resolve, reject) => {
    publication.on('stateChanged', (state, end) => {
      const isOwnEnd = end?.kind === 'stopped' || (end?.kind === 'session' && end.end.kind === 'left');
      if (state === 'publishing' || isOwnEnd) resolve();
      else if (end?.kind === 'failed') reject(end.error);
      else if (end) reject(new RealtimeKitError(CODES.couldNotJoin, 'the server ended the screen share'));
    });
  });
}
