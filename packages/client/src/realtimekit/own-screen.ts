/**
 * The own screen, shared as a stream of its own (SCRN-1).
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

/** A shared screen, or that there is none. */
export interface ScreenShareState {
  readonly screenShareEnabled: boolean;
  readonly screenShareTracks: ScreenShareTracks;
}

/** No screen. */
export const NO_SCREEN: ScreenShareState = { screenShareEnabled: false, screenShareTracks: {} };

/** Captures and publishes the own screen, until its user, a host or the browser's own button ends it. */
export class OwnScreen {
  readonly #media: MediaPlatform | undefined;
  readonly #changed: (state: ScreenShareState) => void;
  readonly #source = new LocalSource();
  #state: ScreenShareState = NO_SCREEN;
  /** The call that asks for a screen and publishes it. */
  #starting: Promise<void> | undefined;
  #session: RoomSession | undefined;
  #publication: Publication | undefined;

  /** `changed` is called after every change. */
  constructor(media: MediaPlatform | undefined, changed: (state: ScreenShareState) => void) {
    this.#media = media;
    this.#changed = changed;
    // The browser has a button of its own that ends the sharing. Sound alone may end before the picture.
    this.#source.on('ended', ({ kind }) => kind === 'video' && this.disable());
  }

  get state(): ScreenShareState {
    return this.#state;
  }

  /**
   * Asks the user for a screen and publishes it; resolves when it is sent, or when it was ended meanwhile (PRIV-1).
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

  /** Ends the sharing; a screen that is chosen afterwards is not shared. */
  disable(): void {
    this.#starting = undefined;
    this.#source.close();
    const publication = this.#publication;
    this.#publication = undefined;
    if (publication) this.#session?.media.unpublish(publication.streamId);
    this.#update(NO_SCREEN);
  }

  /** Takes a session that has been joined. */
  handleJoined(session: RoomSession): void {
    this.#session = session;
  }

  /** Takes new permissions: without the one to screens the sharing is over. */
  handlePermissions({ screen }: WirePermissions): void {
    if (screen?.publish === false) this.disable();
  }

  /** Takes the end of a session. */
  handleLeft(): void {
    this.disable();
    this.#session = undefined;
  }

  async #start(): Promise<void> {
    const session = this.#session;
    if (!session || !this.#media) throw new RealtimeKitError(CODES.couldNotJoin, 'not in the room');
    if (session.self?.permissions.screen?.publish === false) {
      throw new RealtimeKitError(CODES.notPermitted, 'the preset does not allow to share a screen');
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
    // Ended by its user meanwhile.
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

/** Resolves when a publication is sent, or was ended by its own user; rejects with why it cannot be. */
function isSent(publication: Publication): Promise<void> {
  return new Promise((resolve, reject) => {
    publication.on('stateChanged', (state, end) => {
      const isOwnEnd = end?.kind === 'stopped' || (end?.kind === 'session' && end.end.kind === 'left');
      if (state === 'publishing' || isOwnEnd) resolve();
      else if (end?.kind === 'failed') reject(end.error);
      else if (end) reject(new RealtimeKitError(CODES.couldNotJoin, 'the sharing was ended by the server'));
    });
  });
}
