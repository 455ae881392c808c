/**
 * Media control connects the rooms, which decide who may publish and play, to the media engine, which forwards media.
 *
 * It negotiates SDP for members. As an event sink it also enforces commands: before the caller gets its answer, the
 * media of all members and streams that the command removed is closed (KICK-4, STRM-3).
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
import { type MediaRole, readMediaAddresses, UnconnectedReports } from './unconnected-media.ts';

/** What a member wants to publish. */
export interface PublishOrder {
  readonly streamId: StreamId;
  /** The SDP offer. Untrusted. */
  readonly offer: string;
  readonly source: StreamSource;
  readonly extraInfo: string;
  readonly audio: boolean;
  readonly video: boolean;
}

/** The result of a negotiation. */
export interface Negotiated {
  readonly answer: string;
  readonly audio: boolean;
  readonly video: boolean;
  /** Kinds that were requested and refused because the two sides have no common codec (MED-8). */
  readonly unsupported?: readonly MediaKind[];
}

/** Dependencies of media control. */
export interface MediaControlDeps {
  readonly engine: MediaEngine;
  readonly clock: Clock;
  readonly log: MediaControlLog;
  /** Counts media that never connected. */
  readonly countUnconnected?: (role: MediaRole) => void;
  /** A new publish ends if its media does not connect within this time (MED-6). */
  readonly connectTimeoutMs: number;
  /** A live stream ends if it has no media for this time (MED-5). */
  readonly lostStreamTimeoutMs: number;
  readonly limits: PlayerLimits;
  /** Sends an event to one member's client. */
  readonly notify: (memberId: MemberId, frame: PersonalEventFrame) => void;
}

/** A structured logger. */
export interface MediaControlLog {
  warn(detail: object, message: string): void;
  error(detail: object, message: string): void;
}

interface Published {
  readonly key: RoomKey;
  readonly stream: StreamInfo;
  /** The kinds that the engine does not forward. */
  readonly restricted: BlockedKinds;
}

/** If a client stops after this time, in milliseconds, and its media has not connected, a warning is logged. */
const SLOW_CONNECT_MS = 5_000;

/** Negotiates and enforces media. */
export class MediaControl implements EventSink {
  readonly #deps: MediaControlDeps;
  readonly #published = new Map<PublishId, Published>();
  readonly #members = new Set<MemberId>();
  readonly #players: PlayerTable;
  readonly #pending: PendingPublishes;
  readonly #lost: LostStreams;
  readonly #unconnected: UnconnectedReports;
  #rooms: Rooms | undefined;

