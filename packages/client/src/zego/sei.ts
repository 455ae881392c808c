/**
 * SEI messages in the frames of own and of played streams.
 *
 * @module
 */

import { FrameChannel } from '../core/media/frame-data/frame-channel.ts';
import type { Clock } from '../core/platform.ts';

/** The payload type of the SEI by `SEIType`: not registered, or user data that begins with a UUID. */
const PAYLOAD_TYPES = [243, 5] as const;
const UUID_BYTES = 16;
/** The vendor's limits (reference zego 4.7). */
const MAX_BYTES = 4_096;
const MAX_IN_A_SECOND = 30;

/** How SEI messages are read. */
export interface ZegoSEIConfig {
  /** The UUID of the messages of `SEIType` 1 that are wanted, as a text of 16 bytes; default: all. */
  readonly unregisterSEIFilter?: string;
  /** Accepted for compatibility; has no effect. */
  readonly SEIPass?: boolean;
  /** Accepted for compatibility: the bytes that H.264 needs are always inserted. */
  readonly emulationPreventionByte?: boolean;
}

/** Sends SEI messages in the frames of one own stream. */
export class SeiSender {
  readonly frames: FrameChannel;
  readonly #clock: Clock;
  readonly #type: number;
  #times: number[] = [];

  private constructor(frames: FrameChannel, clock: Clock, seiType: number) {
    this.frames = frames;
    this.#clock = clock;
    this.#type = PAYLOAD_TYPES[seiType] ?? PAYLOAD_TYPES[0];
  }

  /**
   * Creates a sender.
   *
   * @param seiType the vendor's `SEIType`: 0 or 1
   * @throws Error as `FrameChannel.open`
   */
  static async open(clock: Clock, seiType = 0): Promise<SeiSender> {
    return new SeiSender(await FrameChannel.open('send'), clock, seiType);
  }

  /** Sends a message in one of the next frames; returns false if it is too long, or one of more than 30 in a second. */
  send(data: Uint8Array): boolean {
    const now = this.#clock.now();
    this.#times = this.#times.filter((time) => time > now - 1_000);
    const isAllowed = data instanceof Uint8Array && data.length <= MAX_BYTES && this.#times.length < MAX_IN_A_SECOND;
    if (!isAllowed || !this.frames.send({ type: this.#type, data })) return false;
    this.#times.push(now);
    return true;
  }
}

/** Reads the SEI messages in the frames of a played stream. @throws Error as `FrameChannel.open` */
export function openSeiReader(
  config: () => ZegoSEIConfig,
  received: (data: Uint8Array) => void,
): Promise<FrameChannel> {
  return FrameChannel.open('receive', ({ type, data }) => {
    const { unregisterSEIFilter: uuid } = config();
    const isUserData = type === PAYLOAD_TYPES[1];
    if (!isUserData && type !== PAYLOAD_TYPES[0]) return;
    if (!isUserData || !uuid || new TextDecoder().decode(data.subarray(0, UUID_BYTES)) === uuid) received(data);
  });
}
