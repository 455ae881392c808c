/**
 * One peer's wish for one stream.
 *
 * @module
 */

import { randomInt } from 'node:crypto';
import type { SectionMids, SubscriptionDump, SubscriptionPreferences } from '../engine.ts';
import type { AcceptedSection, AnswerSource } from '../sdp/answer.ts';
import { MEDIA_KINDS, type MediaKind } from '../sdp/codecs.ts';
import type { SentKind } from '../sdp/negotiate.ts';
import { type ClosedRecord, createClosedRecord } from './closed-ring.ts';
import { createCounters } from './counters.ts';
import type { Peer } from './peer.ts';
import type { Stream } from './stream.ts';
import { TrackSender } from './track-sender.ts';

/** Sends the tracks of a stream to a peer. */
export class Subscription {
  readonly peer: Peer;
  readonly stream: Stream;
  readonly counters = createCounters();
  readonly #msid = `gavel-${randomInt(1, 0x7fff_ffff).toString(16)}`;
  readonly #senders = new Map<MediaKind, TrackSender>();
  #mids: SectionMids = {};
  #preferences: SubscriptionPreferences = {};

  constructor(peer: Peer, stream: Stream) {
    this.peer = peer;
    this.stream = stream;
  }

  /** Whether the subscriber has offered a section for a kind, so that it is affected if the stream's kind changes. */
  wants(kind: MediaKind): boolean {
    return this.#mids[kind] !== undefined;
  }

  /** Sets what was negotiated. Kinds that have not changed continue; the others begin when the peer is connected. */
  negotiate(mids: SectionMids, kinds: ReadonlyMap<MediaKind, SentKind>, preferences: SubscriptionPreferences): void {
    this.#mids = mids;
    this.preferVideo(preferences);
    for (const kind of MEDIA_KINDS) this.#setKind(kind, kinds.get(kind));
    if (this.peer.state === 'connected') this.attach();
  }

  /** Lists the answered sections with their sources, by section index. */
  *listSections(): Generator<[number, AcceptedSection]> {
    for (const { kind, source } of this.#senders.values()) yield [kind.index, { ...kind.section, source }];
  }

  /** Begins to send; the peer is connected. */
  attach(): void {
    for (const sender of this.#senders.values()) {
      if (sender.attach()) sender.track.requestKeyframe(this.peer.now(), sender.target);
    }
  }

  /** Replaces what the subscriber wants of the video (SIM-1). */
  preferVideo(preferences: SubscriptionPreferences): void {
    this.#preferences = preferences;
    this.#senders.get('video')?.prefer(preferences);
  }

  /** Ends it: after this returns, nothing of the stream is sent to the peer. */
  close(record?: ClosedRecord): void {
    for (const kind of MEDIA_KINDS) this.#closeKind(kind, record);
  }

  /** Creates the record of a close by a call (KICK-4). */
  createRecord(closedAtMs: number): ClosedRecord {
    const { counters, peer, stream } = this;
    return createClosedRecord({
      kind: 'subscription',
      stream: stream.name,
      peer: peer.name,
      closedAtMs,
      counters,
    });
  }

  dump(): SubscriptionDump {
    const layer = this.#senders.get('video')?.layer;
    const { maxLayer, height, priority } = this.#preferences;
    return {
      peer: this.peer.name,
      state: this.peer.state,
      ...(layer !== undefined && { layer }),
      ...(maxLayer !== undefined && { maxLayer }),
      ...(height !== undefined && { height }),
      ...(priority !== undefined && { priority }),
      counters: { ...this.counters },
    };
  }

  #setKind(kind: MediaKind, wanted: SentKind | undefined): void {
    const sender = this.#senders.get(kind);
    const track = this.stream.tracks.get(kind);
    if (wanted !== undefined && track !== undefined && sender?.matches(track, wanted)) {
      sender.kind = wanted;
      return;
    }
    this.#closeKind(kind);
    if (wanted === undefined || track === undefined) return;
    const { peer } = this;
    const source: AnswerSource = {
      ssrc: peer.createSsrc(),
      ...(wanted.rtxPayloadType !== undefined && { rtxSsrc: peer.createSsrc() }),
      cname: this.#msid,
      msid: this.#msid,
      trackId: `${this.#msid}-${kind}`,
    };
    const fresh = new TrackSender(track, wanted, source, this.counters, peer, this.#preferences);
    this.#senders.set(kind, fresh);
    peer.addSender(fresh);
  }

  #closeKind(kind: MediaKind, record?: ClosedRecord): void {
    const sender = this.#senders.get(kind);
    if (sender === undefined) return;
    this.#senders.delete(kind);
    this.peer.removeSender(sender);
    sender.close(record);
  }
}