  constructor(deps: MediaControlDeps) {
    this.#deps = deps;
    const { engine, clock } = deps;
    this.#players = new PlayerTable(deps.limits);
    this.#unconnected = new UnconnectedReports({ log: deps.log, count: deps.countUnconnected });
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

  /** Sets the rooms. They are set after construction because the rooms themselves need this object as an event sink. */
  attach(rooms: Rooms): void {
    this.#rooms = rooms;
  }

  /**
   * Publishes a stream, or re-negotiates one that the member already publishes. A new stream is announced to the other
   * members when the engine reports that its media is connected (MED-6).
   *
   * @throws GavelError `stream.taken`, `stream.not-allowed`, `stream.too-many`, `media.bad-offer`, `media.unavailable`,
   *   `stream.not-found` or `room.member-not-found` if the stream or the member was removed in the meantime
   */
  async publish(key: RoomKey, member: MemberInfo, order: PublishOrder, origin: Origin): Promise<Negotiated> {
    const { offer, ...stream } = order;
    const { memberId } = member;
    const reserved = await this.#requireRooms().execute(key, { type: 'reserveStream', memberId, ...stream }, origin);
    const [held] = eventsOf(reserved.events, 'streamReserved');
    const publishId = held?.stream.publishId;
    if (!publishId || !this.#published.has(publishId)) throw new GavelError('stream.not-found');
    // This must precede the call to the engine: the media can connect before the engine's answer arrives here.
    if (!held.live) this.#pending.begin(publishId, origin);
    try {
      const result = await this.#deps.engine.publish({
        group: roomKeyText(key),
        stream: publishId,
        offer,
        allowed: held.allowed,
      });
      const { kinds } = result;
      // A stream that a backend announced is live without media, so the engine does not have its restrictions yet.
      const restricted = held.live ? this.#published.get(publishId)?.restricted : undefined;
      if (restricted?.audio || restricted?.video) await this.#deps.engine.restrict(publishId, restricted);
      this.#pending.agree(publishId, kinds, readMediaAddresses(result.answer));
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

  /** Ends a stream of the member, announced or not. Does nothing if the member does not publish this stream. */
  async unpublish(key: RoomKey, { memberId }: MemberInfo, streamId: StreamId, origin: Origin): Promise<void> {
    const rooms = this.#requireRooms();
    const stream = await rooms.findOwnStream(key, memberId, streamId);
    if (stream) await rooms.execute(key, { type: 'endStream', streamId, publishId: stream.publishId }, origin);
  }

  /**
   * Plays a stream of the member's room (STRM-7), or re-negotiates it.
   *
   * @throws GavelError `stream.not-found`, `stream.banned` if the stream is forbidden (FORB-4), `stream.too-many`,
   *   `media.bad-offer`, `media.unavailable`, `room.member-not-found`
   */
  async play(key: RoomKey, member: MemberInfo, streamId: StreamId, offer: string, origin: Origin): Promise<Negotiated> {
    const rooms = this.#requireRooms();
    const stream = await rooms.findStream(key, streamId);
    if (!stream) throw new GavelError(rooms.isForbidden(key, streamId) ? 'stream.banned' : 'stream.not-found');
    // There is no await between here and the engine call: if the member is removed later, the event closes its player.
    if (!this.#members.has(member.memberId)) throw new GavelError('room.member-not-found');
    if (!this.#published.has(stream.publishId)) throw new GavelError('stream.not-found');
    const entry = this.#players.open(key, member, stream, origin, this.#deps.clock.monotonicMs());
    let isAnswered = false;
    try {
      const result = await this.#deps.engine.play({ stream: stream.publishId, player: entry.player, offer });
      isAnswered = true;
      entry.addresses = readMediaAddresses(result.answer);
      return { answer: result.answer, ...result.kinds, ...unsupportedOf(result) };
    } catch (error) {
      throw fromMediaError(error);
    } finally {
      this.#players.settle(entry, isAnswered);
    }
  }

  /** Stops playing a stream. Does nothing if the member does not play it. */
  async stop(member: MemberInfo, streamId: StreamId): Promise<void> {
    const entry = this.#players.remove(member.memberId, streamId);
    if (!entry) return;
    this.#logUnconnected(entry);
    await this.#deps.engine.closePlayer(entry.player);
  }

  handle(batch: EventBatch): void | Promise<void> {
    const closing: Promise<void>[] = [];
    for (const event of batch.events) this.#follow(batch.key, event, closing);
    // Returns a promise only if there is media to close: most commands close none.
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
          this.#deps.log.warn(describe(key, event.stream), 'stream ended: media lost and not restored in time');
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

  /** Sends a stream's restrictions to the engine, at the latest when it is announced: it is not played earlier. */
  #followStream(
    key: RoomKey,
    { type, stream }: RoomEventOf<'streamReserved' | 'streamAdded' | 'streamUpdated'>,
    closing: Promise<void>[],
  ): void {
    const { publishId } = stream;
    const wanted = heldBackKinds(stream);
    const restricted = this.#published.get(publishId)?.restricted ?? NOTHING_BLOCKED;
    // The engine does not know the stream until its offer has been answered.
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
      // The stream or the room was removed in the meantime.
      if (isGavelError(error, 'stream.not-found', 'room.not-found')) return;
      this.#deps.log.error({ ...describe(key, stream), err: error }, 'announcing a stream failed');
      await this.#fail(publishId);
    }
  }

  /** Releases a stream id after a failed negotiation. A live stream keeps its earlier media. */
  async #abandon(key: RoomKey, stream: StreamInfo, live: boolean, origin: Origin): Promise<void> {
    const { streamId, publishId } = stream;
    if (live) return;
    if (!this.#published.has(publishId)) return this.#deps.engine.closeStream(publishId);
    // An earlier offer led to an announcement in the meantime: the stream keeps its media.
    if (!this.#pending.has(publishId)) return;
    await this.#requireRooms().execute(key, { type: 'endStream', streamId, publishId }, origin);
  }

  #onStreamLost(publishId: PublishId): void {
    const published = this.#published.get(publishId);
    const memberId = published?.stream.memberId;
    if (!published || memberId === undefined) return;
    // A stream that has never connected has a separate timeout.
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

  /** Ends a stream whose media did not connect in time, or was not restored in time. */
  async #fail(publishId: PublishId): Promise<void> {
    const published = this.#published.get(publishId);
    if (!published) return;
    const { key, stream } = published;
    const { streamId } = stream;
    try {
      const command = { type: 'endStream', streamId, publishId, cause: 'media-failed' } as const;
      await this.#requireRooms().execute(key, command, { door: 'media', requestId: publishId });
    } catch (error) {
      // If the room no longer exists, the stream does not exist either.
      if (isGavelError(error, 'room.not-found')) return;
      this.#deps.log.error({ ...describe(key, stream), err: error }, 'ending a stream without media failed');
    }
  }

  #logReleased(key: RoomKey, { stream, cause }: RoomEventOf<'streamReleased'>): void {
    const wait = this.#pending.end(stream.publishId);
    const isSlow = cause === 'stopped' && wait !== undefined && wait.waitedMs >= SLOW_CONNECT_MS;
    if (cause !== 'media-failed' && !isSlow) return;
    const { origin, addresses = [], waitedMs } = wait ?? {};
    const ids = { key, userId: stream.user.id, streamId: stream.streamId, requestId: origin?.requestId ?? '' };
    this.#unconnected.report('publish', { ...ids, addresses, waitedMs });
  }

  #logUnconnected({ key, userId, streamId, origin, sinceMs, addresses, wasAnswered, wasConnected }: PlayerEntry): void {
    const waitedMs = this.#deps.clock.monotonicMs() - sinceMs;
    if (!wasAnswered || wasConnected || waitedMs < SLOW_CONNECT_MS) return;
    const { requestId } = origin;
    this.#unconnected.report('play', { key, userId, streamId, requestId, addresses, waitedMs });
  }

  #requireRooms(): Rooms {
    if (!this.#rooms) throw new Error('media control is not attached to the rooms yet');
    return this.#rooms;
  }
}

function describe({ appId, roomId }: RoomKey, { streamId, user }: StreamInfo) {
  return { app: appId, room: roomId, user: user.id, stream: streamId };
}

function unsupportedOf({ unsupported }: MediaAnswer): Pick<Negotiated, 'unsupported'> {
  return unsupported && unsupported.length > 0 ? { unsupported } : {};
}
