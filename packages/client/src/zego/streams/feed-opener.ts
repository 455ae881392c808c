/**
 * Opens the devices of one local stream. The last request for a kind wins (PRIV-1).
 *
 * @module
 */

import { SessionError } from '../../core/errors.ts';
import { captureCamera, captureScreen } from '../../core/media/capture.ts';
import { LocalSource } from '../../core/media/local-source.ts';
import type { CapturePlan, StreamPlan } from './capture-plan.ts';

/** The kinds of media. */
export type Kind = 'audio' | 'video';

/** Both kinds. */
export const KINDS = ['audio', 'video'] as const;

/** A captured track and its device; without a device, the track belongs to the application. */
export interface Feed {
  readonly track: MediaStreamTrack;
  readonly origin: StreamPlan['origin'];
  readonly constraints: MediaTrackConstraints;
  readonly source?: LocalSource;
}

/** Callbacks of a feed opener. */
export interface FeedOpenerEvents {
  /** A track was captured for the latest request of its kind. */
  opened(kind: Kind, feed: Feed): void;
  /** The track of a feed ended by itself. */
  ended(kind: Kind, feed: Feed): void;
}

/** Opens devices and knows all that are open, so that none is left open. */
export class FeedOpener {
  readonly #events: FeedOpenerEvents;
  /** The latest request of each kind that the browser has not answered yet. */
  readonly #requests: { [K in Kind]: LocalSource | undefined } = { audio: undefined, video: undefined };
  /** Every device that is open or being opened. */
  readonly #sources = new Set<LocalSource>();

  constructor(events: FeedOpenerEvents) {
    this.#events = events;
  }

  /** Whether the browser is opening a device of a kind. */
  isOpening(kind: Kind): boolean {
    return this.#requests[kind] !== undefined;
  }

  /**
   * Opens what a plan says.
   *
   * @throws SessionError the browser's refusal; `client.ended` if later calls have superseded this one
   */
  async open({ origin, capture, hint }: CapturePlan): Promise<void> {
    const options = { audio: capture.audio ?? false, video: capture.video ?? false };
    const kinds = KINDS.filter((kind) => options[kind]);
    const request = new LocalSource();
    this.#sources.add(request);
    for (const kind of kinds) this.#setRequest(kind, request);
    try {
      const isOpen = await request.open(() => (origin === 'screen' ? captureScreen(options) : captureCamera(options)));
      if (!isOpen) throw new SessionError('client.ended', 'a later call has superseded this capture');
      for (const track of request.tracks) {
        const kind = kindOf(track);
        if (this.#requests[kind] !== request) track.stop();
        else this.#adopt(kind, track, origin, toConstraints(options[kind]), hint);
      }
    } finally {
      for (const kind of kinds) if (this.#requests[kind] === request) this.#requests[kind] = undefined;
      // Its tracks have sources of their own now, or are stopped.
      this.#sources.delete(request);
    }
  }

  /** Cancels the request of a kind: what the browser opens for it is closed at once. */
  cancel(kind: Kind): void {
    this.#setRequest(kind, undefined);
  }

  /** Closes the device of a feed. */
  close({ source }: Feed): void {
    source?.close();
    if (source) this.#sources.delete(source);
  }

  /** Closes every device, also those that are being opened. */
  closeAll(): void {
    for (const kind of KINDS) this.#requests[kind] = undefined;
    for (const source of this.#sources) source.close();
    this.#sources.clear();
  }

  /** Makes a request the latest of a kind; an earlier one that no kind waits for any more is closed. */
  #setRequest(kind: Kind, request: LocalSource | undefined): void {
    const before = this.#requests[kind];
    this.#requests[kind] = request;
    if (!before || KINDS.some((other) => this.#requests[other] === before)) return;
    before.close();
    this.#sources.delete(before);
  }

  #adopt(
    kind: Kind,
    track: MediaStreamTrack,
    origin: 'camera' | 'screen',
    constraints: MediaTrackConstraints,
    hint: string,
  ): void {
    const source = new LocalSource();
    source.use([track]);
    this.#sources.add(source);
    if (kind === 'video' && hint) track.contentHint = hint;
    const feed: Feed = { track, source, origin, constraints };
    source.on('ended', () => this.#events.ended(kind, feed));
    this.#events.opened(kind, feed);
  }
}

/** Returns the kind of a track. */
export const kindOf = ({ kind }: MediaStreamTrack): Kind => (kind === 'audio' ? 'audio' : 'video');

const toConstraints = (given: boolean | MediaTrackConstraints): MediaTrackConstraints =>
  typeof given === 'object' ? given : {};
