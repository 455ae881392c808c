/**
 * Follows the engine's events: media that connects, and media that is lost.
 *
 * @module
 */

import type { MediaEngine, StreamDemand } from '@gavel/media';
import { type MemberId, type PublishId, type RoomKey, roomKeyText } from '@gavel/protocol';
import type { Notifier } from '../bus/bus.ts';
import type { RoomState } from '../rooms/room-state.ts';
import { heldBackKinds } from '../rooms/stream.ts';
import type { ConnectionOutcome } from '../telemetry/media-metrics.ts';
import type { Announcer } from './announcer.ts';
import type { MediaState } from './media-state.ts';
import type { UnconnectedReports } from './unconnected-media.ts';

/** Dependencies of the monitor. */
export interface MediaMonitorDeps {
  readonly engine: MediaEngine;
  readonly state: MediaState;
  readonly announcer: Announcer;
  readonly unconnected: UnconnectedReports;
  readonly notifier: Notifier;
  /** Counts peer connections, for the metrics. */
  readonly countConnection?: ((outcome: ConnectionOutcome) => void) | undefined;
}

/**
 * Announces streams whose media connects, and notifies clients of lost media (MED-3, MED-5), of paused video (BWE-2), and of
 * what the viewers of a stream take (BWE-4).
 */
export class MediaMonitor {
  readonly #deps: MediaMonitorDeps;

  /** Follows the engine from now on. */
  constructor(deps: MediaMonitorDeps) {
    this.#deps = deps;
    const { engine } = deps;
    engine.on('streamConnected', (stream) => this.#onStreamConnected(stream as PublishId));
    engine.on('peerConnected', (peer) => this.#onPeerConnected(peer as MemberId));
    engine.on('peerLost', (peer) => this.#onPeerLost(peer as MemberId));
    engine.on('videoPaused', (peer, stream, isPaused) =>
      this.#onVideoPaused(peer as MemberId, stream as PublishId, isPaused),
    );
    engine.on('demandChanged', (stream, demand) => this.#onDemandChanged(stream as PublishId, demand));
    engine.on('subscriptionLost', (peer, stream) => this.#onSubscriptionLost(peer as MemberId, stream as PublishId));
  }

  /**
   * Goes on with the media of a room that another node owned: nothing of it is connected here, so its members negotiate
   * again, and a stream that does not come back in time ends (MED-5).
   */
  adopt({ key, streams }: Pick<RoomState, 'key' | 'streams'>): void {
    const { state, announcer, notifier } = this.#deps;
    for (const { info } of streams.slots) {
      Object.assign(state.follow(key, info), { restricted: heldBackKinds(info), isAdopted: true });
      const { publishId, memberId } = info;
      if (memberId !== undefined) state.lost.add(publishId, () => void announcer.fail(publishId));
    }
    notifier.notify({ key, frame: { event: 'mediaLost' } });
  }

  /** Closes all media of a room that this node may no longer decide about (CLUS-5). */
  async abandon(key: RoomKey): Promise<void> {
    const { engine, state } = this.#deps;
    const { members, streams } = state.forgetRoom(roomKeyText(key));
    await Promise.all([
      ...members.map((memberId) => engine.closePeer(memberId)),
      ...streams.map((publishId) => engine.closeStream(publishId)),
    ]);
  }

  #onStreamConnected(publishId: PublishId): void {
    const { state, announcer } = this.#deps;
    state.lost.remove(publishId);
    const connected = state.pending.connect(publishId);
    if (connected) void announcer.announce(connected);
  }

  #onPeerConnected(memberId: MemberId): void {
    const { state, countConnection } = this.#deps;
    countConnection?.('connected');
    const member = state.members.get(memberId);
    if (!member) return;
    member.isConnected = true;
    // On a new connection everything is wanted until the engine reports something else.
    for (const published of state.streamsOf(memberId)) published.demand = undefined;
    for (const play of state.plays.ofMember(memberId)) play.wasConnected = true;
  }

  #onPeerLost(memberId: MemberId): void {
    const { state, announcer, unconnected, notifier, countConnection } = this.#deps;
    const member = state.members.get(memberId);
    if (!member) return;
    countConnection?.(member.isConnected ? 'lost' : 'failed');
    member.isConnected = false;
    for (const published of state.streamsOf(memberId)) {
      const { stream, isCarried } = published;
      const { publishId } = stream;
      published.demand = undefined;
      // A stream that has never connected has a separate timeout.
      if (isCarried && !state.pending.has(publishId)) state.lost.add(publishId, () => void announcer.fail(publishId));
    }
    for (const play of state.plays.ofMember(memberId)) {
      unconnected.reportPlay(play);
      state.plays.lose(play);
    }
    notifier.notify({ key: member.key, to: [memberId], frame: { event: 'mediaLost' } });
  }

  #onVideoPaused(memberId: MemberId, publishId: PublishId, isPaused: boolean): void {
    const { state, notifier } = this.#deps;
    const play = state.plays.find(memberId, publishId);
    if (!play) return;
    play.isPaused = isPaused;
    const { key, streamId } = play;
    notifier.notify({ key, to: [memberId], frame: { event: 'videoPaused', streamId, isPaused } });
  }

  #onDemandChanged(publishId: PublishId, demand: StreamDemand): void {
    const { state, notifier } = this.#deps;
    const published = state.streams.get(publishId);
    if (!published) return;
    published.demand = demand;
    const { memberId, streamId } = published.stream;
    if (memberId === undefined) return;
    notifier.notify({ key: published.key, to: [memberId], frame: { event: 'demandChanged', streamId, ...demand } });
  }

  #onSubscriptionLost(memberId: MemberId, publishId: PublishId): void {
    const { state, notifier } = this.#deps;
    const play = state.plays.find(memberId, publishId);
    if (!play) return;
    state.plays.lose(play);
    const { key, streamId } = play;
    notifier.notify({ key, to: [memberId], frame: { event: 'playLost', streamIds: [streamId] } });
  }
}
