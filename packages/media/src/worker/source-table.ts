/**
 * Assigns the packets that a peer sends to layers, by SSRC.
 *
 * @module
 */

import type { RtpHeader } from '../rtp/rtp-packet.ts';
import type { ClosedRecord } from './closed-ring.ts';
import type { Layer } from './layer.ts';

/** SSRCs of closed layers that are remembered. */
const MAX_CLOSED = 1_024;

/**
 * The sources of one peer. An SSRC that the offer announces belongs to its section. An unannounced one is learnt from its
 * first packet: by the mid and the rid that it carries, else by its payload type if no other section of the peer uses it.
 * It then belongs to that layer until the layer is closed, so that other SSRCs cannot be passed off as the same source.
 */
export class SourceTable {
  readonly #layers = new Set<Layer>();
  readonly #media = new Map<number, Layer>();
  readonly #retransmissions = new Map<number, Layer>();
  /** Sources of closed layers, oldest first. They are learnt again by a rid only, which names a layer of the last offer. */
  readonly #closed = new Map<number, ClosedRecord | undefined>();
  readonly #handleRemoved: (layer: Layer) => void;

  /** @param handleRemoved called for each layer that is removed */
  constructor(handleRemoved: (layer: Layer) => void) {
    this.#handleRemoved = handleRemoved;
  }

  /** Every layer. */
  get layers(): ReadonlySet<Layer> {
    return this.#layers;
  }

  /** Adds a layer with its announced sources, unless other layers have them. */
  add(layer: Layer): void {
    this.#layers.add(layer);
    if (layer.ssrc !== undefined) this.#assign(this.#media, layer.ssrc, layer);
    if (layer.rtxSsrc !== undefined) this.#assign(this.#retransmissions, layer.rtxSsrc, layer);
  }

  /** Removes a layer; packets of it that still arrive are counted in the record. */
  remove(layer: Layer, record?: ClosedRecord): void {
    if (!this.#layers.delete(layer)) return;
    this.#handleRemoved(layer);
    for (const [sources, ssrc] of [
      [this.#media, layer.ssrc],
      [this.#retransmissions, layer.rtxSsrc],
    ] as const) {
      if (ssrc === undefined || sources.get(ssrc) !== layer) continue;
      sources.delete(ssrc);
      this.#closed.set(ssrc, record);
    }
    if (this.#closed.size <= MAX_CLOSED) return;
    const [oldest] = this.#closed.keys();
    if (oldest !== undefined) this.#closed.delete(oldest);
  }

  /** Removes every layer. */
  clear(): void {
    for (const layer of this.#layers) this.remove(layer);
  }

  /** Finds the layer whose media has an SSRC, such as that of a sender report. */
  findMedia(ssrc: number): Layer | undefined {
    return this.#media.get(ssrc);
  }

  /** Passes a packet to its layer; a packet of no layer is dropped. */
  receive(packet: Buffer, header: RtpHeader, nowMs: number): void {
    const { ssrc } = header;
    const layer = this.#media.get(ssrc);
    if (layer !== undefined) {
      layer.receive(packet, header, nowMs);
      return;
    }
    const resent = this.#retransmissions.get(ssrc);
    if (resent !== undefined) resent.receiveRetransmission(packet, header, nowMs);
    else if (!this.#learn(packet, header, nowMs)) this.#countClosed(ssrc);
  }

  #countClosed(ssrc: number): void {
    const record = this.#closed.get(ssrc);
    if (record !== undefined) record.arrivedAfterClose += 1;
  }

  /** Assigns the source of a packet to a layer and passes the packet to it; `false` if there is no such layer. */
  #learn(packet: Buffer, header: RtpHeader, nowMs: number): boolean {
    const layer = this.#findUnannounced(packet, header);
    if (layer === undefined || (layer.rid === undefined && this.#closed.has(header.ssrc))) return false;
    if (header.payloadType === layer.kind.codec.payloadType) {
      layer.ssrc ??= header.ssrc;
      this.#assign(this.#media, header.ssrc, layer);
    } else {
      layer.rtxSsrc ??= header.ssrc;
      this.#assign(this.#retransmissions, header.ssrc, layer);
    }
    this.receive(packet, header, nowMs);
    return true;
  }

  #findUnannounced(packet: Buffer, header: RtpHeader): Layer | undefined {
    let found: Layer | undefined;
    let readId: number | undefined;
    let mid: string | undefined;
    for (const layer of this.#layers) {
      const { codec, rtxPayloadType, midId } = layer.kind;
      const isMedia = header.payloadType === codec.payloadType;
      if (!isMedia && header.payloadType !== rtxPayloadType) continue;
      if (midId !== readId) {
        readId = midId;
        mid = midId === undefined ? undefined : header.findExtensionText(packet, midId);
      }
      if (mid !== undefined && mid !== layer.kind.mid) continue;
      if (layer.rid !== undefined && layer.rid !== readRid(packet, header, layer, isMedia)) continue;
      if (mid === undefined && found !== undefined) return undefined;
      found = layer;
      if (mid !== undefined) break;
    }
    if (found === undefined) return undefined;
    // A layer without announced sources learns one of each type.
    const known = header.payloadType === found.kind.codec.payloadType ? found.ssrc : found.rtxSsrc;
    return known === undefined && found.kind.source === undefined ? found : undefined;
  }

  #assign(sources: Map<number, Layer>, ssrc: number, layer: Layer): void {
    if (this.#media.has(ssrc) || this.#retransmissions.has(ssrc)) return;
    this.#closed.delete(ssrc);
    sources.set(ssrc, layer);
  }
}

function readRid(packet: Buffer, header: RtpHeader, { kind }: Layer, isMedia: boolean): string | undefined {
  const id = isMedia ? kind.ridId : kind.repairedRidId;
  return id === undefined ? undefined : header.findExtensionText(packet, id);
}
