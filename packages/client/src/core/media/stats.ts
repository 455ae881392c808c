/**
 * Quality of a stream from the browser's counters.
 *
 * @module
 */

/** Quality of the audio of a stream since the previous reading. */
export interface AudioStats {
  readonly codec: string;
  readonly bitrateKbps: number;
  readonly packetsPerSecond: number;
  readonly packetsLost: number;
  /** From 0 to 1. */
  readonly lossRate: number;
  readonly jitterMs: number;
  /** From 0 to 1. */
  readonly level: number;
  readonly samplingRateHz: number;
  /** How much was played since the start, in milliseconds; 0 for a published stream. */
  readonly playedMs: number;
  /** How much of it was missing and concealed, in milliseconds; 0 for a published stream. */
  readonly interruptedMs: number;
}

/** Quality of one layer of a published video since the previous reading. */
export interface LayerStats {
  /** The name of the layer in the offer, such as `l`, `m` and `h`; undefined for a video without layers. */
  readonly rid: string | undefined;
  readonly bitrateKbps: number;
  readonly framesPerSecond: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Quality of the video of a stream since the previous reading. Of a published video with layers, size and frames are those of the
 * largest layer that is sent.
 */
export interface VideoStats {
  readonly codec: string;
  readonly bitrateKbps: number;
  readonly framesPerSecond: number;
  readonly framesTotal: number;
  /** Frames that were received but not shown; 0 for a published stream. */
  readonly framesDropped: number;
  /** Frames shown per second; of a published stream, frames sent. */
  readonly renderedPerSecond: number;
  /** How long the video has been decoded, in milliseconds; 0 for a published stream. */
  readonly playedMs: number;
  /** For how long it stood still, in milliseconds; 0 for a published stream. */
  readonly interruptedMs: number;
  /** Whether hardware encodes the video; undefined if the browser does not say, or for a played stream. */
  readonly isHardwareEncoded: boolean | undefined;
  readonly width: number;
  readonly height: number;
  readonly packetsLost: number;
  /** From 0 to 1. */
  readonly lossRate: number;
  readonly jitterMs: number;
  /** The layers that are sent, from the lowest; one for a video without layers, none for a played stream. */
  readonly layers: readonly LayerStats[];
}

/** Quality of a stream; a kind that it does not have is undefined. */
export interface StreamStats {
  readonly audio: AudioStats | undefined;
  readonly video: VideoStats | undefined;
  /** 0 if not known yet. */
  readonly roundTripMs: number;
  readonly nackCount: number;
  readonly pliCount: number;
}

/** The members of the browser's report entries that this module reads. */
interface Entry {
  readonly id: string;
  readonly type: string;
  readonly kind?: 'audio' | 'video';
  readonly rid?: string;
  /** The outgoing entry that a remote report is about. */
  readonly localId?: string;
  readonly nominated?: boolean;
  readonly codecId?: string;
  readonly mimeType?: string;
  readonly clockRate?: number;
  readonly timestamp?: number;
  readonly bytesSent?: number;
  readonly bytesReceived?: number;
  readonly packetsSent?: number;
  readonly packetsReceived?: number;
  readonly packetsLost?: number;
  readonly jitter?: number;
  readonly audioLevel?: number;
  readonly frameWidth?: number;
  readonly frameHeight?: number;
  readonly framesEncoded?: number;
  readonly framesDecoded?: number;
  readonly framesDropped?: number;
  readonly totalFreezesDuration?: number;
  readonly powerEfficientEncoder?: boolean;
  readonly totalSamplesReceived?: number;
  readonly concealedSamples?: number;
  readonly silentConcealedSamples?: number;
  readonly nackCount?: number;
  readonly pliCount?: number;
  readonly currentRoundTripTime?: number;
  readonly roundTripTime?: number;
}

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
  readonly packets: number;
  readonly frames: number;
  readonly dropped: number;
  readonly lost: number;
}

/** Computes rates from successive readings of one stream's counters. */
export class StatsReader {
  readonly #last = new Map<string, Sample>();
  /** When the first video frame of each entry was decoded, in milliseconds of the report's clock. */
  readonly #playedSince = new Map<string, number>();

  /** Returns the quality since the previous report; the rates of the first report are 0. */
  read(report: Iterable<[string, object]>): StreamStats {
    const entries = new Map<string, Entry>();
    for (const [id, entry] of report) entries.set(id, entry as Entry);
    const all = [...entries.values()];
    const select = (kind: 'audio' | 'video', ...types: readonly string[]) =>
      all.filter((entry) => entry.kind === kind && types.includes(entry.type));
    const [audio] = select('audio', 'outbound-rtp', 'inbound-rtp');
    const [remote] = select('audio', 'remote-inbound-rtp');
    const [source] = select('audio', 'media-source');
    const layers = select('video', 'outbound-rtp', 'inbound-rtp');
    const remotes = select('video', 'remote-inbound-rtp');
    const pairs = all.filter((entry) => entry.type === 'candidate-pair' && entry.currentRoundTripTime !== undefined);
    const pair = pairs.find(({ nominated }) => nominated) ?? pairs[0];
    return {
      audio: audio && {
        ...this.#common(audio, remote, entries),
        ...readPlayedAudio(audio, entries),
        level: audio.audioLevel ?? source?.audioLevel ?? 0,
      },
      video: this.#readVideo(layers, remotes, entries),
      roundTripMs: (pair?.currentRoundTripTime ?? remotes[0]?.roundTripTime ?? remote?.roundTripTime ?? 0) * 1000,
      nackCount: sumOf(layers, 'nackCount'),
      pliCount: sumOf(layers, 'pliCount'),
    };
  }

