/**
 * How long received sound waits before it is played. A browser keeps the wait short even where the network loses much, so that
 * packets that are sent again come too late.
 *
 * @module
 */

import type { Clock } from '../platform.ts';

/** How often the browser's counters are read. */
const READ_MS = 3_000;
/** Fewer packets than these say nothing about the loss: somebody is silent. */
const MIN_PACKETS = 50;
/** Requests per packet from which the wait is lengthened; below, the redundancy of the sound suffices. */
const LENGTHEN_FROM = 0.08;
/** The wait is the browser's own again when there were fewer requests per packet for some time. */
const SHORTEN_BELOW = 0.04;
const SHORTEN_AFTER_MS = 30_000;
/** A packet that is sent again comes a round trip after the next one, which shows the loss; the rest is for jitter. */
const MARGIN_MS = 50;
/** Conversations suffer from more. With a longer round trip, nothing that is sent again comes in time. */
const MAX_WAIT_MS = 200;
/** Enough for the copy of a packet that the next one carries. */
const REDUNDANCY_WAIT_MS = 80;

/** What an entry of the browser's report may have: one of a section that receives sound, or of a candidate pair. */
interface ReportEntry {
  readonly type: string;
  readonly kind?: string;
  readonly mid?: string;
  readonly packetsReceived?: number;
  readonly nackCount?: number;
  /** Whether the candidate pair is the one in use. */
  readonly nominated?: boolean;
  /** In seconds. */
  readonly currentRoundTripTime?: number;
}

/** What is known of one receiver. */
interface Reception {
  packets: number;
  requests: number;
  /** What was set, in milliseconds; null for the browser's own choice. */
  waitMs: number | null;
  /** When much was lost last. */
  lossyAtMs: number;
}

/** Sets the wait of all sound that one peer connection receives. Sound whose wait the application has chosen keeps it. */
export class SoundDelay {
  readonly #peer: RTCPeerConnection;
  readonly #clock: Clock;
  readonly #receptions = new WeakMap<RTCRtpReceiver, Reception>();
  #timer: unknown;

  constructor(peer: RTCPeerConnection, clock: Clock) {
    this.#peer = peer;
    this.#clock = clock;
    this.#schedule();
  }

  /** Ends the readings. */
  close(): void {
    this.#clock.clearTimeout(this.#timer);
  }

  #schedule(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#schedule();
      void this.#read();
    }, READ_MS);
  }

  async #read(): Promise<void> {
    const sections = this.#peer
      .getTransceivers()
      .filter(({ receiver, currentDirection }) => receiver.track.kind === 'audio' && currentDirection === 'recvonly');
    if (sections.length === 0) return;
    const report = await this.#peer.getStats();
    const entries = [...(report as unknown as Map<string, ReportEntry>).values()];
    const pair = entries.find(({ type, nominated }) => type === 'candidate-pair' && nominated);
    const waitMs = chooseWait((pair?.currentRoundTripTime ?? 0) * 1_000);
    for (const { mid, receiver } of sections) {
      const entry = entries.find((entry) => entry.type === 'inbound-rtp' && entry.mid === mid);
      if (entry) this.#adjust(receiver, entry, waitMs);
    }
  }

  #adjust(receiver: RTCRtpReceiver, { packetsReceived = 0, nackCount = 0 }: ReportEntry, waitMs: number): void {
    const nowMs = this.#clock.now();
    const first = { packets: packetsReceived, requests: nackCount, waitMs: null, lossyAtMs: nowMs };
    const reception = this.#receptions.get(receiver) ?? first;
    this.#receptions.set(receiver, reception);
    const packets = packetsReceived - reception.packets;
    const share = (nackCount - reception.requests) / packets;
    // Another wait than ours is the application's.
    if (packets < MIN_PACKETS || receiver.jitterBufferTarget !== reception.waitMs) return;
    reception.packets = packetsReceived;
    reception.requests = nackCount;
    if (share >= SHORTEN_BELOW) reception.lossyAtMs = nowMs;
    if (share >= LENGTHEN_FROM) reception.waitMs = Math.max(reception.waitMs ?? 0, waitMs);
    else if (nowMs - reception.lossyAtMs >= SHORTEN_AFTER_MS) reception.waitMs = null;
    if (receiver.jitterBufferTarget !== reception.waitMs) receiver.jitterBufferTarget = reception.waitMs;
  }
}

/** Returns the wait in milliseconds in which a lost packet, or its copy, can still come. */
function chooseWait(roundTripMs: number): number {
  const waitMs = roundTripMs + MARGIN_MS;
  return waitMs > MAX_WAIT_MS ? REDUNDANCY_WAIT_MS : Math.max(REDUNDANCY_WAIT_MS, waitMs);
}
