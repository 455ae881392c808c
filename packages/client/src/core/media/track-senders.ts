/**
 * The sections of a publication: what is sent in them, and how much.
 *
 * @module
 */

import type { WireDemand } from '@gavel/protocol';
import { toSessionError } from '../errors.ts';
import type { VideoCodec } from './codecs.ts';
import type { FrameTap } from './frame-data/frame-channel.ts';
import type { MediaLink, Sections } from './media-link.ts';
import type { MediaPlatform } from './media-platform.ts';
import type { SendingHints } from './sdp.ts';
import type { SectionTools } from './section-tools.ts';
import type { EncodingLimits, LayerOptions } from './simulcast.ts';

/** The options of a publication about what is sent. */
export interface SendingOptions extends LayerOptions {
  readonly videoCodec?: VideoCodec;
  readonly maxVideoKbps?: number;
  readonly startVideoKbps?: number;
  readonly maxAudioKbps?: number;
  readonly reserve?: readonly ('audio' | 'video')[];
  readonly stereo?: boolean;
}

type Kind = 'audio' | 'video';

const DEFAULT_MAX_VIDEO_KBPS = 4_000;
const START_VIDEO_KBPS = 1_200;

/** Sends the tracks of a stream in the sections of its link. */
export class TrackSenders {
  readonly #media: MediaPlatform;
  readonly #source: MediaStream;
  readonly #link: MediaLink;
  readonly #options: SendingOptions;
  readonly #maxKbps: { audio: number | undefined; video: number };
  /** What the viewers take of the video; undefined while that is not known. */
  #demand: WireDemand | undefined;
  #dropped: Promise<void> = Promise.resolve();
  #resolveDropped: () => void = () => {};

  constructor(media: MediaPlatform, source: MediaStream, link: MediaLink, options: SendingOptions) {
    this.#media = media;
    this.#source = source;
    this.#link = link;
    this.#options = options;
    this.#maxKbps = { audio: options.maxAudioKbps, video: options.maxVideoKbps ?? DEFAULT_MAX_VIDEO_KBPS };
  }

  /** Hints for the browser, written into the answer. */
  get hints(): SendingHints {
    const { startVideoKbps = START_VIDEO_KBPS } = this.#options;
    const channels = this.#source.getAudioTracks()[0]?.getSettings().channelCount ?? 1;
    const stereo = this.#options.stereo ?? channels > 1;
    return { startVideoKbps: Math.min(startVideoKbps, this.#maxKbps.video), stereo };
  }

  /** Adds a section for each kind that has a track or is reserved, and has no section yet. */
  prepare(peer: RTCPeerConnection, sections: Sections, tools: SectionTools, frames: FrameTap | undefined): void {
    if (sections.size === 0) {
      this.#dropped = new Promise((resolve) => {
        this.#resolveDropped = resolve;
      });
    }
    for (const kind of ['audio', 'video'] as const) {
      const track = kind === 'audio' ? this.#source.getAudioTracks()[0] : this.#source.getVideoTracks()[0];
      if (sections.has(kind) || (!track && !this.#options.reserve?.includes(kind))) continue;
      const section = peer.addTransceiver(track ?? kind, {
        direction: 'sendonly',
        streams: [this.#source],
        ...this.#encodings(kind, track, tools),
      });
      sections.set(kind, section);
      if (kind !== 'video') continue;
      this.#preferCodec(section, tools);
      frames?.attach(section.sender);
    }
  }

  /** Handles the loss of all sections. The server reports anew what the viewers take of the next ones. */
  handleDropped(): void {
    this.#demand = undefined;
    this.#resolveDropped();
  }

  /**
   * Sends another track, or none; offers a new section only if necessary.
   *
   * @throws SessionError `client.no-media` if the browser refuses the track
   */
  async replace(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    const sender = this.#sender(kind);
    if (!sender) {
      // The next offer adds a section for the track of the source.
      if (track) this.#link.extend();
      return;
    }
    try {
      // If the connection is closed meanwhile, the browser's promise may stay pending.
      await Promise.race([sender.replaceTrack(track), this.#dropped]);
    } catch (error) {
      if (this.#sender(kind) !== sender) return;
      const name = error instanceof Error ? error.name : '';
      if (name !== 'InvalidStateError' && name !== 'InvalidModificationError') throw toSessionError(error);
      this.#link.renew(kind);
    }
  }

  /**
   * Limits the bitrate of a kind, in kbit/s, from now on; without a section, the next one has the limit.
   *
   * @throws SessionError `client.no-media` if the browser refuses it
   */
  async setMaxKbps(kind: Kind, maxKbps: number): Promise<void> {
    this.#maxKbps[kind] = maxKbps;
    const sender = this.#sender(kind);
    if (!sender) return;
    const { limitSender } = await import('./simulcast.ts');
    const limits = kind === 'video' ? this.#videoLimits : { maxKbps, demand: undefined };
    await limitSender(sender, limits).catch((error: unknown) => {
      if (this.#sender(kind) === sender) throw toSessionError(error);
    });
  }

  /** Sends only the layers of video that viewers take (BWE-4), also in later sections; undefined: all of them. */
  setDemand(demand: WireDemand | undefined): void {
    this.#demand = demand;
    // A browser that refuses it sends more than is taken.
    this.setMaxKbps('video', this.#maxKbps.video).catch(() => {});
  }

  get #videoLimits(): EncodingLimits {
    return { maxKbps: this.#maxKbps.video, demand: this.#demand };
  }

  #sender(kind: Kind): RTCRtpSender | undefined {
    return this.#link.sections.get(kind)?.sender;
  }

  #encodings(
    kind: Kind,
    track: MediaStreamTrack | undefined,
    tools: SectionTools,
  ): Pick<RTCRtpTransceiverInit, 'sendEncodings'> {
    if (kind === 'video') return { sendEncodings: tools.encodingsFor(track, this.#videoLimits, this.#options) };
    const maxKbps = this.#maxKbps.audio;
    return maxKbps === undefined ? {} : { sendEncodings: [{ maxBitrate: maxKbps * 1000 }] };
  }

  #preferCodec(section: RTCRtpTransceiver, { orderCodecs }: SectionTools): void {
    const codecs = this.#media.sendableVideoCodecs();
    if (codecs.length > 0) section.setCodecPreferences(orderCodecs(codecs, this.#options.videoCodec ?? 'VP8'));
  }
}
