/**
 * Sends one kind of a stream to another worker: sound, or the layers of the video that are taken there.
 *
 * @module
 */

import { AUDIO_LAYER, FRAME, type FrameType } from '../pipe/pipe-frame.ts';
import { type SenderReport, writeSenderReport } from '../rtp/rtcp.ts';
import type { MediaKind } from '../sdp/codecs.ts';
import type { Layer } from './layer.ts';
import type { PipeDemand } from './pipe-demand.ts';

const EMPTY = Buffer.alloc(0);

/** Passes a frame to the other worker; `false` if it was dropped. */
export type SendFrame = (type: FrameType, layer: number, bytes: Buffer) => boolean;

/** The sending end of a pipe for one track. */
export class TrackPipe {
  readonly #kind: MediaKind;
  readonly #demand: PipeDemand;
  readonly #send: SendFrame;

  /** @param demand of the video; it outlives the track */
  constructor(kind: MediaKind, demand: PipeDemand, send: SendFrame) {
    this.#kind = kind;
    this.#demand = demand;
    this.#send = send;
  }

  /** Sends one packet as it was received, unless nobody there takes its layer. */
  forward({ index }: Layer, packet: Buffer, nowMs: number): void {
    if (this.#kind === 'audio') {
      this.#send(FRAME.rtp, AUDIO_LAYER, packet);
      return;
    }
    const demand = this.#demand;
    const isCarried = demand.carries(index, nowMs);
    if (isCarried && demand.isInterrupted(index)) this.#send(FRAME.resumed, index, EMPTY);
    demand.record(index, isCarried);
    if (isCarried) this.#send(FRAME.rtp, index, packet);
  }

  /** Sends the last picture of a layer that is taken again, if parts of it were left out: its publisher may be silent. */
  replay(layer: Layer, nowMs: number): void {
    const { index, buffer, keyframeSequence, highestSequence } = layer;
    if (!this.#demand.isInterrupted(index) || !this.#demand.carries(index, nowMs) || keyframeSequence < 0) return;
    for (let sequence = keyframeSequence; sequence <= highestSequence; sequence += 1) {
      const packet = buffer.find(sequence & 0xffff);
      if (packet === undefined) return;
      this.forward(layer, packet, nowMs);
    }
  }

  sendReport({ index }: Layer, { ntpSeconds, ntpFraction, rtpTimestamp }: SenderReport): void {
    // The other worker counts what it sends to each of its subscribers. Reports of all layers keep their clocks known there.
    const report = { ssrc: 0, ntpSeconds, ntpFraction, rtpTimestamp, packets: 0, octets: 0 };
    const layer = this.#kind === 'audio' ? AUDIO_LAYER : index;
    this.#send(FRAME.senderReport, layer, writeSenderReport(report));
  }
}
