/**
 * A packet of a publisher, as forwarders see it.
 *
 * @module
 */

import { beginsH264Keyframe } from '../rtp/h264.ts';
import { Vp8Descriptor } from '../rtp/vp8.ts';
import type { CodecName } from '../sdp/codecs.ts';

/**
 * What a forwarder needs to know about one packet. One instance is reused for every packet of a track, so that forwarding
 * allocates nothing.
 */
export class SourcePacket {
  /** The layer, from 0, the lowest; 0 for audio. */
  layer = 0;
  /** The sequence number of the layer, unwrapped. */
  sequence = 0;
  /** The layer's own RTP timestamp. */
  timestamp = 0;
  /** Whether it is the last packet of its frame. */
  marker = false;
  payloadBytes = 0;
  /** Whether the payload has redundancy (RFC 2198). */
  isRed = false;
  /** The level of the sound, as its byte (RFC 6464); -1 if the publisher does not tell it. */
  audioLevel = -1;
  /**
   * Whether a receiver can begin here: at a keyframe of video. Always true for audio, and for codecs whose keyframes are
   * not recognised.
   */
  isStart = true;
  /** Whether the track has no other layer, so that nothing is gained by waiting for a keyframe at the beginning. */
  isOnlyLayer = true;
  /** Whether `vp8` describes this packet. */
  isVp8 = false;
  readonly vp8 = new Vp8Descriptor();

  /**
   * Reads the payload; the other fields are set by the caller.
   *
   * @param isFrameStart whether the packet before it was the last of its frame
   */
  readPayload(codec: CodecName, packet: Buffer, offset: number, end: number, isFrameStart: boolean): void {
    this.payloadBytes = end - offset;
    this.isVp8 = codec === 'VP8' && this.vp8.read(packet, offset, end);
    if (codec === 'VP8') this.isStart = this.isVp8 && this.vp8.isKeyframe;
    else if (codec === 'H264') this.isStart = beginsH264Keyframe(packet, offset, end, isFrameStart);
    else this.isStart = true;
  }
}
