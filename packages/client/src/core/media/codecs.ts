/**
 * Which video codec a publisher offers first, and the bitrate at which it starts.
 *
 * @module
 */

/** A video codec that the server forwards (MED-1). */
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

/**
 * Sets the start of Chromium's bandwidth estimate for video, in kbit/s, instead of 300.
 *
 * Chromium reads it from the remote description's format parameters; other browsers ignore it.
 */
export function setStartBitrate(answerSdp: string, kbps: number): string {
  const lines = answerSdp.split('\r\n');
  const start = lines.findIndex((line) => line.startsWith('m=video'));
  if (start < 0) return answerSdp;
  const next = lines.findIndex((line, index) => index > start && line.startsWith('m='));
  const end = next < 0 ? lines.length : next;
  const before = lines.slice(0, start);
  const after = lines.slice(end);
  const video = lines.slice(start, end);
  const codecLine = /^a=rtpmap:(\d+) (?:VP8|H264)\//i;
  const payloads = new Set(video.flatMap((line) => codecLine.exec(line)?.[1] ?? []));
  const changed = video.flatMap((line) => {
    const parameters = /^a=fmtp:(\d+) /.exec(line)?.[1];
    if (parameters !== undefined && payloads.has(parameters)) return [`${line};x-google-start-bitrate=${kbps}`];
    const payload = codecLine.exec(line)?.[1];
    const hasParameters = video.some((other) => payload !== undefined && other.startsWith(`a=fmtp:${payload} `));
    if (payload === undefined || hasParameters) return [line];
    return [line, `a=fmtp:${payload} x-google-start-bitrate=${kbps}`];
  });
  return [...before, ...changed, ...after].join('\r\n');
}
