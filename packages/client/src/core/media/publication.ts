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
import { SyncedValue } from './synced-value.ts';

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
  /** Kinds that were offered are not sent: the server forwards none of their codecs (MED-8). */
  unsupported: [kinds: readonly ('audio' | 'video')[]];
}

type Kind = 'audio' | 'video';

const KINDS = ['audio', 'video'] as const;
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
  readonly #senders = new Map<Kind, RTCRtpSender>();
  /** What is to be sent, as far as there are live tracks. */
  readonly #isWanted: { audio: boolean; video: boolean };
  /** What the others are told: a kind is on where it is wanted and there is a live track of it. */
  readonly #facts: {
    readonly extraInfo: SyncedValue<string>;
    readonly audio: SyncedValue<boolean>;
    readonly video: SyncedValue<boolean>;
  };
  readonly #watched = new WeakSet<MediaStreamTrack>();
  #stats = new StatsReader();
  #state: PublicationState = 'requesting';
  #end: MediaEnd | undefined;
  #wasAnswered = false;
  /** Whether the server has the stream, so that it can be told of changes. */
  #isTaken = false;
  /** Whether an offer was sent that the server may have taken; it takes facts from the first offer alone. */
  #mayBeTaken = false;
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
    this.#facts = {
      extraInfo: this.#createFact('extraInfo', options.extraInfo ?? '', (_, before) => before ?? ''),
      audio: this.#createFact('audio', this.#isSending('audio'), () => this.#switchOff('audio')),
      video: this.#createFact('video', this.#isSending('video'), () => this.#switchOff('video')),
    };
    for (const track of source.getTracks()) this.#watch(track);
    this.#link = new MediaLink({
      ...context,
      prepare: (peer) => this.#prepare(peer),
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

  /** Where it stands. */
  get state(): PublicationState {
    return this.#state;
  }

  /** Why it ended; undefined before. */
  get ending(): MediaEnd | undefined {
    return this.#end;
  }

  /** Kinds of the latest offer that the server refused, because it forwards none of their codecs. */
  get unsupported(): readonly ('audio' | 'video')[] {
    return this.#unsupported;
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
    this.#isTaken = false;
    this.#mayBeTaken = false;
    this.#link.hold();
  }

  /** Goes on after the session came back. */
  resume(): void {
    this.#pushFacts();
    this.#link.resume();
  }

  /**
   * Turns a kind on or off: its track sends silence or black, and the others are told. Where the server cannot be reached it
   * resolves too, and the server is told when it is back (PRIV-3).
   *
   * @throws SessionError `member.not-allowed` where a host has forbidden it: it is off then
   */
  async setEnabled(kind: Kind, on: boolean): Promise<void> {
    this.#isWanted[kind] = on;
    for (const track of this.#tracks(kind)) track.enabled = on;
    await this.#updateFact(kind);
  }

  /** Follows a host, who has switched kinds off; the server is not told what it said itself. */
  handleMuted(kinds: readonly Kind[]): void {
    const changed = kinds.filter((kind) => this.#facts[kind].wanted);
    for (const kind of kinds) this.#facts[kind].follow(this.#switchOff(kind));
    if (changed.length > 0) this.emit('muted', changed);
  }

  /** Changes the text that the others are told with the stream; at most 1,024 bytes. */
  async setExtraInfo(extraInfo: string): Promise<void> {
    await this.#facts.extraInfo.set(extraInfo);
  }

  /**
   * Sends another track of a kind in place of the current one, or none; negotiates anew only where it must. While there is no
   * connection it is done with the next one (PRIV-3). A kind that is off stays off: the track is disabled.
   *
   * @throws SessionError `client.no-media` where the browser refuses the track
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

  /** Tells the others which kinds are on now, after tracks of the source were stopped. */
  handleTracksStopped(): void {
    for (const kind of KINDS) this.#updateFact(kind).catch(() => {});
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
    this.#isTaken = false;
    for (const fact of Object.values(this.#facts)) fact.close();
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

  async #exchange(offer: string) {
    const { streamId } = this;
    const { source } = this.#options;
    const { extraInfo, audio, video } = this.#facts;
    const facts = { extraInfo: extraInfo.wanted, audio: audio.wanted, video: video.wanted };
    const isNew = !this.#mayBeTaken;
    this.#mayBeTaken = true;
    const result = await this.#context.request('publish', { streamId, offer, ...facts, ...(source && { source }) });
    if (isNew) {
      extraInfo.confirm(facts.extraInfo);
      audio.confirm(facts.audio);
      video.confirm(facts.video);
    }
    this.#isTaken = this.#state !== 'ended';
    return { ...result, answer: setStartBitrate(result.answer, START_VIDEO_KBPS) };
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
      canSend: () => this.#isTaken,
      send: (value) => request('updateStream', { streamId: this.streamId, [name]: value }),
      refused,
    });
  }

  #updateFact(kind: Kind): Promise<void> {
    return this.#facts[kind].set(this.#isSending(kind));
  }

  #pushFacts(): void {
    // Nobody waits for it. What the server refuses is undone by `refused`.
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

  /** A track that ends by itself sends nothing any more: the others are told that its kind is off (PRIV-2). */
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
      // Without a connection the next one takes it from the source.
      if (track && this.#link.peer) this.#link.restart();
      return;
    }
    try {
      // On a connection that is closed meanwhile the browser's promise may stay pending.
      await Promise.race([sender.replaceTrack(track), this.#dropped]);
    } catch (error) {
      if (this.#senders.get(kind) !== sender) return;
      const name = error instanceof Error ? error.name : '';
      if (name !== 'InvalidStateError' && name !== 'InvalidModificationError') throw toSessionError(error);
      this.#link.restart();
    }
  }

  #prepare(peer: RTCPeerConnection): void {
    this.#stats = new StatsReader();
    this.#dropped = new Promise((resolve) => {
      this.#resolveDropped = resolve;
    });
    for (const kind of KINDS) {
      const [track] = this.#tracks(kind);
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

/** Whether a kind is wanted that nobody has switched on or off: it is, but for tracks that are all disabled. */
function isEnabled(tracks: readonly MediaStreamTrack[]): boolean {
  return tracks.length === 0 || tracks.some((track) => track.enabled);
}
