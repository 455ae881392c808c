/**
 * Media control: between the rooms, which say who may send and see what, and the media engine, which forwards.
 *
 * It negotiates for members, and as an event sink it enforces: when a command's caller is answered, the media of
 * everybody and everything that the command took out is closed (KICK-4, STRM-3).
 *
 * @module
 */

import type { MediaAnswer, MediaEngine, MediaKind } from '@gavel/media';
import {
  GavelError,
  isGavelError,
  type MemberId,
  type PersonalEventFrame,
  type PublishId,
  type RoomKey,
  roomKeyText,
  type StreamId,
  type StreamSource,
} from '@gavel/protocol';
import type { Clock } from '../rooms/clock.ts';
import type { Origin } from '../rooms/commands.ts';
import { eventsOf, type RoomEvent, type RoomEventOf } from '../rooms/events.ts';
import type { MemberInfo } from '../rooms/member.ts';
import type { EventBatch, EventSink, Rooms } from '../rooms/rooms.ts';
import { heldBackKinds, type StreamInfo } from '../rooms/stream.ts';
import { type BlockedKinds, NOTHING_BLOCKED } from '../rooms/stream-rules.ts';
import { LostStreams } from './lost-streams.ts';
import { fromMediaError } from './media-errors.ts';
import { type ConnectedPublish, PendingPublishes } from './pending-publishes.ts';
import { type PlayerEntry, type PlayerLimits, PlayerTable } from './player-table.ts';

/** What a member wants to publish. */
export interface PublishOrder {
  readonly streamId: StreamId;
  /** SDP; untrusted. */
  readonly offer: string;
  readonly source: StreamSource;
  readonly extraInfo: string;
  readonly audio: boolean;
  readonly video: boolean;
}

/** What the engine agreed to. */
export interface Negotiated {
  readonly answer: string;
  readonly audio: boolean;
  readonly video: boolean;
  /** Kinds that were asked for and are refused, because the two sides have no codec in common (MED-8). */
  readonly unsupported?: readonly MediaKind[];
}

/** What media control needs. */
export interface MediaControlDeps {
  readonly engine: MediaEngine;
  readonly clock: Clock;
  readonly log: MediaControlLog;
  /** A new publish whose media does not come up within this time is ended (MED-6). */
  readonly connectTimeoutMs: number;
  /** A live stream without media for so long is ended (MED-5). */
  readonly lostStreamTimeoutMs: number;
  readonly limits: PlayerLimits;
  /** Sends an event to one member's client. */
  readonly notify: (memberId: MemberId, frame: PersonalEventFrame) => void;
}

/** Takes structured log lines. */
export interface MediaControlLog {
  warn(detail: object, message: string): void;
  error(detail: object, message: string): void;
}

interface Published {
  readonly key: RoomKey;
  readonly stream: StreamInfo;
  /** The kinds that the engine holds back. */
  readonly restricted: BlockedKinds;
}

/** Media that is not up after this time, in milliseconds, is worth a line in the log when its client gives it up. */
const SLOW_CONNECT_MS = 5_000;
const CONNECT_ADVICE = 'check media.announcedAddress and that clients reach the UDP port of media';

/** Negotiates and enforces media. */
export class MediaControl implements EventSink {
  readonly #deps: MediaControlDeps;
  readonly #published = new Map<PublishId, Published>();
  readonly #members = new Set<MemberId>();
  readonly #players: PlayerTable;
  readonly #pending: PendingPublishes;
  readonly #lost: LostStreams;
  #rooms: Rooms | undefined;

