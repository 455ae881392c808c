/**
 * One UDP socket that receives and sends in batches.
 *
 * The event loop wakes it by `uv_poll`. A batch is received by one `recvmmsg`; what its packets cause to be sent leaves
 * by one `sendmmsg`.
 *
 * @module
 */

import type { SocketBuffers } from '../engine.ts';
import { ERRNO, libc, readErrno } from '../ffi/libc.ts';
import type { NativeBuffer } from '../ffi/memory.ts';
import { CheckSchedule } from './check-schedule.ts';
import { growBuffers, openCheckDescriptor, openDescriptor, readPort } from './descriptor.ts';
import { MessageSlab } from './message-slab.ts';
import { PollHandle } from './poll-handle.ts';
import { ADDRESS_WORDS, type SocketAddress } from './socket-address.ts';

/** Counters of a socket since its start. */
export interface UdpCounters {
  received: number;
  /** Those of them that came through the socket for connectivity checks. */
  checks: number;
  sent: number;
  /** Datagrams longer than a slot, which are dropped. */
  truncated: number;
  /** Datagrams that were not sent because the socket's buffer was full. */
  blocked: number;
  /** Datagrams that the kernel refused for another reason, such as an unreachable address. */
  failed: number;
  /** Times that the event loop woke the socket. */
  wakeups: number;
}

/** What a socket calls for every datagram. `words` and `at` locate the sender's address. It must not throw. */
export type DatagramHandler = (packet: NativeBuffer, length: number, words: Uint32Array, at: number) => void;

const MSG_DONTWAIT = 0x40;
const RECEIVE_COUNT = 64;
const SEND_COUNT = 256;
/** Batches that are received before timers and messages of the parent have their turn. */
const MAX_BATCHES_PER_WAKEUP = 8;

/**
 * A bound UDP port. Where the system offers it, connectivity checks come through a second socket, so that they do not wake the worker
 * one by one (see `CheckSchedule`).
 */
export class UdpSocket {
  readonly port: number;
  readonly counters: UdpCounters = { received: 0, checks: 0, sent: 0, truncated: 0, blocked: 0, failed: 0, wakeups: 0 };
  readonly buffers: SocketBuffers;
  readonly #descriptor: number;
  readonly #checkDescriptor: number | undefined;
  readonly #polls: PollHandle[];
  readonly #checks: CheckSchedule | undefined;
  readonly #received = new MessageSlab(RECEIVE_COUNT);
  readonly #outgoing = new MessageSlab(SEND_COUNT);
  readonly #handle: DatagramHandler;
  #queued = 0;
  #isReceiving = false;
  #flushTimer: NodeJS.Immediate | undefined;
  #isClosed = false;

  /**
   * Binds a port.
   *
   * @param port 0 lets the system choose
   * @param address undefined for all addresses of both families
   * @param now milliseconds of a monotonic clock
   * @param countClients returns the number of clients that send connectivity checks
   * @throws MediaError `unavailable` when the port cannot be bound
   */
  constructor(
    port: number,
    address: string | undefined,
    handle: DatagramHandler,
    now: () => number,
    countClients: () => number,
  ) {
    this.#handle = handle;
    this.#descriptor = openDescriptor(port, address);
    this.port = readPort(this.#descriptor);
    this.buffers = growBuffers(this.#descriptor);
    this.#polls = [new PollHandle(this.#descriptor, () => this.#handleReadable())];
    const checkDescriptor = openCheckDescriptor(this.#descriptor, this.port, address);
    this.#checkDescriptor = checkDescriptor;
    if (checkDescriptor === undefined) return;
    growBuffers(checkDescriptor);
    const checks = new CheckSchedule(
      {
        get clients() {
          return countClients();
        },
        read: () => {
          const count = this.#receive(checkDescriptor);
          this.counters.checks += count;
          return count;
        },
        poll: (isOn) => {
          // A handler may have closed the socket meanwhile.
          if (this.#isClosed) return;
          if (isOn) poll.start();
          else poll.stop();
        },
      },
      now,
    );
    const poll = new PollHandle(checkDescriptor, () => {
      this.counters.wakeups += 1;
      checks.handleReadable();
    });
    this.#polls.push(poll);
    this.#checks = checks;
  }

  /** Prepares for the checks of a client that will connect, or connect anew: they are answered at once. */
  expectClient(): void {
    this.#checks?.expectClient();
  }

  /** Returns the slot of the next datagram to send. Write into it, then call `queue`. */
  nextSlot(): NativeBuffer {
    if (this.#queued === SEND_COUNT) this.flush();
    return this.#outgoing.slots[this.#queued] as NativeBuffer;
  }

  /** Queues the slot that `nextSlot` returned. It leaves with its batch: at the end of the event loop's turn at the latest. */
  queue(length: number, address: SocketAddress): void {
    this.#outgoing.address(this.#queued, length, address);
    this.#queued += 1;
    if (!this.#isReceiving) this.#flushTimer ??= setImmediate(() => this.flush());
  }

  /** Sends everything that is queued. */
  flush(): void {
    if (this.#flushTimer !== undefined) clearImmediate(this.#flushTimer);
    this.#flushTimer = undefined;
    const count = this.#queued;
    this.#queued = 0;
    let done = 0;
    while (done < count && !this.#isClosed) {
      const sent = libc.sendmmsg(this.#descriptor, this.#outgoing.pointerOf(done), count - done, MSG_DONTWAIT);
      if (sent > 0) {
        done += sent;
        this.counters.sent += sent;
      } else if (readErrno() === ERRNO.again) {
        // Media that waits is worth less than media that is lost: clients ask again for what they still need.
        this.counters.blocked += count - done;
        return;
      } else {
        // The call reports the error of the first datagram. The others are sent by the next call.
        this.counters.failed += 1;
        done += 1;
      }
    }
  }

  /** Closes the socket. Queued datagrams are sent before. */
  close(): void {
    if (this.#isClosed) return;
    this.flush();
    this.#isClosed = true;
    this.#checks?.close();
    for (const poll of this.#polls) poll.close();
    libc.close(this.#descriptor);
    if (this.#checkDescriptor !== undefined) libc.close(this.#checkDescriptor);
  }

  #handleReadable(): void {
    this.counters.wakeups += 1;
    this.#receive(this.#descriptor);
    this.#checks?.handleAwake();
  }

  /** Receives what waits, up to a limit; returns how many datagrams there were. */
  #receive(descriptor: number): number {
    let received = 0;
    this.#isReceiving = true;
    for (let batch = 0; batch < MAX_BATCHES_PER_WAKEUP && !this.#isClosed; batch += 1) {
      const slab = this.#received;
      const count = libc.recvmmsg(descriptor, slab.pointerOf(0), RECEIVE_COUNT, MSG_DONTWAIT, 0n);
      if (count <= 0) break;
      received += count;
      for (let index = 0; index < count; index += 1) {
        if (slab.isTruncated(index)) this.counters.truncated += 1;
        else {
          const slot = slab.slots[index] as NativeBuffer;
          this.#handle(slot, slab.lengthOf(index), slab.addressWords, index * ADDRESS_WORDS);
        }
      }
      this.flush();
      if (count < RECEIVE_COUNT) break;
    }
    this.#isReceiving = false;
    this.counters.received += received;
    return received;
  }
}