  /** @param layers the entries of a video: several if it is published in layers */
  #readVideo(
    layers: readonly Entry[],
    remotes: readonly Entry[],
    entries: ReadonlyMap<string, Entry>,
  ): VideoStats | undefined {
    const read = layers
      .map((entry) => {
        const remote = layers.length === 1 ? remotes[0] : remotes.find(({ localId }) => localId === entry.id);
        return { entry, ...this.#common(entry, remote, entries) };
      })
      .sort((one, other) => (one.entry.frameHeight ?? 0) - (other.entry.frameHeight ?? 0));
    const largest = read.findLast(({ framesPerSecond }) => framesPerSecond > 0) ?? read.at(-1);
    if (!largest) return undefined;
    const { entry: video, ...common } = largest;
    const isPublished = video.type === 'outbound-rtp';
    return {
      ...common,
      bitrateKbps: sumOf(read, 'bitrateKbps'),
      packetsLost: sumOf(read, 'packetsLost'),
      lossRate: Math.max(...read.map(({ lossRate }) => lossRate)),
      framesDropped: video.framesDropped ?? 0,
      playedMs: this.#readPlayedMs(video),
      interruptedMs: (video.totalFreezesDuration ?? 0) * 1000,
      isHardwareEncoded: video.powerEfficientEncoder,
      width: video.frameWidth ?? 0,
      height: video.frameHeight ?? 0,
      layers: (isPublished ? read : []).map(({ entry, bitrateKbps, framesPerSecond }) => ({
        rid: entry.rid,
        bitrateKbps,
        framesPerSecond,
        width: entry.frameWidth ?? 0,
        height: entry.frameHeight ?? 0,
      })),
    };
  }

  #readPlayedMs({ id, timestamp = 0, framesDecoded = 0 }: Entry): number {
    if (framesDecoded === 0) return 0;
    const since = this.#playedSince.get(id) ?? timestamp;
    this.#playedSince.set(id, since);
    return timestamp - since;
  }

  #common(entry: Entry, remote: Entry | undefined, entries: ReadonlyMap<string, Entry>) {
    const now: Sample = {
      atMs: entry.timestamp ?? 0,
      bytes: entry.bytesSent ?? entry.bytesReceived ?? 0,
      packets: entry.packetsSent ?? entry.packetsReceived ?? 0,
      frames: entry.framesEncoded ?? entry.framesDecoded ?? 0,
      dropped: entry.framesDropped ?? 0,
      lost: remote?.packetsLost ?? entry.packetsLost ?? 0,
    };
    const before = this.#last.get(entry.id) ?? now;
    this.#last.set(entry.id, now);
    const seconds = (now.atMs - before.atMs) / 1000;
    const perSecond = (count: number) => (seconds > 0 ? Math.max(0, count) / seconds : 0);
    const lost = Math.max(0, now.lost - before.lost);
    const expected = Math.max(0, now.packets - before.packets) + (remote ? 0 : lost);
    return {
      codec: (entries.get(entry.codecId ?? '')?.mimeType ?? '').split('/')[1] ?? '',
      bitrateKbps: (perSecond(now.bytes - before.bytes) * 8) / 1000,
      packetsPerSecond: perSecond(now.packets - before.packets),
      framesPerSecond: perSecond(now.frames - before.frames),
      renderedPerSecond: perSecond(now.frames - before.frames - (now.dropped - before.dropped)),
      framesTotal: now.frames,
      packetsLost: now.lost,
      lossRate: expected > 0 ? Math.min(1, lost / expected) : 0,
      jitterMs: (remote?.jitter ?? entry.jitter ?? 0) * 1000,
    };
  }
}

function sumOf<K extends string>(entries: readonly { readonly [P in K]?: number }[], name: K): number {
  return entries.reduce((sum, entry) => sum + (entry[name] ?? 0), 0);
}

/** Concealed silence is left out: nothing is missing in it. */
function readPlayedAudio(entry: Entry, entries: ReadonlyMap<string, Entry>) {
  const samplingRateHz = entries.get(entry.codecId ?? '')?.clockRate ?? 0;
  const toMs = (samples: number) => (samplingRateHz > 0 ? (Math.max(0, samples) / samplingRateHz) * 1000 : 0);
  const { totalSamplesReceived = 0, concealedSamples = 0, silentConcealedSamples = 0 } = entry;
  return {
    samplingRateHz,
    playedMs: toMs(totalSamplesReceived),
    interruptedMs: toMs(concealedSamples - silentConcealedSamples),
  };
}
