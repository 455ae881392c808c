/**
 * Sends one kind of a stream to another worker, with all layers.
 *
 * @module
 */

import { AUDIO_LAYER, FRAME, type FrameType } from '../pipe/pipe-frame.ts';
import { type SenderReport, writeSenderReport } from '../rtp/rtcp.ts';
import type { MediaKind } from '../sdp/codecs.ts';
import type { Layer } from './layer.ts';

/** The sending end of a pipe for one track. */
export class TrackPipe {
  readonly #kind: MediaKind;
  readonly #send: (type: FrameType, layer: number, bytes: Buffer) => boolean;

  constructor(kind: MediaKind, send: (type: FrameType, layer: number, bytes: Buffer) => boolean) {
    this.#kind = kind;
    this.#send = send;
  }

  /** Sends one packet as it was received. */
  forward(layer: Layer, packet: Buffer): void {
    this.#send(FRAME.rtp, this.#frameLayer(layer), packet);
  }

  sendReport(layer: Layer, { ntpSeconds, ntpFraction, rtpTimestamp }: SenderReport): void {
    // The other worker counts what it sends to each of its subscribers.
    const report = { ssrc: 0, ntpSeconds, ntpFraction, rtpTimestamp, packets: 0, octets: 0 };
    this.#send(FRAME.senderReport, this.#frameLayer(layer), writeSenderReport(report));
  }

  #frameLayer({ index }: Layer): number {
    return this.#kind === 'audio' ? AUDIO_LAYER : index;
  }
}
