/**
 * The streams that an engine publishes, and their states in this dialect.
 *
 * @module
 */

import type { MediaEnd } from '../core/media/media-context.ts';
import type { Publication, PublicationState } from '../core/media/publication.ts';
import type { Clock } from '../core/platform.ts';
import type { RoomSession } from '../core/session.ts';
import { checkExtraInfo, checkStreamId } from './checks.ts';
import { CODES, codeOfMediaEnd, extendedDataOfMediaEnd, toZegoError } from './errors.ts';
import type { Emit } from './events.ts';
import { reportQuality, toPublishStats } from './quality.ts';
import type { ZegoPublisherState, ZegoPublishOptions, ZegoServerResponse } from './types.ts';

/** The streams that an engine publishes, by stream id. */
export class Publishers {
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #publications = new Map<string, { readonly publication: Publication; readonly session: RoomSession }>();

  constructor(clock: Clock, emit: Emit) {
    this.#clock = clock;
    this.#emit = emit;
  }

  /** Publishes; if it cannot start, emits NO_PUBLISH with a code and returns false. */
  start(
    session: RoomSession | undefined,
    streamID: string,
    stream: MediaStream,
    options: ZegoPublishOptions = {},
  ): boolean {
    const fault = this.#findFault(session, streamID, options);
    if (fault !== CODES.ok || !session) {
      this.#emitState(streamID, 'NO_PUBLISH', fault);
      return false;
    }
    const { extraInfo, videoCodec } = options;
    try {
      const publication = session.media.publish(streamID, stream, {
        ...(extraInfo !== undefined && { extraInfo }),
        ...(videoCodec && { videoCodec }),
      });
      this.#emitState(streamID, 'PUBLISH_REQUESTING', CODES.ok);
      this.#watch(publication, session);
      return true;
    } catch (error) {
      this.#emitState(streamID, 'NO_PUBLISH', toZegoError(error).errorCode);
      return false;
    }
  }

  /** Stops publishing; returns false if the stream is not published. */
  stop(streamID: string): boolean {
    return this.#publications.get(streamID)?.session.media.unpublish(streamID) ?? false;
  }

  /** Returns the publications of a local stream. */
  of(stream: MediaStream): Publication[] {
    const all = [...this.#publications.values()].map(({ publication }) => publication);
    return all.filter((publication) => publication.source === stream);
  }

  /** Changes the extra info of an own stream. */
  async setExtraInfo(streamID: string, extraInfo: string): Promise<ZegoServerResponse> {
    const fault = checkExtraInfo(extraInfo);
    if (fault !== CODES.ok) return { errorCode: fault };
    const entry = this.#publications.get(streamID);
    if (!entry) return { errorCode: CODES.noSuchPublish };
    try {
      await entry.publication.setExtraInfo(extraInfo);
      return { errorCode: CODES.ok };
    } catch (error) {
      return toZegoError(error);
    }
  }

  #findFault(session: RoomSession | undefined, streamID: string, { extraInfo = '' }: ZegoPublishOptions): number {
    if (!session) return CODES.notLoggedIn;
    if (this.#publications.has(streamID)) return CODES.alreadyPublishing;
    return checkStreamId(streamID) || checkExtraInfo(extraInfo);
  }

  #watch(publication: Publication, session: RoomSession): void {
    const { streamId } = publication;
    this.#publications.set(streamId, { publication, session });
    const stopReporting = reportQuality(this.#clock, publication, (stats) => {
      if (publication.state === 'publishing') this.#emit('publishQualityUpdate', streamId, toPublishStats(stats));
    });
    const handleState = (state: PublicationState, end: MediaEnd | undefined) => {
      if (state === 'ended') {
        stopReporting();
        this.#publications.delete(streamId);
        this.#emitState(streamId, 'NO_PUBLISH', codeOfMediaEnd(end, 'publisher'), extendedDataOfMediaEnd(end));
      } else {
        const unsupported = state === 'publishing' ? publication.unsupported : [];
        const code = unsupported.length > 0 ? CODES.publishKindUnsupported : CODES.ok;
        const extendedData = unsupported.length > 0 ? JSON.stringify({ unsupported }) : '';
        this.#emitState(streamId, state === 'publishing' ? 'PUBLISHING' : 'PUBLISH_REQUESTING', code, extendedData);
      }
    };
    if (publication.state === 'ended') handleState('ended', publication.ending);
    else publication.on('stateChanged', handleState);
  }

  #emitState(streamID: string, state: ZegoPublisherState['state'], errorCode: number, extendedData = ''): void {
    this.#emit('publisherStateUpdate', { streamID, state, errorCode, extendedData });
  }
}
