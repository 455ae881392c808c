/**
 * The stream meter: what arrives of each stream now, from the media engine.
 *
 * @module
 */

import type { MediaEngine, StreamDump } from '@gavel/media';
import type { StreamItem, StreamMedia } from '@gavel/protocol/admin';
import type { Clock } from '../base/clock.ts';
import type { StreamInfo } from '../rooms/stream.ts';

/** How long a reading serves all callers, in milliseconds: a dump costs time in proportion to all streams. */
const READING_VALID_MS = 1000;

type Readings = ReadonlyMap<string, StreamMedia>;

/** Reads the engine at most once per second, however many callers ask. */
export class StreamMeter {
  readonly #engine: Pick<MediaEngine, 'dump'>;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #reading: { readonly atMonotonicMs: number; readonly readings: Promise<Readings> } | undefined;

  constructor(engine: Pick<MediaEngine, 'dump'>, clock: Pick<Clock, 'monotonicMs'>) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Returns what arrives of each stream, by its publish id. */
  read(): Promise<Readings> {
    const nowMs = this.#clock.monotonicMs();
    if (!this.#reading || nowMs - this.#reading.atMonotonicMs >= READING_VALID_MS) {
      const readings = this.#engine
        .dump()
        .then(({ streams }) => new Map(streams.map((dump) => [dump.stream, mediaOf(dump)])));
      this.#reading = { atMonotonicMs: nowMs, readings };
    }
    return this.#reading.readings;
  }
}

function mediaOf({ state, tracks, subscriptions, publisher }: StreamDump): StreamMedia {
  const bitrateOf = (kind: string): number =>
    tracks.reduce(
      (sum, track) => sum + (track.kind === kind ? track.layers.reduce((part, { bitrate }) => part + bitrate, 0) : 0),
      0,
    );
  return {
    state,
    audioBps: Math.round(bitrateOf('audio')),
    videoBps: Math.round(bitrateOf('video')),
    subscriberCount: subscriptions.length,
    packets: publisher.packets,
    lostPackets: publisher.lost,
  };
}

/** Returns a stream as the admin API shows it. */
export function describeStream(stream: StreamInfo, media: StreamMedia | undefined): StreamItem {
  const { streamId, user, memberId, source, title, createdAtMs, audio, video, blocked, muted } = stream;
  return {
    streamId,
    userId: user.id,
    userName: user.name,
    ...(memberId !== undefined && { memberId }),
    source,
    title,
    createdAtMs,
    audio,
    video,
    blocked: { audio: blocked.audio, video: blocked.video },
    muted: { audio: muted.audio, video: muted.video },
    media: media ?? null,
  };
}
