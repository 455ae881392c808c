/**
 * Media control: between the rooms, which say who may send and see what, and the media engine, which forwards.
 *
 * It negotiates for members, and as an event sink it enforces: when a command's caller is answered, the media of
 * everybody and everything that the command took out is closed (KICK-4, STRM-3).
 *
 * @module
 */

import type { MediaEngine } from '@gavel/media';
import {
  GavelError,
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
import { PlayerTable } from './player-table.ts';

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
}

/** What media control needs. */
export interface MediaControlDeps {
  readonly engine: MediaEngine;
  readonly clock: Clock;
  /** A published stream without media for so long is ended (MED-5). */
  readonly lostStreamTimeoutMs: number;
  /** Tells one member's client. */
  readonly notify: (memberId: MemberId, frame: PersonalEventFrame) => void;
}

interface Published {
  readonly key: RoomKey;
  readonly stream: StreamInfo;
  /** What the engine was told to hold back. */
  readonly told: BlockedKinds;
}

/** Negotiates and enforces media. */
export class MediaControl implements EventSink {
  readonly #deps: MediaControlDeps;
  readonly #published = new Map<PublishId, Published>();
  readonly #members = new Set<MemberId>();
  readonly #players = new PlayerTable();
  readonly #lost: LostStreams;
  #rooms: Rooms | undefined;

