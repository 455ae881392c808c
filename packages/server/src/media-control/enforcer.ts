/**
 * Enforces commands on media: before the caller gets its answer, the media of all members and streams that the command
 * removed is closed (KICK-4, STRM-3), and kinds that it blocked are held back (RULE-1).
 *
 * @module
 */

import type { MediaEngine } from '@gavel/media';
import type { MemberId, RoomKey } from '@gavel/protocol';
import type { EventBatch, EventSink } from '../owner/rooms.ts';
import type { RoomEvent, RoomEventOf } from '../rooms/events.ts';
import { heldBackKinds, type StreamInfo } from '../rooms/stream.ts';
import { describeStream } from './announcer.ts';
import type { MediaState } from './media-state.ts';
import type { UnconnectedReports } from './unconnected-media.ts';

/** Dependencies of the enforcer. */
export interface MediaEnforcerDeps {
  readonly engine: MediaEngine;
  readonly state: MediaState;
  readonly unconnected: UnconnectedReports;
  readonly log: { warn(detail: object, message: string): void };
}

/** One batch, while it is enforced. */
interface Enforcement {
  /** The members that leave in this batch and have a peer, which is closed with its streams. */
  readonly leaving: ReadonlySet<MemberId>;
  readonly calls: Promise<void>[];
}

/** Consumes the events of all rooms. */
export class MediaEnforcer implements EventSink {
  readonly #deps: MediaEnforcerDeps;

  constructor(deps: MediaEnforcerDeps) {
    this.#deps = deps;
  }

  handle({ key, events }: EventBatch): void | Promise<void> {
    const { members } = this.#deps.state;
    const leaving = new Set<MemberId>();
    for (const event of events) {
      if (event.type === 'memberLeft' && members.has(event.member.memberId)) leaving.add(event.member.memberId);
    }
    const enforcement: Enforcement = { leaving, calls: [] };
    for (const event of events) this.#follow(key, event, enforcement);
    const { calls } = enforcement;
    // Returns a promise only if there is media to close: most commands close none.
    if (calls.length > 0) return Promise.all(calls).then(() => undefined);
  }

  #follow(key: RoomKey, event: RoomEvent, enforcement: Enforcement): void {
    switch (event.type) {
      case 'memberLeft':
        this.#closePeer(event.member.memberId, enforcement);
        break;
      case 'streamReserved':
      case 'streamAdded':
      case 'streamUpdated':
        this.#restrict(key, event, enforcement);
        break;
      case 'streamReleased':
        this.#logReleased(key, event);
        this.#closeStream(event.stream, enforcement);
        break;
      case 'streamRemoved':
        if (event.cause === 'media-failed') {
          this.#deps.log.warn(describeStream(key, event.stream), 'stream ended: media lost and not restored in time');
        }
        this.#closeStream(event.stream, enforcement);
        break;
    }
  }

  #closePeer(memberId: MemberId, { leaving, calls }: Enforcement): void {
    const { engine, state } = this.#deps;
    state.removeMember(memberId);
    if (leaving.has(memberId)) calls.push(engine.closePeer(memberId));
  }

  #closeStream(stream: StreamInfo, { leaving, calls }: Enforcement): void {
    const { engine, state } = this.#deps;
    const { publishId, memberId } = stream;
    const isClosedWithPeer =
      memberId !== undefined && leaving.has(memberId) && state.streams.get(publishId)?.isCarried === true;
    state.remove(stream);
    if (!isClosedWithPeer) calls.push(engine.closeStream(publishId));
  }

  /** Sends a stream's restrictions to the engine, at the latest when it is announced: it is not played earlier. */
  #restrict(
    key: RoomKey,
    { type, stream }: RoomEventOf<'streamReserved' | 'streamAdded' | 'streamUpdated'>,
    { calls }: Enforcement,
  ): void {
    const { engine, state } = this.#deps;
    const published = state.follow(key, stream);
    // The engine does not know the stream until its offer has been answered.
    if (type === 'streamReserved') return;
    const wanted = heldBackKinds(stream);
    const { restricted } = published;
    if (restricted.audio === wanted.audio && restricted.video === wanted.video) return;
    published.restricted = wanted;
    calls.push(engine.restrict(stream.publishId, wanted));
  }

  #logReleased(key: RoomKey, { stream, cause }: RoomEventOf<'streamReleased'>): void {
    const wait = this.#deps.state.pending.end(stream.publishId);
    this.#deps.unconnected.reportPublish(key, stream, cause, wait);
  }
}
