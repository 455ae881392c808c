/**
 * A peer connection without a network, as strict as a browser's. For tests only.
 *
 * @module
 */

import { readSections, writeSection } from './fake-answer.ts';
import type { FakeTrack } from './fake-stream.ts';
import { FakeTransceiver } from './fake-transceiver.ts';

/**
 * A peer connection whose transport a test controls. It keeps the rules of JSEP: an answer fits the offer section by section, a
 * section of a stopped transceiver is used again once that was negotiated, and a closed connection rejects every call.
 */
export class FakePeer {
  connectionState: RTCPeerConnectionState = 'new';
  signalingState: RTCSignalingState = 'stable';
  localDescription: { readonly type: 'offer'; readonly sdp: string } | null = null;
  remoteSdp: string | undefined;
  iceGatheringState: RTCIceGatheringState = 'new';
  onconnectionstatechange: (() => void) | null = null;
  onicecandidate: ((event: { candidate: { candidate: string } | null }) => void) | null = null;
  onicecandidateerror: ((event: { errorCode: number; errorText: string; url: string }) => void) | null = null;
  onicegatheringstatechange: (() => void) | null = null;
  /** What the senders and receivers report; an entry with a `mid` belongs to the section with this mid. */
  report: [string, object][] = [];
  configuration: RTCConfiguration;
  /** How often ICE was restarted by an answered offer. */
  iceRestarts = 0;
  readonly number: number;
  readonly #transceivers: FakeTransceiver[] = [];
  /** The sections in the order of the descriptions. */
  readonly #sections: FakeTransceiver[] = [];
  #offer: string | undefined;
  #isIceRestartDue = false;
  #nextMid = 0;

  constructor(number: number, configuration: RTCConfiguration) {
    this.number = number;
    this.configuration = configuration;
  }

  /** The transceivers that are not stopped, without the first one, which no stream uses. */
  get transceivers(): FakeTransceiver[] {
    return this.#transceivers.slice(1).filter(({ isStopping }) => !isStopping);
  }

  /** What the sending sections send, in their order. */
  get sent(): (FakeTrack | null)[] {
    return this.transceivers.filter(({ direction }) => direction === 'sendonly').map(({ sender }) => sender.track);
  }

  /** All transceivers that are not stopped by a negotiation. */
  getTransceivers(): FakeTransceiver[] {
    return this.#transceivers.filter(({ isStopped }) => !isStopped);
  }

  async getStats(): Promise<Map<string, object>> {
    return new Map(this.report);
  }

  /** How many sections the descriptions have. */
  get sectionCount(): number {
    return this.#sections.length;
  }

  addTransceiver(sent: FakeTrack | 'audio' | 'video', init: RTCRtpTransceiverInit = {}): FakeTransceiver {
    this.requireOpen();
    const transceiver = new FakeTransceiver(this, sent, init);
    this.#transceivers.push(transceiver);
    return transceiver;
  }

  async createOffer(): Promise<{ type: 'offer'; sdp: string }> {
    this.requireOpen();
    this.#placeSections();
    const credentials = this.iceRestarts + (this.#isIceRestartDue ? 1 : 0);
    const head = `v=0\r\na=fingerprint:sha-256 client-${this.number}\r\na=ice-ufrag:u${credentials}\r\n`;
    const sections = this.#sections.map(({ kind, plannedMid, isStopping, direction }) =>
      writeSection({
        kind,
        mid: plannedMid,
        port: isStopping ? 0 : 9,
        direction: isStopping || direction === 'stopped' ? 'inactive' : direction,
      }),
    );
    this.#offer = [head, ...sections].join('');
    return { type: 'offer', sdp: this.#offer };
  }

  async setLocalDescription(description?: { readonly type: 'offer'; readonly sdp: string }): Promise<void> {
    const { type, sdp } = description ?? (await this.createOffer());
    this.requireOpen();
    if (JSON.stringify(readSections(sdp)) !== JSON.stringify(readSections(this.#offer ?? ''))) {
      throw new DOMException('the sections differ from those of the latest offer', 'InvalidModificationError');
    }
    this.localDescription = { type, sdp };
    this.signalingState = 'have-local-offer';
    for (const transceiver of this.#sections) transceiver.mid = transceiver.plannedMid;
  }

  async setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    this.requireOpen();
    if (this.signalingState !== 'have-local-offer') throw new DOMException('there is no offer', 'InvalidStateError');
    const offered = readSections(this.localDescription?.sdp ?? '');
    const answered = readSections(sdp);
    const isFitting =
      answered.length === offered.length &&
      offered.every(({ kind, mid, port, direction }, index) => {
        const answer = answered[index];
        const allowed: Record<string, readonly string[]> = { sendonly: ['recvonly'], recvonly: ['sendonly'] };
        const isAllowed = answer?.direction === 'inactive' || allowed[direction]?.includes(answer?.direction ?? '');
        return answer?.kind === kind && answer.mid === mid && (port > 0 || answer.port === 0) && isAllowed;
      });
    if (!isFitting) throw new DOMException('the answer does not fit the offer', 'InvalidAccessError');
    this.remoteSdp = sdp;
    this.signalingState = 'stable';
    if (this.#isIceRestartDue) this.iceRestarts += 1;
    this.#isIceRestartDue = false;
    this.#sections.forEach((transceiver, index) => {
      const { direction = 'inactive' } = answered[index] ?? {};
      transceiver.handleAnswer(offered[index]?.port === 0, direction);
    });
  }

  restartIce(): void {
    this.requireOpen();
    this.#isIceRestartDue = true;
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.requireOpen();
    this.configuration = configuration;
  }

  /** Sets the state of the transport, which connects only after an answer. */
  become(state: RTCPeerConnectionState): void {
    this.requireOpen();
    if (state === 'connected' && this.remoteSdp === undefined) throw new Error('no offer was answered');
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  /** Reports that a candidate was gathered. */
  findCandidate(candidate = 'candidate:1 1 udp 1 192.0.2.1 5000 typ host'): void {
    this.requireOpen();
    this.onicecandidate?.({ candidate: { candidate } });
  }

  /** Reports a STUN or TURN server that refuses or, with the code 701, does not answer. */
  failServer(url: string, errorCode: number, errorText = ''): void {
    this.requireOpen();
    this.onicecandidateerror?.({ url, errorCode, errorText });
  }

  /** Ends gathering. */
  finishGathering(): void {
    this.requireOpen();
    this.iceGatheringState = 'complete';
    this.onicecandidate?.({ candidate: null });
    this.onicegatheringstatechange?.();
  }

  /** Closes the connection from this side and ends the tracks that it receives; raises no event. */
  close(): void {
    this.connectionState = 'closed';
    this.signalingState = 'closed';
    for (const { receiver } of this.#transceivers) receiver.track.stop();
  }

  /** @throws DOMException `InvalidStateError` if the connection is closed */
  requireOpen(): void {
    if (this.connectionState === 'closed') {
      throw new DOMException('The peer connection is closed.', 'InvalidStateError');
    }
  }

  #placeSections(): void {
    for (const transceiver of this.#transceivers) {
      if (this.#sections.includes(transceiver) || transceiver.isStopping) continue;
      const free = this.#sections.findIndex(({ isStopped }) => isStopped);
      transceiver.plannedMid = String(this.#nextMid);
      this.#nextMid += 1;
      if (free >= 0) this.#sections[free] = transceiver;
      else this.#sections.push(transceiver);
    }
  }
}
