/**
 * A way to a peer. ICE chooses one of them; a peer may move from one to another at any time.
 *
 * @module
 */

import type { NativeBuffer } from '../ffi/memory.ts';
import type { AddressKey } from '../udp/socket-address.ts';

/** One address of a peer over UDP, or one TCP connection. */
export interface PeerPath {
  readonly key: AddressKey;
  /** The peer's address in network byte order, 4 or 16 bytes, and its port. */
  readonly ip: Buffer;
  readonly port: number;
  /** Whether packets can be sent. Only a TCP connection ends by itself. */
  readonly isOpen: boolean;
  /** Returns the memory of the next packet to send. Write into it, then call `queue`. */
  nextSlot(): NativeBuffer;
  /**
   * Queues the packet that was written into the slot. It leaves at the end of the event loop's turn at the latest.
   *
   * @returns `false` if it was dropped
   */
  queue(length: number): boolean;
  /** Sends what is queued, and nothing after that. */
  close(): void;
}
