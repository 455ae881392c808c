/**
 * A transceiver of a fake peer connection. For tests only.
 *
 * @module
 */

import { FakeFrames, type FakeScriptTransform } from './fake-frames.ts';
import type { FakePeer } from './fake-peer.ts';
import { FakeTrack } from './fake-stream.ts';

/** A transceiver: its section of the descriptions, what it sends, and what it receives. */
export class FakeTransceiver {
  readonly kind: 'audio' | 'video';
  /** What `addTransceiver` was given. */
  readonly sent: FakeTrack | 'audio' | 'video';
  readonly sender: FakeSender;
  readonly receiver: {
    readonly frames: FakeFrames;
    transform: FakeScriptTransform;
    readonly track: FakeTrack;
    jitterBufferTarget: number | null;
    getStats(): Promise<Map<string, object>>;
  };
  mid: string | null = null;
  /** The mid of the latest offer, which may not be set as local description yet. */
  plannedMid = '';
  direction: RTCRtpTransceiverDirection;
  currentDirection: RTCRtpTransceiverDirection | null = null;
  codecs: readonly RTCRtpCodec[] = [];
  isStopping = false;
  /** Whether the stop was negotiated. */
  isStopped = false;
  readonly #peer: FakePeer;

  constructor(peer: FakePeer, sent: FakeTrack | 'audio' | 'video', init: RTCRtpTransceiverInit) {
    this.#peer = peer;
    this.kind = typeof sent === 'string' ? sent : sent.kind;
    this.sent = sent;
    this.direction = init.direction ?? 'sendrecv';
    this.sender = new FakeSender(peer, this, typeof sent === 'string' ? null : sent, init.sendEncodings ?? [{}]);
    const frames = new FakeFrames();
    this.receiver = {
      frames,
      set transform(transform: FakeScriptTransform) {
        frames.transform(transform);
      },
      track: new FakeTrack(this.kind, `${this.kind}-of-peer-${peer.number}`),
      jitterBufferTarget: null,
      getStats: async () => selectReport(peer, this, ['inbound-rtp', 'remote-outbound-rtp']),
    };
  }

  setCodecPreferences(codecs: readonly RTCRtpCodec[]): void {
    this.#requireUsable();
    this.codecs = codecs;
  }

  stop(): void {
    this.#peer.requireOpen();
    this.isStopping = true;
    this.direction = 'stopped';
    this.receiver.track.stop();
  }

  /** Handles the answer to an offer that listed this section. */
  handleAnswer(wasOfferedAsStopped: boolean, answer: RTCRtpTransceiverDirection): void {
    this.isStopped = wasOfferedAsStopped;
    const own = { recvonly: 'sendonly', sendonly: 'recvonly', sendrecv: 'sendrecv' } as const;
    this.currentDirection = wasOfferedAsStopped ? 'stopped' : (own[answer as keyof typeof own] ?? 'inactive');
  }

  #requireUsable(): void {
    this.#peer.requireOpen();
    if (this.isStopping) throw new DOMException('the transceiver is stopped', 'InvalidStateError');
  }
}

/** The sender of a fake transceiver. */
class FakeSender {
  track: FakeTrack | null;
  readonly frames = new FakeFrames();
  readonly #peer: FakePeer;
  readonly #transceiver: FakeTransceiver;
  #encodings: RTCRtpEncodingParameters[];

  constructor(
    peer: FakePeer,
    transceiver: FakeTransceiver,
    track: FakeTrack | null,
    encodings: RTCRtpEncodingParameters[],
  ) {
    this.#peer = peer;
    this.#transceiver = transceiver;
    this.track = track;
    this.#encodings = encodings;
  }

  set transform(transform: FakeScriptTransform) {
    this.frames.transform(transform);
  }

  async replaceTrack(track: FakeTrack | null): Promise<void> {
    this.#peer.requireOpen();
    if (this.#transceiver.isStopping) throw new DOMException('the transceiver is stopped', 'InvalidStateError');
    if (track && track.kind !== this.#transceiver.kind) throw new TypeError('the track is of another kind');
    await Promise.resolve();
    // The browser leaves the promise pending when the connection is closed meanwhile.
    if (this.#peer.connectionState === 'closed') await new Promise(() => {});
    this.track = track;
  }

  getParameters(): { encodings: RTCRtpEncodingParameters[] } {
    return { encodings: structuredClone(this.#encodings) };
  }

  async setParameters({ encodings }: { encodings: RTCRtpEncodingParameters[] }): Promise<void> {
    this.#peer.requireOpen();
    if (this.#transceiver.isStopping) throw new DOMException('the transceiver is stopped', 'InvalidStateError');
    if (encodings.length !== this.#encodings.length) {
      throw new DOMException('the number of encodings cannot change', 'InvalidModificationError');
    }
    this.#encodings = structuredClone(encodings);
  }

  async getStats(): Promise<Map<string, object>> {
    return selectReport(this.#peer, this.#transceiver, ['outbound-rtp', 'remote-inbound-rtp', 'media-source']);
  }
}

/** Returns the entries of a sender or a receiver, and those that belong to no stream. */
function selectReport(peer: FakePeer, { kind, mid }: FakeTransceiver, types: readonly string[]): Map<string, object> {
  const streamTypes = ['inbound-rtp', 'outbound-rtp', 'remote-inbound-rtp', 'remote-outbound-rtp', 'media-source'];
  return new Map(
    peer.report.filter(([, one]) => {
      const entry = one as { readonly type: string; readonly kind?: string; readonly mid?: string };
      if (!streamTypes.includes(entry.type)) return true;
      return types.includes(entry.type) && entry.kind === kind && (entry.mid ?? mid) === mid;
    }),
  );
}
