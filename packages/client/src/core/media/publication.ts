/**
 * A stream that this client publishes.
 *
 * @module
 */

import type { StreamSource, WireDemand } from '@gavel/protocol';
import { Emitter } from '../emitter.ts';
import type { SessionError } from '../errors.ts';
import type { VideoCodec } from './codecs.ts';
import type { FrameTap } from './frame-data/frame-channel.ts';
import { judgeFailure, type MediaEnd, type StreamContext } from './media-context.ts';
import { MediaLink, type Verdict } from './media-link.ts';
import type { StreamStats } from './stats.ts';
import { StreamMeter } from './stream-meter.ts';
import { SyncedValue } from './synced-value.ts';
import { TrackSenders } from './track-senders.ts';

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
  /**
   * Whether a camera's picture is sent in up to three sizes, of which each viewer gets one (SIM-1); default: if its shorter side
   * has more than 360 pixels, or is not known yet. A screen is always sent in one size.
   */
  readonly simulcast?: boolean;
  /** Whether sound is sent with two channels; default: if its track has them. */
  readonly stereo?: boolean;
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
  /** Viewers support none of the codecs of these kinds, and do not get them (MED-8); once for each kind. */
  viewerUnsupported: [kinds: readonly ('audio' | 'video')[]];
}

type Kind = 'audio' | 'video';

const KINDS = ['audio', 'video'] as const;

/** A stream that this client publishes, and again after every loss until `end` (MED-3). */
export class Publication extends Emitter<PublicationEvents> {
  readonly streamId: string;
  /** The application's stream, whose tracks are sent. */
  readonly source: MediaStream;
  readonly #context: StreamContext;
  readonly #options: PublishOptions;
  readonly #link: MediaLink;
  /** The kinds that are to be sent, if there are live tracks of them. */
  readonly #isWanted: { audio: boolean; video: boolean };
  /** What the other members see: a kind is on if it is wanted and has a live track. */
  readonly #facts: {
    readonly extraInfo: SyncedValue<string>;
    readonly audio: SyncedValue<boolean>;
    readonly video: SyncedValue<boolean>;
  };
  readonly #watched = new WeakSet<MediaStreamTrack>();
  readonly #senders: TrackSenders;
  readonly #meter: StreamMeter;
  /** What the first offer says about the stream; the server reads it only there. */
  #offered: { readonly extraInfo: string; readonly audio: boolean; readonly video: boolean } | undefined;
  #state: PublicationState = 'requesting';
  #end: MediaEnd | undefined;
  #wasAnswered = false;
  /** Whether the server has the stream, so that changes can be sent. */
  #isAtServer = false;
  /** Whether an offer was sent that the server may have accepted; the server reads attributes only from the first offer. */
  #mayBeAtServer = false;
  #unsupported: readonly ('audio' | 'video')[] = [];

  constructor(context: StreamContext, streamId: string, source: MediaStream, options: PublishOptions = {}) {
    super();
    this.streamId = streamId;
    this.source = source;
    this.#context = context;
    this.#options = options;
    this.#isWanted = {
      audio: options.audio ?? isEnabled(source.getAudioTracks()),
      video: options.video ?? isEnabled(source.getVideoTracks()),
    };
    this.#facts = {
      extraInfo: this.#createFact('extraInfo', options.extraInfo ?? '', (_, before) => before ?? ''),
      audio: this.#createFact('audio', this.#isSending('audio'), () => this.#switchOff('audio')),
      video: this.#createFact('video', this.#isSending('video'), () => this.#switchOff('video')),
    };
    for (const track of source.getTracks()) this.#watch(track);
    this.#link = new MediaLink(context.host, {
      role: 'publish',
      streamId,
      clock: context.clock,
      random: context.random,
      retryWindowMs: context.retryWindowMs,
      frames: options.frames,
      prepare: (peer, sections, tools, frames) => this.#senders.prepare(peer, sections, tools, frames),
      list: ({ publish }, mids) => publish.push({ streamId, mids, ...this.#describe() }),
      sending: () => this.#senders.hints,
      dropped: () => {
        this.#meter.reset();
        this.#senders.handleDropped();
      },
      judge: (error) => this.#judge(error),
    });
    this.#senders = new TrackSenders(context.media, source, this.#link, options);
    this.#meter = new StreamMeter(() => [...this.#link.sections.values()].map(({ sender }) => sender));
    this.#link.on('answered', ({ unsupported = [] }) => {
      this.#handleAnswered();
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

  /** Offers the stream, or offers it again on the same peer connection. */
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

  /** Sends no more of the video than the viewers take, from now on, without a new offer (BWE-4). */
  handleDemand(demand: WireDemand): void {
    this.#senders.setDemand(demand);
  }

  /** Handles kinds that viewers cannot decode. */
  handleViewerUnsupported(kinds: readonly Kind[]): void {
    this.emit('viewerUnsupported', kinds);
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
    await Promise.all([this.#updateFact(kind), this.#senders.replace(kind, track)]);
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
  setMaxKbps(kind: Kind, maxKbps: number): Promise<void> {
    return this.#senders.setMaxKbps(kind, maxKbps);
  }

  /** Reads the quality since the previous reading; undefined while there is no peer connection. */
  stats(): Promise<StreamStats | undefined> {
    return this.#meter.read();
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

  #describe() {
    const { source } = this.#options;
    const { extraInfo, audio, video } = this.#facts;
    const facts = { extraInfo: extraInfo.wanted, audio: audio.wanted, video: video.wanted };
    this.#offered = this.#mayBeAtServer ? undefined : facts;
    this.#mayBeAtServer = true;
    return { ...facts, ...(this.#isAtServer && { ongoing: true }), ...(source && { source }) };
  }

  #handleAnswered(): void {
    const offered = this.#offered;
    this.#offered = undefined;
    if (offered) {
      this.#facts.extraInfo.confirm(offered.extraInfo);
      this.#facts.audio.confirm(offered.audio);
      this.#facts.video.confirm(offered.video);
    }
    this.#wasAnswered = true;
    this.#isAtServer = this.#state !== 'ended';
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
