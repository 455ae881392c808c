/**
 * The browser's WebRTC, Web Audio and page, reduced to what the clients use.
 *
 * @module
 */

/** Creates the browser's media objects. */
export interface MediaPlatform {
  createPeerConnection(configuration: RTCConfiguration): RTCPeerConnection;
  createMediaStream(tracks?: readonly MediaStreamTrack[]): MediaStream;
  /** The video codecs this browser can send, in its own order of preference. */
  sendableVideoCodecs(): readonly RTCRtpCodec[];
  /** The codecs of a kind that this browser can receive, in its own order of preference. */
  receivableCodecs(kind: 'audio' | 'video'): readonly RTCRtpCodec[];
  /** Undefined if there is no Web Audio. */
  createAudioContext?(): AudioContext;
  /** The page; undefined if there is none. */
  readonly document?: Document;
}

/** Returns the browser's WebRTC, or undefined if there is none (such as in Node). */
export function browserMedia(): MediaPlatform | undefined {
  if (typeof RTCPeerConnection === 'undefined') return undefined;
  return {
    createPeerConnection: (configuration) => new RTCPeerConnection(configuration),
    createMediaStream: (tracks = []) => new MediaStream([...tracks]),
    sendableVideoCodecs: () => RTCRtpSender.getCapabilities('video')?.codecs ?? [],
    receivableCodecs: (kind) => RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [],
    createAudioContext: () => new AudioContext(),
    document,
  };
}
