/**
 * A stream that this client publishes.
 *
 * @module
 */

import type { StreamSource } from '@gavel/protocol';
import { Emitter } from '../emitter.ts';
import { type SessionError, toSessionError } from '../errors.ts';
import { orderCodecs, setStartBitrate, type VideoCodec } from './codecs.ts';
import { judgeFailure, type MediaContext, type MediaEnd } from './media-context.ts';
import { MediaLink, type Verdict } from './media-link.ts';
import { StatsReader, type StreamStats } from './stats.ts';

/** How to publish. */
export interface PublishOptions {
  /** What it shows; default `camera`. */
  readonly source?: StreamSource;
  /** Told to the others with the stream; at most 1,024 bytes. */
  readonly extraInfo?: string;
  /** The codec offered first; default VP8. */
  readonly videoCodec?: VideoCodec;
  /** Default 4,000. */
  readonly maxVideoKbps?: number;
  /** Negotiate these kinds although there is no track yet, so that one can be put in later without a new offer. */
  readonly reserve?: readonly ('audio' | 'video')[];
  /** Whether audio is told to the others as on; default: whether there is a track that is enabled. */
  readonly audio?: boolean;
  /** As `audio`. */
  readonly video?: boolean;
}

/** Where a publication stands. */
export type PublicationState = 'requesting' | 'publishing' | 'ended';

/** The events of a publication. */
export interface PublicationEvents {
  /** The end comes with the state `ended`. */
  stateChanged: [state: PublicationState, end: MediaEnd | undefined];
  /** Kinds were switched off by a host: they are off here too, and may be turned on again where that is allowed. */
  muted: [kinds: readonly ('audio' | 'video')[]];
}

/** What others are told of a publication. */
interface Facts {
  readonly extraInfo?: string;
  readonly audio?: boolean;
  readonly video?: boolean;
}

const DEFAULT_MAX_VIDEO_KBPS = 4_000;
const START_VIDEO_KBPS = 1_200;

/** A stream that this client publishes; its peer connection is made again by itself until `end` (MED-3). */
export class Publication extends Emitter<PublicationEvents> {
  readonly streamId: string;
  /** The tracks that are sent; the application's own stream. */
  readonly source: MediaStream;
  readonly #context: MediaContext;
  readonly #options: PublishOptions;
  readonly #link: MediaLink;
  readonly #on: { audio: boolean; video: boolean };
  readonly #senders = new Map<string, RTCRtpSender>();
  #stats = new StatsReader();
  #extraInfo: string;
  #state: PublicationState = 'requesting';
  #end: MediaEnd | undefined;
  /** What others have not been told of yet: no more than what changed, so that nothing else is undone by it. */
  #untold: Facts = {};
  #wasAnswered = false;

