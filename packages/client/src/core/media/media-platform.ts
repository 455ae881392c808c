/**
 * The browser's WebRTC, reduced to what the core creates.
 *
 * @module
 */

/** Creates the browser's media objects. */
export interface MediaPlatform {
  createPeerConnection(configuration: RTCConfiguration): RTCPeerConnection;
  createMediaStream(tracks?: readonly MediaStreamTrack[]): MediaStream;
  /** The video codecs this browser can send, in its own order of preference. */
  sendableVideoCodecs(): readonly RTCRtpCodec[];
}

/** Returns the browser's WebRTC, or undefined if there is none (such as in Node). */
export function browserMedia(): MediaPlatform | undefined {
  if (typeof RTCPeerConnection === 'undefined') return undefined;
  return {
    createPeerConnection: (configuration) => new RTCPeerConnection(configuration),
    createMediaStream: (tracks = []) => new MediaStream([...tracks]),
    sendableVideoCodecs: () => RTCRtpSender.getCapabilities('video')?.codecs ?? [],
  };
}
