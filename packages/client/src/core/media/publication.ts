/**
 * A stream that this client publishes.
 *
 * @module
 */

import type { StreamSource } from '@gavel/protocol';
import { Emitter } from '../emitter.ts';
import { type SessionError, toSessionError } from '../errors.ts';
import { orderCodecs, setStartBitrate, type VideoCodec } from './codecs.ts';
import type { FrameTap } from './frame-data/frame-channel.ts';
import { judgeFailure, type MediaContext, type MediaEnd } from './media-context.ts';
import { MediaLink, type Verdict } from './media-link.ts';
import type { StatsReader, StreamStats } from './stats.ts';
import { SyncedValue } from './synced-value.ts';

/** How to publish. */
export interface PublishOptions {
  /** What it shows; default `camera`. */
  readonly source?: StreamSource;
  /** Sent to the other members with the stream; at most 1,024 bytes. */
  readonly extraInfo?: string;
  /** The codec offered first; default VP8. */
  readonly videoCodec?: VideoCodec;
  /** Default 4,000. */
  readonly maxVideoKbps?: number;
  /** Where Chromium's bandwidth estimate starts; default 1,200. Other browsers ignore it. */
  readonly startVideoKbps?: number;
  /** Default: the browser's own limit. */
  readonly maxAudioKbps?: number;
  /** Negotiates these kinds even without a track, so that a track can be added later without a new offer. */
  readonly reserve?: readonly ('audio' | 'video')[];
  /** Whether the other members see audio as on; default: whether there is an enabled track. */
  readonly audio?: boolean;
  /** The same for video. */
  readonly video?: boolean;
  /** Gets the encoded frames of the video that is sent. */
  readonly frames?: Promise<FrameTap | undefined>;
}

/** State of a publication. */
export type PublicationState = 'requesting' | 'publishing' | 'ended';

/** The events of a publication. */
export interface PublicationEvents {
  /** `end` is set in the state `ended`. */
  stateChanged: [state: PublicationState, end: MediaEnd | undefined];
  /** A host switched kinds off. They are off here too, and may be turned on again if permitted. */
  muted: [kinds: readonly ('audio' | 'video')[]];
  /** Some offered kinds are not sent: the server forwards none of their codecs (MED-8). */
  unsupported: [kinds: readonly ('audio' | 'video')[]];
}

type Kind = 'audio' | 'video';

const KINDS = ['audio', 'video'] as const;
const DEFAULT_MAX_VIDEO_KBPS = 4_000;
const START_VIDEO_KBPS = 1_200;

