/**
 * A stream: its publisher, its players, and a track for each kind between them.
 *
 * @module
 */

import { randomInt } from 'node:crypto';
import type { MediaAnswer, MediaKinds, StreamDump } from '../engine.ts';
import { MediaError } from '../engine.ts';
import type { PublishResult } from '../ipc.ts';
import { type AnswerSource, writeAnswer } from '../sdp/answer.ts';
import type { CodecShape, MediaKind } from '../sdp/codecs.ts';
import { type PlayPlan, type PublishPlan, planPlay, planPublish, type StreamShape } from '../sdp/negotiate.ts';
import { parseOffer } from '../sdp/offer.ts';
import { toEpochMs } from './clock.ts';
import type { ClosedRecord } from './closed-ring.ts';
import { createCounters, type MutableCounters } from './counters.ts';
import { KeyframeRequester } from './keyframe-requester.ts';
import { Player } from './player.ts';
import { Publisher } from './publisher.ts';
import { StreamTrack } from './stream-track.ts';
import type { Ticking } from './tick-set.ts';
import type { WorkerContext } from './worker-context.ts';

/** Callbacks of a stream to its worker. */
export interface StreamHandlers {
  /** A player's transport has failed, and the player was removed. */
  handlePlayerLost(player: Player): void;
  /** It has periodic work from now on. */
  handleWork(): void;
}

/** One stream of a worker. It is synchronous, except for gathering the ICE candidates of an answer. */
export class Stream implements Ticking {
  readonly name: string;
  readonly group: string;

  readonly #context: WorkerContext;
  readonly #sources: Readonly<Record<MediaKind, AnswerSource>>;
  readonly #tracks = new Map<MediaKind, StreamTrack>();
  readonly #players = new Map<string, Player>();
  readonly #keyframes = new KeyframeRequester(() => this.#publisher?.sendPli() ?? false);
  readonly #handlers: StreamHandlers;
  #shape: StreamShape = {};
  #blocked: MediaKinds = { audio: false, video: false };
  #publisher: Publisher | undefined;
  #lastCounters: MutableCounters = createCounters();
  #forwardedBefore = 0;

  constructor(name: string, group: string, context: WorkerContext, handlers: StreamHandlers) {
    this.name = name;
    this.group = group;
    this.#context = context;
    this.#handlers = handlers;
    this.#sources = createSources();
  }

  hasPlayer(name: string): boolean {
    return this.#players.has(name);
  }

  /** Whether it has neither a publisher nor players. */
  get isEmpty(): boolean {
    return this.#publisher === undefined && this.#players.size === 0;
  }

