/**
 * Sends the last picture of a silent layer to subscribers that come late.
 *
 * A publisher whose picture does not change, such as a shared screen, may send nothing for minutes, not even in answer to a
 * request for a keyframe. Its last keyframe and what followed are in the layer's buffer.
 *
 * @module
 */

import { SourcePacket } from '../forwarding/source-packet.ts';
import { OutgoingPacket } from '../rtp/outgoing-packet.ts';
import { RtpHeader } from '../rtp/rtp-packet.ts';
import type { Layer } from './layer.ts';
import type { TrackSender } from './track-sender.ts';

/** A layer is silent after this time without packets, in milliseconds: longer than the answer to a keyframe request takes. */
export const SILENT_AFTER_MS = 250;

const out = new OutgoingPacket('video');
const header = new RtpHeader();
const source = new SourcePacket();

/**
 * Sends the last keyframe of a layer and what followed it, up to the first packet that is missing. Returns `false`, and
 * sends nothing, if the keyframe is not in the buffer any longer.
 */
export function replayPicture(layer: Layer, sender: TrackSender, nowMs: number): boolean {
  const { track, buffer, keyframeSequence, highestSequence } = layer;
  if (keyframeSequence < 0 || buffer.find(keyframeSequence & 0xffff) === undefined) return false;
  sender.restart();
  source.layer = layer.index;
  source.isOnlyLayer = track.layers.length === 1;
  for (let sequence = keyframeSequence; sequence <= highestSequence; sequence += 1) {
    const packet = buffer.find(sequence & 0xffff);
    if (packet === undefined || !header.read(packet)) break;
    const { payloadOffset, payloadBytes, timestamp, marker } = header;
    const end = payloadOffset + payloadBytes;
    source.sequence = sequence;
    source.timestamp = timestamp;
    source.marker = marker;
    source.readPayload(track.codec.name, packet, payloadOffset, end, sequence === keyframeSequence);
    if (out.load(packet, payloadOffset, end, marker)) sender.forward(source, out, out, nowMs);
  }
  return true;
}

/** When the silent picture is due to one subscriber. Times are milliseconds of the worker's clock. */
export class ReplaySchedule {
  /** Time for the subscriber to handle the answer that announces the source. */
  static readonly FIRST_DELAY_MS = 200;
  /** A subscriber that does not react gets the picture again after this time, then after twice as long, and so on. */
  static readonly REPEAT_AFTER_MS = 500;
  static readonly MAX_REPLAYS = 4;
  static readonly MIN_INTERVAL_MS = 400;

  #attachedAtMs = Number.POSITIVE_INFINITY;
  #replayedAtMs = Number.NEGATIVE_INFINITY;
  #replays = 0;
  #hasReacted = false;
  #isRequested = false;

  handleAttached(nowMs: number): void {
    this.#attachedAtMs = nowMs;
  }

  /** The publisher's own packets arrive: nothing is due until it is silent again. */
  handleLivePacket(isKeyframe: boolean): void {
    this.#replays = 0;
    if (isKeyframe) this.#isRequested = false;
  }

  handleKeyframeRequest(): void {
    this.#isRequested = true;
    this.#hasReacted = true;
  }

  /** The subscriber has reported that packets arrive. */
  handleReport(): void {
    this.#hasReacted = true;
  }

  /** @param hasOutput whether the subscriber has been sent any packet */
  isDue(nowMs: number, hasOutput: boolean): boolean {
    const { FIRST_DELAY_MS, REPEAT_AFTER_MS, MAX_REPLAYS, MIN_INTERVAL_MS } = ReplaySchedule;
    if (nowMs - this.#attachedAtMs < FIRST_DELAY_MS || nowMs - this.#replayedAtMs < MIN_INTERVAL_MS) return false;
    if (!hasOutput || this.#isRequested) return true;
    if (this.#hasReacted || this.#replays === 0 || this.#replays === MAX_REPLAYS) return false;
    return nowMs - this.#replayedAtMs >= REPEAT_AFTER_MS * 2 ** (this.#replays - 1);
  }

  /**
   * Whether the picture may become due without a further event.
   *
   * @param hasOutput as for `isDue`
   */
  mayBecomeDue(hasOutput: boolean): boolean {
    if (!Number.isFinite(this.#attachedAtMs)) return false;
    if (!hasOutput || this.#isRequested) return true;
    return !this.#hasReacted && this.#replays > 0 && this.#replays < ReplaySchedule.MAX_REPLAYS;
  }

  handleReplayed(nowMs: number): void {
    this.#replayedAtMs = nowMs;
    this.#replays += 1;
    this.#isRequested = false;
  }
}