/** A stream that this client publishes; its peer connection is re-created automatically until `end` (MED-3). */
export class Publication extends Emitter<PublicationEvents> {
  readonly streamId: string;
  /** The application's stream, whose tracks are sent. */
  readonly source: MediaStream;
  readonly #context: MediaContext;
  readonly #options: PublishOptions;
  readonly #link: MediaLink;
  readonly #senders = new Map<Kind, RTCRtpSender>();
  /** The kinds that are to be sent, if there are live tracks of them. */
  readonly #isWanted: { audio: boolean; video: boolean };
  /** What the other members see: a kind is on if it is wanted and has a live track. */
  readonly #facts: {
    readonly extraInfo: SyncedValue<string>;
    readonly audio: SyncedValue<boolean>;
    readonly video: SyncedValue<boolean>;
  };
  readonly #watched = new WeakSet<MediaStreamTrack>();
  readonly #maxKbps: { audio: number | undefined; video: number };
  #stats: StatsReader | undefined;
  #state: PublicationState = 'requesting';
  #end: MediaEnd | undefined;
  #wasAnswered = false;
  /** Whether the server has the stream, so that changes can be sent. */
  #isAtServer = false;
  /** Whether an offer was sent that the server may have accepted; the server reads attributes only from the first offer. */
  #mayBeAtServer = false;
  #dropped: Promise<void> = Promise.resolve();
  #resolveDropped: () => void = () => {};
  #unsupported: readonly ('audio' | 'video')[] = [];

  constructor(context: MediaContext, streamId: string, source: MediaStream, options: PublishOptions = {}) {
    super();
    this.streamId = streamId;
    this.source = source;
    this.#context = context;
    this.#options = options;
    this.#isWanted = {
      audio: options.audio ?? isEnabled(source.getAudioTracks()),
      video: options.video ?? isEnabled(source.getVideoTracks()),
    };
    this.#maxKbps = { audio: options.maxAudioKbps, video: options.maxVideoKbps ?? DEFAULT_MAX_VIDEO_KBPS };
    this.#facts = {
      extraInfo: this.#createFact('extraInfo', options.extraInfo ?? '', (_, before) => before ?? ''),
      audio: this.#createFact('audio', this.#isSending('audio'), () => this.#switchOff('audio')),
      video: this.#createFact('video', this.#isSending('video'), () => this.#switchOff('video')),
    };
    for (const track of source.getTracks()) this.#watch(track);
    this.#link = new MediaLink({
      ...context,
      ...(options.frames && { frames: options.frames }),
      prepare: (peer, frames) => this.#prepare(peer, frames),
      dropped: () => {
        this.#senders.clear();
        this.#resolveDropped();
      },
      exchange: (offer) => this.#exchange(offer),
      judge: (error) => this.#judge(error),
    });
    this.#link.on('answered', ({ unsupported = [] }) => {
      this.#wasAnswered = true;
      this.#unsupported = unsupported;
      if (unsupported.length > 0) this.emit('unsupported', unsupported);
      this.#pushFacts();
    });
    this.#link.on('stateChanged', (state) => {
      if (state === 'closed') return;
      this.#setState(state === 'connected' ? 'publishing' : 'requesting');
    });
    this.#link.on('failed', (error) => this.end({ kind: 'failed', error }));
  }

  /** The current state. */
  get state(): PublicationState {
    return this.#state;
  }

  /** Why the publication ended; undefined before its end. */
  get ending(): MediaEnd | undefined {
    return this.#end;
  }

  /** Kinds of the latest offer that the server rejected because it forwards none of their codecs. */
  get unsupported(): readonly ('audio' | 'video')[] {
    return this.#unsupported;
  }

  /** Whether the server ever accepted this stream. */
  get wasAnswered(): boolean {
    return this.#wasAnswered;
  }

  /** Creates the peer connection, or re-creates it at once. */
  restart(): void {
    this.#link.restart();
  }

  /** Waits for `resume`: the server no longer has this stream. */
  suspend(): void {
    this.#isAtServer = false;
    this.#mayBeAtServer = false;
    this.#link.suspend();
  }

  /** Continues after the session was resumed. */
  resume(): void {
    this.#pushFacts();
    this.#link.resume();
  }

  /**
   * Turns a kind on or off: its track sends silence or black, and the other members are notified. If the server cannot be reached,
   * it also resolves, and the change is sent after reconnecting (PRIV-3).
   *
   * @throws SessionError `member.not-allowed` if a host has disabled the kind; it is then off
   */
  async setEnabled(kind: Kind, on: boolean): Promise<void> {
    this.#isWanted[kind] = on;
    for (const track of this.#tracks(kind)) track.enabled = on;
    await this.#updateFact(kind);
  }

  /** Switches off the kinds that a host has switched off; does not report this back to the server. */
  handleMuted(kinds: readonly Kind[]): void {
    const changed = kinds.filter((kind) => this.#facts[kind].wanted);
    for (const kind of kinds) this.#facts[kind].follow(this.#switchOff(kind));
    if (changed.length > 0) this.emit('muted', changed);
  }

  /** Changes the extra info of the stream; at most 1,024 bytes. */
  async setExtraInfo(extraInfo: string): Promise<void> {
    await this.#facts.extraInfo.set(extraInfo);
  }

  /**
   * Replaces the track of a kind, or removes it; renegotiates only if necessary. While there is no
   * connection, the next one applies the change (PRIV-3). A kind that is off stays off: the track is disabled.
   *
   * @throws SessionError `client.no-media` if the browser refuses the track
   */
  async replaceTrack(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    for (const old of this.#tracks(kind)) if (old !== track) this.source.removeTrack(old);
    if (track) {
      if (!this.#isWanted[kind]) track.enabled = false;
      if (!this.source.getTracks().includes(track)) this.source.addTrack(track);
      this.#watch(track);
    }
    await Promise.all([this.#updateFact(kind), this.#replaceSent(kind, track)]);
  }

  /** Reports which kinds are on now, after tracks of the source were stopped. */
  handleTracksStopped(): void {
    for (const kind of KINDS) this.#updateFact(kind).catch(() => {});
  }

  /**
   * Limits the bitrate of a kind, in kbit/s, from now on; without a connection, the next one applies it.
   *
   * @throws SessionError `client.no-media` if the browser refuses it
   */
  async setMaxKbps(kind: Kind, maxKbps: number): Promise<void> {
    this.#maxKbps[kind] = maxKbps;
    const sender = this.#senders.get(kind);
    if (!sender) return;
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings) encoding.maxBitrate = maxKbps * 1000;
    await sender.setParameters(parameters).catch((error: unknown) => {
      if (this.#senders.get(kind) === sender) throw toSessionError(error);
    });
  }

  /** Reads the level of the audio that is sent, from 0 to 1; undefined if the browser does not report it. */
  async audioLevel(): Promise<number | undefined> {
    const report = await this.#link.peer?.getStats();
    return report && (await loadStats()).readAudioLevel(report);
  }

  /** Reads the quality since the previous reading; undefined while there is no peer connection. */
  async stats(): Promise<StreamStats | undefined> {
    const report = await this.#link.peer?.getStats();
    if (!report) return undefined;
    const { StatsReader } = await loadStats();
    this.#stats ??= new StatsReader();
    return this.#stats.read(report as unknown as Iterable<[string, object]>);
  }

  /** Ends the publication on this side; sends nothing to the server. */
  end(end: MediaEnd): void {
    if (this.#state === 'ended') return;
    this.#end = end;
    this.#isAtServer = false;
    for (const fact of Object.values(this.#facts)) fact.close();
    this.#link.close();
    this.#setState('ended');
  }

  #judge(error: SessionError): Verdict {
    // The server removed the stream during negotiation: publishing it again would undo that.
    if (error.code === 'stream.not-found') return 'fail';
    // After a new login, the previous login may still own the stream id for a while.
    if (error.code === 'stream.taken' && !this.#wasAnswered) return 'fail';
    return judgeFailure(error);
  }

  async #exchange(offer: string) {
    const { streamId } = this;
    const { source } = this.#options;
    const { extraInfo, audio, video } = this.#facts;
    const facts = { extraInfo: extraInfo.wanted, audio: audio.wanted, video: video.wanted };
    const isNew = !this.#mayBeAtServer;
    this.#mayBeAtServer = true;
    const result = await this.#context.request('publish', { streamId, offer, ...facts, ...(source && { source }) });
    if (isNew) {
      extraInfo.confirm(facts.extraInfo);
      audio.confirm(facts.audio);
      video.confirm(facts.video);
    }
    this.#isAtServer = this.#state !== 'ended';
    return { ...result, answer: setStartBitrate(result.answer, this.#startKbps()) };
  }

  #startKbps(): number {
    return Math.min(this.#options.startVideoKbps ?? START_VIDEO_KBPS, this.#maxKbps.video);
  }

  #createFact<T extends string | boolean>(
    name: 'extraInfo' | Kind,
    initial: T,
    refused: (value: T, before: T | undefined) => T,
  ): SyncedValue<T> {
    const { clock, random, request } = this.#context;
    return new SyncedValue<T>(initial, {
      clock,
      random,
      canSend: () => this.#isAtServer,
      send: (value) => request('updateStream', { streamId: this.streamId, [name]: value }),
      refused,
    });
  }

  #updateFact(kind: Kind): Promise<void> {
    return this.#facts[kind].set(this.#isSending(kind));
  }

  #pushFacts(): void {
    // Not awaited: `refused` undoes a value that the server refuses.
    for (const fact of Object.values(this.#facts)) fact.push().catch(() => {});
  }

  #isSending(kind: Kind): boolean {
    return this.#isWanted[kind] && this.#tracks(kind).some((track) => track.readyState === 'live');
  }

  #switchOff(kind: Kind): false {
    this.#isWanted[kind] = false;
    for (const track of this.#tracks(kind)) track.enabled = false;
    return false;
  }

  #tracks(kind: Kind): MediaStreamTrack[] {
    return kind === 'audio' ? this.source.getAudioTracks() : this.source.getVideoTracks();
  }

  /** A track that ended by itself sends nothing: the other members are notified that its kind is off (PRIV-2). */
  #watch(track: MediaStreamTrack): void {
    if (this.#watched.has(track)) return;
    this.#watched.add(track);
    track.addEventListener('ended', () => {
      if (this.source.getTracks().includes(track)) this.handleTracksStopped();
    });
  }

  async #replaceSent(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    const sender = this.#senders.get(kind);
    if (!sender) {
      // Without a connection, the next one reads the track from the source.
      if (track && this.#link.peer) this.#link.restart();
      return;
    }
    try {
      // If the connection is closed meanwhile, the browser's promise may stay pending.
      await Promise.race([sender.replaceTrack(track), this.#dropped]);
    } catch (error) {
      if (this.#senders.get(kind) !== sender) return;
      const name = error instanceof Error ? error.name : '';
      if (name !== 'InvalidStateError' && name !== 'InvalidModificationError') throw toSessionError(error);
      this.#link.restart();
    }
  }

  #prepare(peer: RTCPeerConnection, frames: FrameTap | undefined): void {
    this.#stats = undefined;
    this.#dropped = new Promise((resolve) => {
      this.#resolveDropped = resolve;
    });
    for (const kind of KINDS) {
      const [track] = this.#tracks(kind);
      if (!track && !this.#options.reserve?.includes(kind)) continue;
      const maxKbps = this.#maxKbps[kind];
      const transceiver = peer.addTransceiver(track ?? kind, {
        direction: 'sendonly',
        streams: [this.source],
        ...(maxKbps !== undefined && { sendEncodings: [{ maxBitrate: maxKbps * 1000 }] }),
      });
      this.#senders.set(kind, transceiver.sender);
      if (kind !== 'video') continue;
      this.#preferCodec(transceiver);
      frames?.attach(transceiver.sender);
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

/** Returns whether a kind is wanted by default: yes, unless all of its tracks are disabled. */
function isEnabled(tracks: readonly MediaStreamTrack[]): boolean {
  return tracks.length === 0 || tracks.some((track) => track.enabled);
}

/** Loads the reader of statistics at its first use: not every application reads them. */
function loadStats(): Promise<typeof import('./stats.ts')> {
  return import('./stats.ts');
}