  constructor(deps: MediaControlDeps) {
    this.#deps = deps;
    this.#lost = new LostStreams(deps.clock, deps.lostStreamTimeoutMs, (publishId) => this.#endLost(publishId));
    deps.engine.on('streamConnected', (publishId) => this.#lost.forget(publishId as PublishId));
    deps.engine.on('streamLost', (publishId) => this.#onStreamLost(publishId as PublishId));
    deps.engine.on('playerLost', (player) => this.#onPlayerLost(player));
  }

  /** Names the rooms that this control acts on; they name it as a sink, so one of the two comes later. */
  attach(rooms: Rooms): void {
    this.#rooms = rooms;
  }

  /**
   * Publishes a stream, or re-negotiates one that the member publishes already.
   *
   * @throws GavelError `stream.taken`, `stream.not-allowed`, `stream.too-many`, `media.bad-offer`, `media.unavailable`,
   *   `stream.not-found` or `room.member-not-found` when the stream or the member was taken out meanwhile
   */
  async publish(key: RoomKey, member: MemberInfo, order: PublishOrder, origin: Origin): Promise<Negotiated> {
    const { offer, ...stream } = order;
    const { streamId, audio, video } = stream;
    const { memberId } = member;
    const rooms = this.#requireRooms();
    const reserved = await rooms.execute(key, { type: 'reserveStream', memberId, ...stream }, origin);
    const [held] = eventsOf(reserved.events, 'streamReserved');
    const publishId = held?.stream.publishId;
    if (!publishId || !this.#published.has(publishId)) throw new GavelError('stream.not-found');
    // From before the offer on: the media may be up sooner than the answer is here.
    if (!held.live) this.#lost.note(publishId);
    try {
      const { answer, kinds } = await this.#deps.engine.publish({
        group: roomKeyText(key),
        stream: publishId,
        offer,
        allowed: held.allowed,
      });
      // A stream that a server announced is live without media: the engine has not heard of it before.
      const blocked = held.live ? this.#published.get(publishId)?.told : undefined;
      if (blocked?.audio || blocked?.video) await this.#deps.engine.restrict(publishId, blocked);
      const on = { audio: audio && kinds.audio, video: video && kinds.video };
      const announced = await rooms.execute(key, { type: 'announceStream', streamId, publishId, ...on }, origin);
      const [added] = eventsOf(announced.events, 'streamAdded');
      return { answer, audio: added?.stream.audio ?? on.audio, video: added?.stream.video ?? on.video };
    } catch (error) {
      await this.#abandon(key, held.stream, held.live, origin);
      throw fromMediaError(error);
    }
  }

  /** Ends an own stream. Does nothing when the member publishes no such stream. */
  async unpublish(key: RoomKey, member: MemberInfo, streamId: StreamId, origin: Origin): Promise<void> {
    const stream = await this.#requireRooms().findStream(key, streamId);
    if (stream?.memberId !== member.memberId) return;
    await this.#requireRooms().execute(key, { type: 'endStream', streamId, publishId: stream.publishId }, origin);
  }

  /**
   * Plays a stream of the member's room (STRM-7), or re-negotiates it.
   *
   * @throws GavelError `stream.not-found`, `stream.banned` where it is forbidden (FORB-4), `media.bad-offer`,
   *   `media.unavailable`, `room.member-not-found`
   */
  async play(key: RoomKey, member: MemberInfo, streamId: StreamId, offer: string): Promise<Negotiated> {
    const rooms = this.#requireRooms();
    const stream = await rooms.findStream(key, streamId);
    if (!stream) throw new GavelError(rooms.isForbidden(key, streamId) ? 'stream.banned' : 'stream.not-found');
    // From here to the engine nothing waits: whoever is taken out later has its player closed by the event.
    if (!this.#members.has(member.memberId)) throw new GavelError('room.member-not-found');
    if (!this.#published.has(stream.publishId)) throw new GavelError('stream.not-found');
    const player = this.#players.add(member.memberId, stream);
    try {
      const { answer, kinds } = await this.#deps.engine.play({ stream: stream.publishId, player, offer });
      return { answer, ...kinds };
    } catch (error) {
      throw fromMediaError(error);
    }
  }

  /** Stops playing. Does nothing when the member plays no such stream. */
  async stop(member: MemberInfo, streamId: StreamId): Promise<void> {
    const player = this.#players.remove(member.memberId, streamId);
    if (player) await this.#deps.engine.closePlayer(player);
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
        for (const player of this.#players.removeMember(event.member.memberId))
          closing.push(engine.closePlayer(player));
        break;
      case 'streamReserved':
      case 'streamAdded':
      case 'streamUpdated':
        this.#followStream(key, event, closing);
        break;
      case 'streamReleased':
      case 'streamRemoved':
        this.#published.delete(event.stream.publishId);
        this.#players.removeStream(event.stream);
        this.#lost.forget(event.stream.publishId);
        closing.push(engine.closeStream(event.stream.publishId));
        break;
    }
  }

  /** What is held back is told at the latest when a stream is announced: its publisher can send only after that. */
  #followStream(
    key: RoomKey,
    { type, stream }: RoomEventOf<'streamReserved' | 'streamAdded' | 'streamUpdated'>,
    closing: Promise<void>[],
  ): void {
    const { publishId } = stream;
    const wanted = heldBackKinds(stream);
    const told = this.#published.get(publishId)?.told ?? NOTHING_BLOCKED;
    // Before its media is agreed on, the engine knows no such stream.
    const isDue = type !== 'streamReserved' && (told.audio !== wanted.audio || told.video !== wanted.video);
    this.#published.set(publishId, { key, stream, told: isDue ? wanted : told });
    if (isDue) closing.push(this.#deps.engine.restrict(publishId, wanted));
  }

  /** Gives a stream id back after its media could not be agreed on; a live one keeps what it had. */
  async #abandon(key: RoomKey, stream: StreamInfo, live: boolean, origin: Origin): Promise<void> {
    const { streamId, publishId } = stream;
    if (live) return;
    if (!this.#published.has(publishId)) return this.#deps.engine.closeStream(publishId);
    await this.#requireRooms().execute(key, { type: 'endStream', streamId, publishId }, origin);
  }

  #onStreamLost(publishId: PublishId): void {
    const published = this.#published.get(publishId);
    const memberId = published?.stream.memberId;
    if (!published || memberId === undefined) return;
    this.#lost.note(publishId);
    this.#deps.notify(memberId, { event: 'mediaLost', published: [published.stream.streamId], played: [] });
  }

  #onPlayerLost(player: string): void {
    const entry = this.#players.find(player);
    if (!entry) return;
    this.#deps.notify(entry.memberId, { event: 'mediaLost', published: [], played: [entry.streamId] });
  }

  #endLost(publishId: PublishId): void {
    const published = this.#published.get(publishId);
    if (!published) return;
    const { key, stream } = published;
    const origin: Origin = { door: 'media', requestId: publishId };
    const command = { type: 'endStream', streamId: stream.streamId, publishId } as const;
    // The room may be gone already: then the stream is too.
    this.#requireRooms()
      .execute(key, command, origin)
      .catch(() => undefined);
  }

  #requireRooms(): Rooms {
    if (!this.#rooms) throw new Error('media control is not attached to rooms yet');
    return this.#rooms;
  }
}
