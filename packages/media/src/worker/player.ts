/**
 * A player of a stream.
 *
 * @module
 */

import type { PlayerDump, TransportCounters } from '../engine.ts';
import { parseRtcp, type RtcpItem } from '../rtp/rtcp.ts';
import { isRtcp, patchPayloadType } from '../rtp/rtp-packet.ts';
import type { LocalTransport } from '../sdp/answer.ts';
import type { MediaKind } from '../sdp/codecs.ts';
import type { OfferTransport } from '../sdp/offer.ts';
import type { Transport } from '../transport/transport.ts';
import { toEpochMs } from './clock.ts';
import type { ClosedRecord } from './closed-ring.ts';
import { createCounters } from './counters.ts';
import { ResendThrottle } from './resend-throttle.ts';
import type { StreamTrack, TrackOutput } from './stream-track.ts';
import type { WorkerContext } from './worker-context.ts';

const DEFAULT_ROUND_TRIP_MS = 60;
const MIN_RESEND_INTERVAL_MS = 20;
const MAX_RESEND_INTERVAL_MS = 300;

/** Callbacks of a player to its stream. */
export interface PlayerHandlers {
  handlePlayerOpen(player: Player): void;
  handlePlayerLost(player: Player): void;
  handleKeyframeNeeded(): void;
}

/** A player's peer connection. */
export class Player {
  readonly name: string;
  readonly payloadTypes: ReadonlyMap<MediaKind, number>;
  readonly counters = createCounters();

  readonly #context: WorkerContext;
  readonly #transport: Transport;
  readonly #tracks: ReadonlyMap<MediaKind, StreamTrack>;
  readonly #outputs = new Map<MediaKind, TrackOutput>();
  readonly #handlers: PlayerHandlers;
  #state: 'connecting' | 'connected' | 'closed' = 'connecting';
  #resends: ResendThrottle | undefined;
  #roundTripMs = DEFAULT_ROUND_TRIP_MS;

  constructor(
    name: string,
    offer: OfferTransport,
    payloadTypes: ReadonlyMap<MediaKind, number>,
    tracks: ReadonlyMap<MediaKind, StreamTrack>,
    context: WorkerContext,
    handlers: PlayerHandlers,
  ) {
    this.name = name;
    this.payloadTypes = payloadTypes;
    this.#context = context;
    this.#tracks = tracks;
    this.#handlers = handlers;
    this.#transport = context.transports.create('recvonly', offer, {
      handleOpen: () => this.#handleOpen(),
      handlePacket: (packet) => this.#handlePacket(packet),
      handleLost: () => handlers.handlePlayerLost(this),
      handleError: (error) => context.reportError('player', error),
    });
  }

  describe(): Promise<LocalTransport> {
    return this.#transport.describe();
  }

  dump(): PlayerDump {
    const state = this.#state === 'closed' ? 'lost' : this.#state;
    return { player: this.name, state, counters: this.dumpCounters() };
  }

  dumpCounters(): TransportCounters {
    return { ...this.counters };
  }

  /** Closes it immediately: removes it from the tracks, then closes the transport (KICK-4). */
  close(record?: ClosedRecord): void {
    this.#state = 'closed';
    for (const [kind, output] of this.#outputs) this.#tracks.get(kind)?.removeOutput(output);
    this.#outputs.clear();
    this.#transport.close(record);
  }

  #handleOpen(): void {
    this.#state = 'connected';
    for (const [kind, payloadType] of this.payloadTypes) {
      const track = this.#tracks.get(kind);
      if (track === undefined) continue;
      const output: TrackOutput = {
        payloadType,
        sendRtp: (packet, nowMs) => this.#sendRtp(packet, nowMs),
        sendRtcp: (packet) => void this.#transport.send(packet),
      };
      this.#outputs.set(kind, output);
      track.addOutput(output);
    }
    this.#handlers.handlePlayerOpen(this);
  }

  #sendRtp(packet: Buffer, nowMs: number, isRepetition = false): void {
    if (!this.#transport.send(packet, isRepetition)) return;
    const counters = this.counters;
    counters.packets += 1;
    counters.bytes += packet.length;
    counters.lastPacketAtMs = toEpochMs(nowMs);
  }

  #handlePacket(packet: Buffer): void {
    if (!isRtcp(packet)) return;
    for (const item of parseRtcp(packet)) this.#handleRtcp(item);
  }

  #handleRtcp(item: RtcpItem): void {
    const track = this.#tracks.get('video');
    if (track === undefined || !this.payloadTypes.has('video') || item.ssrc !== track.source.ssrc) return;
    if (item.type === 'keyframe-request') {
      this.counters.keyframeRequests += 1;
      this.#handlers.handleKeyframeNeeded();
    } else if (item.type === 'nack') {
      this.#resend(track, item.sequences);
    } else if (item.type === 'report-block' && item.lastSenderReport === track.sentReport?.id) {
      const elapsedMs = this.#context.now() - track.sentReport.sentAtMs;
      this.#roundTripMs = Math.max(0, elapsedMs - (item.delaySinceLastSenderReport * 1000) / 65_536);
    }
  }

  #resend(track: StreamTrack, sequences: readonly number[]): void {
    const output = this.#outputs.get('video');
    if (output === undefined || track.buffer === undefined || track.isBlocked) return;
    const nowMs = this.#context.now();
    const intervalMs = Math.min(MAX_RESEND_INTERVAL_MS, Math.max(MIN_RESEND_INTERVAL_MS, this.#roundTripMs));
    this.#resends ??= new ResendThrottle();
    this.counters.lost += sequences.length;
    for (const sequence of sequences) {
      const packet = track.buffer.find(sequence);
      if (packet === undefined || !this.#resends.permit(sequence, nowMs, intervalMs)) continue;
      patchPayloadType(packet, output.payloadType);
      this.counters.retransmitted += 1;
      this.#sendRtp(packet, nowMs, true);
    }
  }
}