  constructor(context: MediaContext, streamId: string, source: MediaStream, options: PublishOptions = {}) {
    super();
    this.streamId = streamId;
    this.source = source;
    this.#context = context;
    this.#options = options;
    this.#extraInfo = options.extraInfo ?? '';
    this.#on = {
      audio: options.audio ?? source.getAudioTracks().some((track) => track.enabled),
      video: options.video ?? source.getVideoTracks().some((track) => track.enabled),
    };
    this.#link = new MediaLink({
      ...context,
      prepare: (peer) => this.#prepare(peer),
      exchange: async (offer) => {
        // The first offer brings it all; of a stream that is known the server takes over no more than the media.
        if (!this.#wasAnswered) this.#untold = {};
        const facts = { extraInfo: this.#extraInfo, ...this.#on, ...(options.source && { source: options.source }) };
        const result = await context.request('publish', { streamId, offer, ...facts });
        return { ...result, answer: setStartBitrate(result.answer, START_VIDEO_KBPS) };
      },
      judge: (error) => this.#judge(error),
    });
    this.#link.on('answered', () => {
      this.#wasAnswered = true;
      this.#tellAgain();
    });
    this.#link.on('stateChanged', (state) => {
      if (state === 'closed') return;
      this.#setState(state === 'connected' ? 'publishing' : 'requesting');
    });
    this.#link.on('failed', (error) => this.end({ kind: 'failed', error }));
  }

  /** Where it stands. */
  get state(): PublicationState {
    return this.#state;
  }

  /** Why it ended; undefined before. */
  get ending(): MediaEnd | undefined {
    return this.#end;
  }

  /** Whether the server ever took this stream. */
  get wasAnswered(): boolean {
    return this.#wasAnswered;
  }

  /** Makes the peer connection, or makes it again at once. */
  restart(): void {
    this.#link.restart();
  }

  /** Waits for `resume`: the server has nothing of it any more. */
  hold(): void {
    this.#link.hold();
  }

  /** Goes on after the session came back. */
  resume(): void {
    this.#tellAgain();
    this.#link.resume();
  }

  /**
   * Turns a kind on or off: its track sends silence or black, and the others are told.
   *
   * @throws SessionError `member.not-allowed` where a host has forbidden it: it is off then
   */
  async setEnabled(kind: 'audio' | 'video', on: boolean): Promise<void> {
    this.#enableTracks(kind, on);
    if (this.#on[kind] === on) return;
    this.#on[kind] = on;
    try {
      await this.#tell({ [kind]: on });
    } catch (error) {
      if (on && toSessionError(error).code === 'member.not-allowed') this.#switchOff(kind);
      throw error;
    }
    // Muted while it was being told: the server has to hear that it is off after all.
    if (this.#on[kind] !== on) await this.#tell({ [kind]: this.#on[kind] });
  }

  /** Takes the news that kinds were switched off; the server is not told what it said itself. */
  handleMuted(kinds: readonly ('audio' | 'video')[]): void {
    const changed = kinds.filter((kind) => this.#on[kind]);
    for (const kind of changed) this.#switchOff(kind);
    if (changed.length > 0) this.emit('muted', changed);
  }

  /** Changes the text that the others are told with the stream; at most 1,024 bytes. */
  async setExtraInfo(extraInfo: string): Promise<void> {
    this.#extraInfo = extraInfo;
    await this.#tell({ extraInfo });
  }

  /** Sends another track of a kind in place of the current one, or none; negotiates anew only where it must. */
  async replaceTrack(kind: 'audio' | 'video', track: MediaStreamTrack | null): Promise<void> {
    for (const old of kind === 'audio' ? this.source.getAudioTracks() : this.source.getVideoTracks()) {
      if (old !== track) this.source.removeTrack(old);
    }
    if (track && !this.source.getTracks().includes(track)) this.source.addTrack(track);
    const sender = this.#senders.get(kind);
    if (sender) await sender.replaceTrack(track);
    else if (track) this.#link.restart();
  }

  /** Reads the quality since the last reading; undefined while there is no peer connection. */
  async stats(): Promise<StreamStats | undefined> {
    const report = await this.#link.peer?.getStats();
    return report && this.#stats.read(report as unknown as Iterable<[string, object]>);
  }

  /** Ends the publication on this side; tells the server nothing. */
  end(end: MediaEnd): void {
    if (this.#state === 'ended') return;
    this.#end = end;
    this.#link.close();
    this.#setState('ended');
  }

  #judge(error: SessionError): Verdict {
    // Taken out while it was being negotiated: to publish it again would undo that.
    if (error.code === 'stream.not-found') return 'fail';
    // After a new login the id may be held for a while by what is left of the earlier one.
    if (error.code === 'stream.taken' && !this.#wasAnswered) return 'fail';
    return judgeFailure(error);
  }

  /** Where the server cannot be told now, it is when the session comes back, or with the next offer. */
  async #tell(changes: Facts): Promise<void> {
    this.#untold = { ...this.#untold, ...changes };
    if (!this.#wasAnswered) return;
    const told = this.#untold;
    this.#untold = {};
    try {
      await this.#context.request('updateStream', { streamId: this.streamId, ...told });
    } catch (error) {
      this.#untold = { ...told, ...this.#untold };
      if (judgeFailure(toSessionError(error)) !== 'hold') throw error;
    }
  }

  #tellAgain(): void {
    // Nobody waits for it: where it fails again, the next offer carries the same.
    if (Object.keys(this.#untold).length > 0) this.#tell({}).catch(() => {});
  }

  #enableTracks(kind: 'audio' | 'video', on: boolean): void {
    const tracks = kind === 'audio' ? this.source.getAudioTracks() : this.source.getVideoTracks();
    for (const track of tracks) track.enabled = on;
  }

  #switchOff(kind: 'audio' | 'video'): void {
    this.#enableTracks(kind, false);
    this.#on[kind] = false;
    const { [kind]: _told, ...untold } = this.#untold;
    this.#untold = untold;
  }

  #prepare(peer: RTCPeerConnection): void {
    this.#senders.clear();
    this.#stats = new StatsReader();
    for (const kind of ['audio', 'video'] as const) {
      const track = (kind === 'audio' ? this.source.getAudioTracks() : this.source.getVideoTracks())[0];
      if (!track && !this.#options.reserve?.includes(kind)) continue;
      const maxBitrate = (this.#options.maxVideoKbps ?? DEFAULT_MAX_VIDEO_KBPS) * 1000;
      const transceiver = peer.addTransceiver(track ?? kind, {
        direction: 'sendonly',
        streams: [this.source],
        ...(kind === 'video' && { sendEncodings: [{ maxBitrate }] }),
      });
      this.#senders.set(kind, transceiver.sender);
      if (kind === 'video') this.#preferCodec(transceiver);
    }
  }

  #preferCodec(transceiver: RTCRtpTransceiver): void {
    const codecs = this.#context.media.sendableVideoCodecs();
    if (codecs.length > 0) transceiver.setCodecPreferences(orderCodecs(codecs, this.#options.videoCodec ?? 'VP8'));
  }

  #setState(state: PublicationState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.emit('stateChanged', state, this.#end);
  }
}
