/**
 * The own screen, shared as a separate stream (SCRN-1).
 *
 * @module
 */

import type { WirePermissions } from '@gavel/protocol';
import { captureScreen } from '../core/media/capture.ts';
import { LocalSource } from '../core/media/local-source.ts';
import type { MediaPlatform } from '../core/media/media-platform.ts';
import type { Publication } from '../core/media/publication.ts';
import type { RoomSession } from '../core/session.ts';
import { CODES, RealtimeKitError, toRealtimeKitError } from './errors.ts';
import { screenIdOf } from './profile.ts';

/** The tracks of a shared screen. */
export interface ScreenShareTracks {
  readonly audio?: MediaStreamTrack;
  readonly video?: MediaStreamTrack;
}

/** The state of screen sharing. */
export interface ScreenShareState {
  readonly screenShareEnabled: boolean;
  readonly screenShareTracks: ScreenShareTracks;
}

/** No screen. */
export const NO_SCREEN: ScreenShareState = { screenShareEnabled: false, screenShareTracks: {} };

/** Captures and publishes the own screen until the user, a host or the browser's own button ends it. */
export class OwnScreen {
  readonly #media: MediaPlatform | undefined;
  readonly #changed: (state: ScreenShareState) => void;
  readonly #source = new LocalSource();
  #state: ScreenShareState = NO_SCREEN;
  /** The pending call that asks for a screen and publishes it. */
  #starting: Promise<void> | undefined;
  #session: RoomSession | undefined;
  #publication: Publication | undefined;

  /** `changed` is called after every change. */
  constructor(media: MediaPlatform | undefined, changed: (state: ScreenShareState) => void) {
    this.#media = media;
    this.#changed = changed;
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
    if (!session || !this.#media) throw new RealtimeKitError(CODES.couldNotJoin, 'not in the room');
    if (session.self?.permissions.screen?.publish === false) {
      throw new RealtimeKitError(CODES.notPermitted, 'the preset does not allow screen sharing');
    }
    try {
      const isOpen = await this.#source.open(() => captureScreen({ audio: true, video: true }));
      if (isOpen) await this.#publish(session, this.#media);
    } catch (error) {
      throw toRealtimeKitError(error);
    }
  }

  async #publish(session: RoomSession, media: MediaPlatform): Promise<void> {
    const source = media.createMediaStream(this.#source.tracks);
    const streamId = screenIdOf(session.self?.memberId ?? '');
    const publication = session.media.publish(streamId, source, { source: 'screen' });
    this.#publication = publication;
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
    const shared = { ...(audio && { audio }), ...(video && { video }) };
    this.#update({ screenShareEnabled: true, screenShareTracks: shared });
  }

  #update(state: ScreenShareState): void {
    if (!state.screenShareEnabled && !this.#state.screenShareEnabled) return;
    this.#state = state;
    this.#changed(state);
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