  constructor(deps: MediaControlDeps) {
    this.#deps = deps;
    const { engine, clock } = deps;
    this.#players = new PlayerTable(deps.limits);
    this.#pending = new PendingPublishes({
      clock,
      timeoutMs: deps.connectTimeoutMs,
      onConnected: (publish) => void this.#announce(publish),
      onTimeout: (publishId) => void this.#fail(publishId),
    });
    this.#lost = new LostStreams(clock, deps.lostStreamTimeoutMs, (publishId) => void this.#fail(publishId));
    engine.on('streamConnected', (stream) => {
      const publishId = stream as PublishId;
      this.#lost.remove(publishId);
      this.#pending.connect(publishId);
    });
    engine.on('streamLost', (publishId) => this.#onStreamLost(publishId as PublishId));
    engine.on('playerConnected', (player) => {
      const entry = this.#players.find(player);
      if (entry) entry.wasConnected = true;
    });
    engine.on('playerLost', (player) => this.#onPlayerLost(player));
  }

  /** Names the rooms that this control acts on; they name it as a sink, so one of the two comes later. */
  attach(rooms: Rooms): void {
    this.#rooms = rooms;
  }

  /**
   * Publishes a stream, or re-negotiates one that the member publishes already. Others hear of a new stream when the
   * engine says that its media is up (MED-6).
   *
   * @throws GavelError `stream.taken`, `stream.not-allowed`, `stream.too-many`, `media.bad-offer`, `media.unavailable`,
   *   `stream.not-found` or `room.member-not-found` when the stream or the member was taken out meanwhile
   */
  async publish(key: RoomKey, member: MemberInfo, order: PublishOrder, origin: Origin): Promise<Negotiated> {
    const { offer, ...stream } = order;
    const { memberId } = member;
    const reserved = await this.#requireRooms().execute(key, { type: 'reserveStream', memberId, ...stream }, origin);
    const [held] = eventsOf(reserved.events, 'streamReserved');
    const publishId = held?.stream.publishId;
    if (!publishId || !this.#published.has(publishId)) throw new GavelError('stream.not-found');
    // Before the offer is answered: the media may be up sooner than the answer is here.
    if (!held.live) this.#pending.begin(publishId, origin);
    try {
      const result = await this.#deps.engine.publish({
        group: roomKeyText(key),
        stream: publishId,
        offer,
        allowed: held.allowed,
      });
      const { kinds } = result;
      // A stream that a server announced is live without media: the engine has not heard of it before.
      const restricted = held.live ? this.#published.get(publishId)?.restricted : undefined;
      if (restricted?.audio || restricted?.video) await this.#deps.engine.restrict(publishId, restricted);
      this.#pending.agree(publishId, kinds);
      const muted = held.live ? NOTHING_BLOCKED : held.stream.muted;
      const on = {
        audio: order.audio && kinds.audio && !muted.audio,
        video: order.video && kinds.video && !muted.video,
      };
      return { answer: result.answer, ...on, ...unsupportedOf(result) };
    } catch (error) {
      await this.#abandon(key, held.stream, held.live, origin);
      throw fromMediaError(error);
    }
  }

  /** Ends an own stream, announced or not. Does nothing when the member publishes no such stream. */
  async unpublish(key: RoomKey, { memberId }: MemberInfo, streamId: StreamId, origin: Origin): Promise<void> {
    const rooms = this.#requireRooms();
    const stream = await rooms.findOwnStream(key, memberId, streamId);
    if (stream) await rooms.execute(key, { type: 'endStream', streamId, publishId: stream.publishId }, origin);
  }

  /**
   * Plays a stream of the member's room (STRM-7), or re-negotiates it.
   *
   * @throws GavelError `stream.not-found`, `stream.banned` where it is forbidden (FORB-4), `stream.too-many`,
   *   `media.bad-offer`, `media.unavailable`, `room.member-not-found`
   */
  async play(key: RoomKey, member: MemberInfo, streamId: StreamId, offer: string): Promise<Negotiated> {
    const rooms = this.#requireRooms();
    const stream = await rooms.findStream(key, streamId);
    if (!stream) throw new GavelError(rooms.isForbidden(key, streamId) ? 'stream.banned' : 'stream.not-found');
    // From here to the engine nothing waits: whoever is taken out later has its player closed by the event.
    if (!this.#members.has(member.memberId)) throw new GavelError('room.member-not-found');
    if (!this.#published.has(stream.publishId)) throw new GavelError('stream.not-found');
    const entry = this.#players.open(key, member.memberId, stream, this.#deps.clock.monotonicMs());
    let isAnswered = false;
    try {
      const result = await this.#deps.engine.play({ stream: stream.publishId, player: entry.player, offer });
      isAnswered = true;
      return { answer: result.answer, ...result.kinds, ...unsupportedOf(result) };
    } catch (error) {
      throw fromMediaError(error);
    } finally {
      this.#players.settle(entry, isAnswered);
    }
  }

  /** Stops playing. Does nothing when the member plays no such stream. */
  async stop(member: MemberInfo, streamId: StreamId): Promise<void> {
    const entry = this.#players.remove(member.memberId, streamId);
    if (!entry) return;
    this.#logUnconnected(entry);
    await this.#deps.engine.closePlayer(entry.player);
  }

  handle(batch: EventBatch): void | Promise<void> {
    const closing: Promise<void>[] = [];
    for (const event of batch.events) this.#follow(batch.key, event, closing);
    // A promise only where there is something to wait for: most commands close no media.
    if (closing.length > 0) return Promise.all(closing).then(() => undefined);
  }

  #follow(key: RoomKey, event: RoomEvent, closing: Promise<void>[]): void {
    const { engine } = this.#deps;
    switch (event.type) {
      case 'memberJoined':
        this.#members.add(event.member.memberId);
        break;
      case 'memberLeft':
        this.#members.delete(event.member.memberId);
        for (const { player } of this.#players.removeMember(event.member.memberId)) {
          closing.push(engine.closePlayer(player));
        }
        break;
      case 'streamReserved':
      case 'streamAdded':
      case 'streamUpdated':
        this.#followStream(key, event, closing);
        break;
      case 'streamReleased':
        this.#logReleased(key, event);
        this.#closeStream(event.stream, closing);
        break;
      case 'streamRemoved':
        if (event.cause === 'media-failed') {
          this.#deps.log.warn(describe(key, event.stream), 'stream ended: its media was lost and did not come back');
        }
        this.#closeStream(event.stream, closing);
        break;
    }
  }

  #closeStream(stream: StreamInfo, closing: Promise<void>[]): void {
    this.#published.delete(stream.publishId);
    this.#players.removeStream(stream);
    this.#pending.end(stream.publishId);
    this.#lost.remove(stream.publishId);
    closing.push(this.#deps.engine.closeStream(stream.publishId));
  }

  /** The engine learns what is to be held back at the latest when a stream is announced: nobody plays it before that. */
  #followStream(
    key: RoomKey,
    { type, stream }: RoomEventOf<'streamReserved' | 'streamAdded' | 'streamUpdated'>,
    closing: Promise<void>[],
  ): void {
    const { publishId } = stream;
    const wanted = heldBackKinds(stream);
    const restricted = this.#published.get(publishId)?.restricted ?? NOTHING_BLOCKED;
    // Before its media is agreed on, the engine knows no such stream.
    const isDue = type !== 'streamReserved' && (restricted.audio !== wanted.audio || restricted.video !== wanted.video);
    this.#published.set(publishId, { key, stream, restricted: isDue ? wanted : restricted });
    if (isDue) closing.push(this.#deps.engine.restrict(publishId, wanted));
  }

  async #announce({ publishId, kinds, origin }: ConnectedPublish): Promise<void> {
    const published = this.#published.get(publishId);
    if (!published) return;
    const { key, stream } = published;
    try {
      const command = { type: 'announceStream', streamId: stream.streamId, publishId, ...kinds } as const;
      await this.#requireRooms().execute(key, command, origin);
    } catch (error) {
      // Taken out in the same moment.
      if (isGavelError(error, 'stream.not-found', 'room.not-found')) return;
      this.#deps.log.error({ ...describe(key, stream), err: error }, 'stream could not be announced');
      await this.#fail(publishId);
    }
  }

  /** Frees a stream id after its media could not be agreed on; a live stream keeps what it had. */
  async #abandon(key: RoomKey, stream: StreamInfo, live: boolean, origin: Origin): Promise<void> {
    const { streamId, publishId } = stream;
    if (live) return;
    if (!this.#published.has(publishId)) return this.#deps.engine.closeStream(publishId);
    // Announced by an earlier offer meanwhile: it keeps what it had too.
    if (!this.#pending.has(publishId)) return;
    await this.#requireRooms().execute(key, { type: 'endStream', streamId, publishId }, origin);
  }

  #onStreamLost(publishId: PublishId): void {
    const published = this.#published.get(publishId);
    const memberId = published?.stream.memberId;
    if (!published || memberId === undefined) return;
    // One that was never up has its own time.
    if (!this.#pending.has(publishId)) this.#lost.add(publishId);
    this.#deps.notify(memberId, { event: 'mediaLost', published: [published.stream.streamId], played: [] });
  }

  #onPlayerLost(player: string): void {
    const entry = this.#players.find(player);
    if (!entry) return;
    this.#logUnconnected(entry);
    this.#players.lose(entry);
    this.#deps.notify(entry.memberId, { event: 'mediaLost', published: [], played: [entry.streamId] });
  }

  /** Ends a stream whose media did not come up, or stayed away. */
  async #fail(publishId: PublishId): Promise<void> {
    const published = this.#published.get(publishId);
    if (!published) return;
    const { key, stream } = published;
    const { streamId } = stream;
    try {
      const command = { type: 'endStream', streamId, publishId, cause: 'media-failed' } as const;
      await this.#requireRooms().execute(key, command, { door: 'media', requestId: publishId });
    } catch (error) {
      // The room may be gone already: then the stream is too.
      if (isGavelError(error, 'room.not-found')) return;
      this.#deps.log.error({ ...describe(key, stream), err: error }, 'stream without media could not be ended');
    }
  }

  #logReleased(key: RoomKey, { stream, cause }: RoomEventOf<'streamReleased'>): void {
    const waitedMs = this.#pending.end(stream.publishId);
    const isSlow = cause === 'stopped' && waitedMs !== undefined && waitedMs >= SLOW_CONNECT_MS;
    if (cause !== 'media-failed' && !isSlow) return;
    this.#deps.log.warn(
      { ...describe(key, stream), ...(waitedMs !== undefined && { waitedMs: Math.round(waitedMs) }) },
      `publishing ended before its media was up; ${CONNECT_ADVICE}`,
    );
  }

  #logUnconnected({ key, memberId, streamId, sinceMs, wasAnswered, wasConnected }: PlayerEntry): void {
    const waitedMs = Math.round(this.#deps.clock.monotonicMs() - sinceMs);
    if (!wasAnswered || wasConnected || waitedMs < SLOW_CONNECT_MS) return;
    const detail = { app: key.appId, room: key.roomId, member: memberId, stream: streamId, waitedMs };
    this.#deps.log.warn(detail, `playing ended before its media was up; ${CONNECT_ADVICE}`);
  }

  #requireRooms(): Rooms {
    if (!this.#rooms) throw new Error('media control is not attached to rooms yet');
    return this.#rooms;
  }
}

function describe({ appId, roomId }: RoomKey, { streamId, user }: StreamInfo) {
  return { app: appId, room: roomId, user: user.id, stream: streamId };
}

function unsupportedOf({ unsupported }: MediaAnswer): Pick<Negotiated, 'unsupported'> {
  return unsupported && unsupported.length > 0 ? { unsupported } : {};
}
