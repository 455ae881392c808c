/**
 * The own screen, shared as a stream of its own (SCRN-1).
 *
 * @module
 */

import type { WirePermissions } from '@gavel/protocol';
import { captureScreen } from '../core/media/capture.ts';
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
  readonly #tell: (state: ScreenShareState) => void;
  #state: ScreenShareState = NO_SCREEN;
  #isStarting = false;
  #session: RoomSession | undefined;
  #publication: Publication | undefined;

  /** `tell` is called after every change. */
  constructor(media: MediaPlatform | undefined, tell: (state: ScreenShareState) => void) {
    this.#media = media;
    this.#tell = tell;
  }

  get state(): ScreenShareState {
    return this.#state;
  }

  /** Asks the user for a screen and publishes it; resolves when it is sent. @throws RealtimeKitError */
  async enable(): Promise<void> {
    if (this.#isStarting || this.#state.screenShareEnabled) return;
    const session = this.#session;
    if (!session || !this.#media) throw new RealtimeKitError(CODES.couldNotJoin, 'not in the room');
    if (session.self?.permissions.screen?.publish === false) {
      throw new RealtimeKitError(CODES.notPermitted, 'the preset does not allow to share a screen');
    }
    this.#isStarting = true;
    try {
      const captured = await captureScreen({ audio: true, video: true });
      if (this.#session !== session) stopTracks(captured.getTracks());
      else await this.#publish(session, this.#media, captured.getTracks());
    } catch (error) {
      throw toRealtimeKitError(error);
    } finally {
      this.#isStarting = false;
    }
  }

  /** Ends the sharing. Does nothing where there is none. */
  disable(): void {
    const publication = this.#publication;
    if (!publication) return;
    this.#publication = undefined;
    this.#session?.media.unpublish(publication.streamId);
    this.#drop(publication);
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

  async #publish(session: RoomSession, media: MediaPlatform, tracks: readonly MediaStreamTrack[]): Promise<void> {
    const source = media.createMediaStream(tracks);
    const streamId = screenIdOf(session.self?.memberId ?? '');
    const publication = session.media.publish(streamId, source, { source: 'screen' });
    this.#publication = publication;
    const [audio] = source.getAudioTracks();
    const [video] = source.getVideoTracks();
    // The browser has a button of its own that ends the sharing.
    video?.addEventListener('ended', () => {
      if (this.#publication === publication) this.disable();
    });
    await isSent(publication).catch((error: unknown) => {
      if (this.#publication === publication) this.#publication = undefined;
      stopTracks(tracks);
      throw error;
    });
    // Ended by its user meanwhile.
    if (this.#publication !== publication) return;
    publication.on('stateChanged', (state) => {
      if (state !== 'ended' || this.#publication !== publication) return;
      this.#publication = undefined;
      this.#drop(publication);
    });
    const shared = { ...(audio && { audio }), ...(video && { video }) };
    this.#become({ screenShareEnabled: true, screenShareTracks: shared });
  }

  #drop(publication: Publication): void {
    stopTracks(publication.source.getTracks());
    if (this.#state.screenShareEnabled) this.#become(NO_SCREEN);
  }

  #become(state: ScreenShareState): void {
    this.#state = state;
    this.#tell(state);
  }
}

/** Resolves when a publication is sent, or was ended by its own user; rejects with why it cannot be. */
function isSent(publication: Publication): Promise<void> {
  return new Promise((resolve, reject) => {
    publication.on('stateChanged', (state, end) => {
      if (state === 'publishing' || end?.kind === 'stopped') resolve();
      else if (end?.kind === 'failed') reject(end.error);
      else if (end) reject(new RealtimeKitError(CODES.couldNotJoin, 'the sharing was ended by the server'));
    });
  });
}

function stopTracks(tracks: readonly MediaStreamTrack[]): void {
  for (const track of tracks) track.stop();
}
