/**
 * What a page receives: counters of its sound and of its pictures, and the times of the frames that it shows.
 *
 * @module
 */

/** Sound that was received, over all streams; counts never decrease while the streams stay. */
export interface SoundReception {
  /** Samples that were played, and those of them that were made up because none had come. Silence made up is not counted. */
  readonly samples: number;
  readonly concealed: number;
  readonly packets: number;
  readonly lost: number;
  /** Requests for lost packets that were sent. */
  readonly nacks: number;
  /** Copies of packets that were not needed, because the packet itself had come: RED brings one with each packet. */
  readonly copies: number;
  readonly bytes: number;
  /** Of the sound inside the packets, such as `audio/opus`. */
  readonly codec: string;
  /** The average time in the jitter buffer, in milliseconds. */
  readonly bufferedMs: number;
}

/** Pictures that were received, of one stream. */
export interface PictureReception {
  /** The id of the track. */
  readonly track: string;
  readonly width: number;
  readonly frames: number;
  readonly bytes: number;
  readonly lost: number;
  readonly nacks: number;
  readonly keyFrameRequests: number;
  readonly freezes: number;
  readonly frozenMs: number;
}

/** Everything that a page receives. */
export interface Reception {
  readonly sound: SoundReception;
  readonly pictures: readonly PictureReception[];
}

type Entry = Readonly<Record<string, string | number | undefined>>;

const num = (value: string | number | undefined): number => Number(value ?? 0);

/** Reads the counters of all streams that some peer connections receive. */
export async function readReception(peers: readonly RTCPeerConnection[]): Promise<Reception> {
  const sound = {
    samples: 0,
    concealed: 0,
    packets: 0,
    lost: 0,
    nacks: 0,
    copies: 0,
    bytes: 0,
    codec: '',
    bufferedMs: 0,
  };
  const pictures: PictureReception[] = [];
  for (const peer of peers) {
    const report = await peer.getStats();
    for (const entry of report.values() as Iterable<Entry>) {
      if (entry.type !== 'inbound-rtp') continue;
      if (entry.kind === 'video') pictures.push(readPicture(entry));
      else if (num(entry.packetsReceived) > 0) {
        sound.samples += num(entry.totalSamplesReceived);
        sound.concealed += num(entry.concealedSamples) - num(entry.silentConcealedSamples);
        sound.packets += num(entry.packetsReceived);
        sound.lost += num(entry.packetsLost);
        sound.nacks += num(entry.nackCount);
        sound.copies += num(entry.packetsDiscarded);
        sound.bytes += num(entry.bytesReceived);
        sound.codec = String((report.get(String(entry.codecId)) as Entry | undefined)?.mimeType ?? '');
        sound.bufferedMs = (num(entry.jitterBufferDelay) * 1_000) / Math.max(1, num(entry.jitterBufferEmittedCount));
      }
    }
  }
  return { sound, pictures };
}

function readPicture(entry: Entry): PictureReception {
  return {
    track: String(entry.trackIdentifier),
    width: num(entry.frameWidth),
    frames: num(entry.framesDecoded),
    bytes: num(entry.bytesReceived),
    lost: num(entry.packetsLost),
    nacks: num(entry.nackCount),
    keyFrameRequests: num(entry.pliCount),
    freezes: num(entry.freezeCount),
    frozenMs: num(entry.totalFreezesDuration) * 1_000,
  };
}

/** The frames that one video element has shown. */
export interface ShownFrames {
  /** Frames shown. */
  readonly count: number;
  /** The longest time from one frame to the next, in milliseconds; also from the latest one until now. */
  readonly longestGapMs: number;
  /** The size of the latest frame. */
  readonly width: number;
  /** When the width last changed, in milliseconds since the Unix epoch, fractional. */
  readonly widthSinceMs: number;
}

/** Records the frames that a video element shows, from the call on. */
export class FrameRecorder {
  readonly video: HTMLVideoElement;
  #count = 0;
  #longestGapMs = 0;
  #latestAtMs: number | undefined;
  #width = 0;
  #widthSinceMs = 0;

  constructor(video: HTMLVideoElement) {
    this.video = video;
    const record = (nowMs: number, { width }: VideoFrameCallbackMetadata): void => {
      this.#count += 1;
      if (this.#latestAtMs !== undefined) this.#longestGapMs = Math.max(this.#longestGapMs, nowMs - this.#latestAtMs);
      this.#latestAtMs = nowMs;
      if (width !== this.#width) this.#widthSinceMs = performance.timeOrigin + nowMs;
      this.#width = width;
      video.requestVideoFrameCallback(record);
    };
    video.requestVideoFrameCallback(record);
  }

  /** Returns what was recorded; the longest gap is forgotten. */
  drain(): ShownFrames {
    const sinceLatestMs = this.#latestAtMs === undefined ? 0 : performance.now() - this.#latestAtMs;
    const longestGapMs = Math.max(this.#longestGapMs, sinceLatestMs);
    this.#longestGapMs = 0;
    return { count: this.#count, longestGapMs, width: this.#width, widthSinceMs: this.#widthSinceMs };
  }
}
