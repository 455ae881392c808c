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
import type { QualityReports } from './quality-reports.ts';
import type { SeiSender } from './sei.ts';
import { openSei } from './sei-loading.ts';
import type { Encoding } from './streams/capture-plan.ts';
import type { ZegoPublisherState, ZegoPublishOptions, ZegoServerResponse } from './types.ts';
import { warnOnce, warnUnsupported } from './warnings.ts';

const SUPPORTED = [
  'extraInfo',
  'videoCodec',
  'roomID',
  'isSEIStart',
  'SEIType',
  'enableTrafficControl',
  'enableAutoSwitchVideoCodec',
];

/** A stream that is published. */
interface Entry {
  readonly publication: Publication;
  readonly session: RoomSession;
  sei?: SeiSender | undefined;
}

/** The streams that an engine publishes, by stream id. */
export class Publishers {
  readonly #clock: Clock;
  readonly #quality: QualityReports;
  readonly #emit: Emit;
  readonly #removed: (source: MediaStream) => void;
  readonly #publications = new Map<string, Entry>();

  /** `removed` is called with each published stream when the user was removed from the room (KICK-5). */
  constructor(clock: Clock, quality: QualityReports, emit: Emit, removed: (source: MediaStream) => void) {
    this.#clock = clock;
    this.#quality = quality;
    this.#emit = emit;
    this.#removed = removed;
  }

  /** Publishes; if it cannot start, emits NO_PUBLISH with a code and returns false. */
  start(
    session: RoomSession | undefined,
    streamID: string,
    stream: MediaStream,
    options: ZegoPublishOptions = {},
    encoding: Encoding = {},
  ): boolean {
    const fault = this.#findFault(session, streamID, options);
    if (fault !== CODES.ok || !session) {
      this.refuse(streamID, fault);
      return false;
    }
    const { extraInfo, videoCodec, isSEIStart, SEIType } = options;
    const sei = isSEIStart ? openSei(({ SeiSender }) => SeiSender.open(this.#clock, SEIType)) : undefined;
    warnUnsupported('startPublishingStream', options, SUPPORTED);
    if (videoCodec === 'H265') warnOnce('startPublishingStream: H265 is not forwarded; VP8 is used');
    try {
      const publication = session.media.publish(streamID, stream, {
        ...(extraInfo !== undefined && { extraInfo }),
        ...(videoCodec && videoCodec !== 'H265' && { videoCodec }),
        ...(sei && { frames: sei.then((sender) => sender?.frames) }),
        ...encoding,
      });
      this.#emitState(streamID, 'PUBLISH_REQUESTING', CODES.ok);
      const entry: Entry = { publication, session };
      void sei?.then((sender) => {
        entry.sei = sender;
      });
      this.#watch(entry);
      return true;
    } catch (error) {
      this.#emitState(streamID, 'NO_PUBLISH', toZegoError(error).errorCode);
      return false;
    }
  }

  /** Emits NO_PUBLISH for a stream that cannot be published. */
  refuse(streamID: string, errorCode: number, extendedData = ''): void {
    this.#emitState(streamID, 'NO_PUBLISH', errorCode, extendedData);
  }

  /** The publications that are up. */
  publishing(): Publication[] {
    return this.#all().filter(({ state }) => state === 'publishing');
  }

  /** The local stream that is published under an id. */
  sourceOf(streamID: string): MediaStream | undefined {
    return this.#publications.get(streamID)?.publication.source;
  }

  /** Sends an SEI message in the frames of an own stream; returns false if it is not sent. */
  sendSei(streamID: string, data: Uint8Array): boolean {
    const { publication, sei } = this.#publications.get(streamID) ?? {};
    return publication?.state === 'publishing' && sei !== undefined && sei.send(data);
  }

  /** Stops publishing; returns false if the stream is not published. */
  stop(streamID: string): boolean {
    return this.#publications.get(streamID)?.session.media.unpublish(streamID) ?? false;
  }

  /** Returns the publications of a local stream. */
  of(stream: MediaStream): Publication[] {
    return this.#all().filter((publication) => publication.source === stream);
  }

  /** Changes the extra info of an own stream. */
  async setExtraInfo(streamID: string, extraInfo: string): Promise<ZegoServerResponse> {
    const fault = typeof extraInfo === 'string' ? checkExtraInfo(extraInfo) : CODES.badPublishParameter;
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

  #all(): Publication[] {
    return [...this.#publications.values()].map(({ publication }) => publication);
  }

  #findFault(session: RoomSession | undefined, streamID: string, { extraInfo = '' }: ZegoPublishOptions): number {
    if (!session) return CODES.notLoggedIn;
    if (typeof streamID !== 'string' || typeof extraInfo !== 'string') return CODES.badPublishParameter;
    if (this.#publications.has(streamID)) return CODES.alreadyPublishing;
    return checkStreamId(streamID) || checkExtraInfo(extraInfo);
  }

  #watch(entry: Entry): void {
    const { publication } = entry;
    const { streamId } = publication;
    this.#publications.set(streamId, entry);
    const stopReporting = this.#quality.watchPublished(publication, () => publication.state === 'publishing');
    const handleState = (state: PublicationState, end: MediaEnd | undefined) => {
      if (state === 'ended') {
        stopReporting();
        entry.sei?.frames.close();
        this.#publications.delete(streamId);
        if (end?.kind === 'session' && end.end.kind === 'removed') this.#removed(publication.source);
        this.#emitState(streamId, 'NO_PUBLISH', codeOfMediaEnd(end, 'publisher'), extendedDataOfMediaEnd(end));
      } else {
        const unsupported = state === 'publishing' ? publication.unsupported : [];
        const code = unsupported.length > 0 ? CODES.publishKindUnsupported : CODES.ok;
        const extendedData = unsupported.length > 0 ? JSON.stringify({ unsupported }) : '';
        this.#emitState(streamId, state === 'publishing' ? 'PUBLISHING' : 'PUBLISH_REQUESTING', code, extendedData);
      }
    };
    publication.on('viewerUnsupported', (viewerUnsupported) =>
      this.#emitState(streamId, 'PUBLISHING', CODES.viewerKindUnsupported, JSON.stringify({ viewerUnsupported })),
    );
    if (publication.state === 'ended') handleState('ended', publication.ending);
    else publication.on('stateChanged', handleState);
  }

  #emitState(streamID: string, state: ZegoPublisherState['state'], errorCode: number, extendedData = ''): void {
    this.#emit('publisherStateUpdate', { streamID, state, errorCode, extendedData });
  }
}
