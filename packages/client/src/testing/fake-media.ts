/**
 * WebRTC without a network: fake peer connections and streams that tests control. For tests only.
 *
 * @module
 */

import type { MediaPlatform } from '../core/media/media-platform.ts';
import { FakeAudio } from './fake-audio.ts';
import { FakePage } from './fake-page.ts';
import { FakePeer } from './fake-peer.ts';
import { FakeStream, FakeTrack } from './fake-stream.ts';
import type { FakeTransceiver } from './fake-transceiver.ts';

export { FakePeer } from './fake-peer.ts';
export { FakeStream, FakeTrack } from './fake-stream.ts';

/** Creates fake peer connections and stores them. */
export class FakeMedia {
  readonly peers: FakePeer[] = [];
  codecs: readonly RTCRtpCodec[] = [];
  readonly page = new FakePage();
  readonly audio = new FakeAudio();

  /** The media platform for the core. The fakes have only the members that the core uses. */
  readonly platform: MediaPlatform = {
    createPeerConnection: (configuration) => {
      const peer = new FakePeer(this.peers.length + 1, configuration);
      this.peers.push(peer);
      return peer as unknown as RTCPeerConnection;
    },
    createMediaStream: (tracks = []) =>
      new FakeStream(tracks as unknown as readonly FakeTrack[]) as unknown as MediaStream,
    sendableVideoCodecs: () => this.codecs,
    receivableCodecs: () => [],
    createAudioContext: () => this.audio.createContext() as unknown as AudioContext,
    document: this.page as unknown as Document,
  };

  /** The newest peer connection. */
  get peer(): FakePeer {
    const peer = this.peers.at(-1);
    if (!peer) throw new Error('no peer connection was made');
    return peer;
  }

  /** The sections that carry a stream, of all peer connections that are not closed. */
  get sections(): FakeTransceiver[] {
    return this.open.flatMap(({ transceivers }) => transceivers);
  }

  /** Returns the peer connections that are not closed. */
  get open(): FakePeer[] {
    return this.peers.filter((peer) => peer.connectionState !== 'closed');
  }
}

/** Returns a camera's stream. */
export function cameraStream(kinds: readonly ('audio' | 'video')[] = ['audio', 'video']) {
  const tracks = kinds.map((kind) => new FakeTrack(kind));
  return { tracks, stream: new FakeStream(tracks) as unknown as MediaStream };
}
