/**
 * Which codecs are offered, in which order.
 *
 * @module
 */

/** A video codec that the server forwards in layers (CONN-1). */
export type VideoCodec = 'VP8' | 'H264';

/** Orders codecs: the preferred one, then the other one that the server forwards, then the rest in their old order. */
export function orderCodecs(codecs: readonly RTCRtpCodec[], preferred: VideoCodec): RTCRtpCodec[] {
  const rank = (codec: RTCRtpCodec): number => {
    const name = codec.mimeType.toLowerCase();
    if (name === `video/${preferred.toLowerCase()}`) return 0;
    return name === 'video/vp8' || name === 'video/h264' ? 1 : 2;
  };
  return [...codecs].sort((one, other) => rank(one) - rank(other));
}

/** The codecs that the server forwards, and RTX, which repairs losses of video. */
const RECEIVED: ReadonlySet<string> = new Set([
  'audio/opus',
  'audio/red',
  'video/vp8',
  'video/h264',
  'video/vp9',
  'video/av1',
  'video/rtx',
]);

/** Returns the codecs that a playback offers: offers with many sections stay short. */
export function selectReceived(codecs: readonly RTCRtpCodec[]): RTCRtpCodec[] {
  return codecs.filter(({ mimeType }) => RECEIVED.has(mimeType.toLowerCase()));
}