  /**
   * Handles a publisher's offer; the previous publisher, if any, is closed.
   *
   * @throws MediaError `bad-offer`, and then nothing has changed
   */
  async publish(sdp: string, allowed: MediaKinds): Promise<PublishResult> {
    const offer = parseOffer(sdp);
    const plan = planPublish(offer, allowed);
    const publisher = new Publisher(offer.transport, plan.published, this.#tracks, this.#context, {
      handlePublisherOpen: () => {
        this.#context.notify({ type: 'stream-connected', stream: this.name });
        this.requestKeyframe();
      },
      handlePublisherLost: () => this.#losePublisher(publisher),
      handleKeyframeNeeded: () => this.requestKeyframe(),
      handleTickDue: (nowMs) => {
        this.#handlers.handleWork();
        this.tick(nowMs);
      },
    });
    this.#closePublisher();
    this.#publisher = publisher;
    this.#lastCounters = publisher.counters;
    const shape: { audio?: CodecShape; video?: CodecShape } = {};
    for (const [kind, { codec }] of plan.published) {
      shape[kind] = { name: codec.name, clockRate: codec.clockRate, parameters: codec.parameters };
    }
    this.setShape(shape);
    const answer = writeAnswer(offer, plan.accepted, await describe(publisher));
    return { answer, kinds: toKinds(plan.published), ...unsupportedOf(plan), shape };
  }

  /**
   * Sets the codecs of the stream's kinds. Tracks with an unchanged codec continue with a new source; players that do
   * not support a new codec are reported as lost, so that their clients play again.
   */
  setShape(shape: StreamShape): void {
    const previous = this.#shape;
    const hadKinds = previous.audio !== undefined || previous.video !== undefined;
    this.#shape = shape;
    for (const kind of ['audio', 'video'] as const) {
      const codec = shape[kind];
      const track = this.#tracks.get(kind);
      if (codec !== undefined && track !== undefined && previous[kind]?.name === codec.name) {
        track.switchSource();
        continue;
      }
      this.#forwardedBefore += track?.forwardedPackets ?? 0;
      this.#tracks.delete(kind);
      if (codec === undefined) continue;
      const fresh = new StreamTrack(codec, this.#sources[kind]);
      fresh.setBlocked(this.#blocked[kind]);
      this.#tracks.set(kind, fresh);
      if (hadKinds) for (const player of [...this.#players.values()]) this.#losePlayer(player);
    }
  }

  /**
   * Handles a player's offer; the previous player of that name, if any, is closed.
   *
   * @throws MediaError `bad-offer`, and then nothing has changed
   */
  async play(name: string, sdp: string): Promise<MediaAnswer> {
    const offer = parseOffer(sdp);
    const plan = planPlay(offer, this.#shape, this.#sources);
    const player = new Player(name, offer.transport, plan.payloadTypes, this.#tracks, this.#context, {
      handlePlayerOpen: () => {
        this.#context.notify({ type: 'player-connected', player: name, stream: this.name });
        this.requestKeyframe();
      },
      handlePlayerLost: (lost) => this.#losePlayer(lost),
      handleKeyframeNeeded: () => this.requestKeyframe(),
    });
    this.closePlayer(name);
    this.#players.set(name, player);
    const answer = writeAnswer(offer, plan.accepted, await describe(player));
    return { answer, kinds: toKinds(plan.payloadTypes), ...unsupportedOf(plan) };
  }

  /** Asks the publisher for a keyframe, at most every 400 ms (MED-2). */
  requestKeyframe(): void {
    if (!this.#tracks.has('video')) return;
    this.#handlers.handleWork();
    this.#keyframes.request(this.#context.now());
  }

  /** Blocks kinds for every player, from this moment on (RULE-1). */
  restrict(blocked: MediaKinds): void {
    const isVideoBack = this.#blocked.video && !blocked.video;
    this.#blocked = blocked;
    for (const [kind, track] of this.#tracks) track.setBlocked(blocked[kind]);
    if (isVideoBack) this.requestKeyframe();
  }

  /** Performs periodic work. Called when the publisher's packets arrive, because a timer would cost another wake-up. */
  tick(nowMs: number): void {
    this.#keyframes.tick(nowMs);
    this.#publisher?.tick(nowMs);
  }

  hasWork(nowMs: number): boolean {
    return this.#keyframes.isPending || (this.#publisher?.isReceiving(nowMs) ?? false);
  }

  /** Closes one player at once; `false` when it has none of that name. */
  closePlayer(name: string): boolean {
    const player = this.#players.get(name);
    if (player === undefined) return false;
    this.#players.delete(name);
    const record = this.#createRecord('player', player.counters, name);
    player.close(record);
    this.#context.closed.add(record);
    return true;
  }

  /** Closes the publisher and all players at once (KICK-4, STRM-3). */
  close(): void {
    this.#closePublisher();
    for (const name of [...this.#players.keys()]) this.closePlayer(name);
  }

  dump(): StreamDump {
    let forwardedPackets = this.#forwardedBefore;
    for (const track of this.#tracks.values()) forwardedPackets += track.forwardedPackets;
    return {
      stream: this.name,
      group: this.group,
      worker: this.#context.config.worker,
      state: this.#publisher?.state ?? 'lost',
      codecs: [this.#shape.audio, this.#shape.video].flatMap((codec) => codec?.name ?? []),
      publisher: { ...this.#lastCounters },
      forwardedPackets,
      players: [...this.#players.values()].map((player) => player.dump()),
    };
  }

  #closePublisher(): void {
    const publisher = this.#publisher;
    if (publisher === undefined) return;
    this.#publisher = undefined;
    const record = this.#createRecord('publisher', publisher.counters);
    publisher.close(record);
    this.#context.closed.add(record);
  }

  #losePublisher(publisher: Publisher): void {
    if (this.#publisher !== publisher) return;
    this.#publisher = undefined;
    publisher.close();
    this.#context.notify({ type: 'stream-lost', stream: this.name, cause: 'transport-failed' });
  }

  #losePlayer(player: Player): void {
    if (this.#players.get(player.name) !== player) return;
    this.#players.delete(player.name);
    player.close();
    this.#handlers.handlePlayerLost(player);
    this.#context.notify({
      type: 'player-lost',
      player: player.name,
      stream: this.name,
      cause: 'transport-failed',
    });
  }

  #createRecord(kind: 'publisher' | 'player', counters: MutableCounters, player?: string): ClosedRecord {
    return {
      kind,
      stream: this.name,
      ...(player === undefined ? {} : { player }),
      closedAtMs: toEpochMs(this.#context.now()),
      counters,
      packetsAfterClose: 0,
      arrivedAfterClose: 0,
    };
  }
}

/** Creates the sources that players see: random, and constant for the life of the stream. */
function createSources(): Readonly<Record<MediaKind, AnswerSource>> {
  const id = randomInt(1, 0x7fff_ffff);
  const msid = `gavel-${id.toString(16)}`;
  return {
    audio: { ssrc: id, cname: msid, msid, trackId: `${msid}-audio` },
    video: { ssrc: id + 0x8000_0000, cname: msid, msid, trackId: `${msid}-video` },
  };
}

async function describe(peer: Publisher | Player): ReturnType<Publisher['describe']> {
  try {
    return await peer.describe();
  } catch (error) {
    throw new MediaError('no-such-stream', `Closed before the offer was answered: ${String(error)}`);
  }
}

function unsupportedOf({ unsupported }: PublishPlan | PlayPlan): Pick<MediaAnswer, 'unsupported'> {
  return unsupported.length > 0 ? { unsupported } : {};
}

function toKinds(kinds: ReadonlyMap<MediaKind, unknown>): MediaKinds {
  return { audio: kinds.has('audio'), video: kinds.has('video') };
}
