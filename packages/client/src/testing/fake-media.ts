/**
 * WebRTC without a network: fake peer connections and streams that tests control. For tests only.
 *
 * @module
 */

import type { FrameStreams } from '../core/media/frame-data/frame-pipe.ts';
import type { MediaPlatform } from '../core/media/media-platform.ts';
import { FakeAudio } from './fake-audio.ts';
import { FakeFrames } from './fake-frames.ts';
import { FakePage } from './fake-page.ts';
import { FakeStream, FakeTrack } from './fake-stream.ts';

export { FakeStream, FakeTrack } from './fake-stream.ts';

/** Encoded frames of a fake sender or receiver. */
export interface FakeEnd {
  readonly frames: FakeFrames;
  createEncodedStreams(): FrameStreams;
}

/** The sender of a fake transceiver. */
export interface FakeSender extends FakeEnd {
  track: FakeTrack | null;
  replaceTrack(track: FakeTrack | null): Promise<void>;
  getParameters(): { encodings: RTCRtpEncodingParameters[] };
  setParameters(parameters: { encodings: RTCRtpEncodingParameters[] }): Promise<void>;
}

/** A peer connection whose state a test sets. Once closed, it rejects every call, as a browser's does. */
export class FakePeer {
  connectionState: RTCPeerConnectionState = 'new';
  localDescription: { sdp: string } | undefined;
  remoteSdp: string | undefined;
  iceGatheringState: RTCIceGatheringState = 'new';
  onconnectionstatechange: (() => void) | null = null;
  onicecandidate: ((event: { candidate: { candidate: string } | null }) => void) | null = null;
  onicecandidateerror: ((event: { errorCode: number; errorText: string; url: string }) => void) | null = null;
  onicegatheringstatechange: (() => void) | null = null;
  ontrack: ((event: { track: FakeTrack }) => void) | null = null;
  report: [string, object][] = [];
  readonly transceivers: {
    readonly sent: FakeTrack | string;
    readonly direction: string | undefined;
    codecs: readonly RTCRtpCodec[];
    readonly sender: FakeSender;
    readonly receiver: FakeEnd & { jitterBufferTarget: number | null };
  }[] = [];
  readonly configuration: RTCConfiguration;
  readonly #number: number;

  constructor(number: number, configuration: RTCConfiguration) {
    this.#number = number;
    this.configuration = configuration;
  }

  addTransceiver(sent: FakeTrack | string, init: RTCRtpTransceiverInit = {}) {
    this.#requireOpen();
    const kind = typeof sent === 'string' ? sent : sent.kind;
    let encodings = init.sendEncodings ?? [{}];
    const createEnd = (): FakeEnd => {
      const frames = new FakeFrames(this.configuration);
      return { frames, createEncodedStreams: () => frames.create() };
    };
    const sender: FakeSender = {
      ...createEnd(),
      getParameters: () => ({ encodings: structuredClone(encodings) }),
      setParameters: async (parameters) => {
        this.#requireOpen();
        encodings = structuredClone(parameters.encodings);
      },
      track: typeof sent === 'string' ? null : sent,
      replaceTrack: async (track) => {
        this.#requireOpen();
        if (track && track.kind !== kind) throw new TypeError('the track is of another kind');
        await Promise.resolve();
        // The browser leaves the promise pending when the connection is closed meanwhile.
        if (this.connectionState === 'closed') await new Promise(() => {});
        sender.track = track;
      },
    };
    const transceiver = {
      sent,
      direction: init.direction,
      codecs: [] as readonly RTCRtpCodec[],
      sender,
      receiver: { ...createEnd(), jitterBufferTarget: null as number | null },
      setCodecPreferences(codecs: readonly RTCRtpCodec[]) {
        transceiver.codecs = codecs;
      },
    };
    this.transceivers.push(transceiver);
    return transceiver;
  }

  async setLocalDescription(): Promise<void> {
    this.#requireOpen();
    this.localDescription = { sdp: `offer-${this.#number}` };
  }

  async setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    this.#requireOpen();
    if (!this.localDescription) throw new DOMException('there is no offer', 'InvalidStateError');
    this.remoteSdp = sdp;
    for (const { sent, direction } of this.transceivers) {
      if (direction !== 'recvonly' || typeof sent !== 'string') continue;
      this.ontrack?.({ track: new FakeTrack(sent as 'audio' | 'video', `${sent}-${this.#number}`) });
    }
  }

  async getStats(): Promise<Map<string, object>> {
    return new Map(this.report);
  }

  /** Sets the state of the transport. */
  become(state: RTCPeerConnectionState): void {
    this.#requireOpen();
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  /** Reports that a candidate was gathered. */
  findCandidate(candidate = 'candidate:1 1 udp 1 192.0.2.1 5000 typ host'): void {
    this.#requireOpen();
    this.onicecandidate?.({ candidate: { candidate } });
  }

  /** Reports a STUN or TURN server that refuses or, with the code 701, does not answer. */
  failServer(url: string, errorCode: number, errorText = ''): void {
    this.#requireOpen();
    this.onicecandidateerror?.({ url, errorCode, errorText });
  }

  /** Ends gathering. */
  finishGathering(): void {
    this.#requireOpen();
    this.iceGatheringState = 'complete';
    this.onicecandidate?.({ candidate: null });
    this.onicegatheringstatechange?.();
  }

  /** Closes the connection from this side; raises no event. */
  close(): void {
    this.connectionState = 'closed';
  }

  #requireOpen(): void {
    if (this.connectionState === 'closed') {
      throw new DOMException('The peer connection is closed.', 'InvalidStateError');
    }
  }
}

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
    createAudioContext: () => this.audio.createContext() as unknown as AudioContext,
    document: this.page as unknown as Document,
  };

  /** The newest peer connection. */
  get peer(): FakePeer {
    const peer = this.peers.at(-1);
    if (!peer) throw new Error('no peer connection was made');
    return peer;
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
