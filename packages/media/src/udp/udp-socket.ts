/**
 * One UDP socket that receives and sends in batches.
 *
 * The event loop wakes it by `uv_poll`. A batch is received by one `recvmmsg`; what its packets cause to be sent leaves
 * by one `sendmmsg`.
 *
 * @module
 */

import { getCurrentEventLoop, toString as readCString } from 'node:ffi';
import { isIPv6 } from 'node:net';
import { MediaError, type SocketBuffers } from '../engine.ts';
import { ERRNO, libc, processLibrary, readErrno } from '../ffi/libc.ts';
import { allocatePermanent, type NativeBuffer } from '../ffi/memory.ts';
import { parseIp } from './ip-text.ts';
import { MessageSlab } from './message-slab.ts';
import { ADDRESS_BYTES, ADDRESS_WORDS, FAMILY, type SocketAddress } from './socket-address.ts';

/** Counters of a socket since its start. */
export interface UdpCounters {
  received: number;
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

const SOCKET_FLAGS = 0x2 | 0x800 | 0x80000; // SOCK_DGRAM, SOCK_NONBLOCK, SOCK_CLOEXEC
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const MSG_DONTWAIT = 0x40;
const UV_POLL = 8;
const UV_READABLE = 1;

/** Large enough for a keyframe to some hundred players at once. */
const BUFFER_BYTES = 4 << 20;
const RECEIVE_COUNT = 64;
const SEND_COUNT = 256;
/** Batches that are received before timers and messages of the parent have their turn. */
const MAX_BATCHES_PER_WAKEUP = 8;

/** A bound UDP socket. */
export class UdpSocket {
  readonly port: number;
  readonly counters: UdpCounters = { received: 0, sent: 0, truncated: 0, blocked: 0, failed: 0, wakeups: 0 };
  readonly buffers: SocketBuffers;
  readonly #descriptor: number;
  readonly #poll: bigint;
  readonly #callback: bigint;
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
   * @throws MediaError `unavailable` when the port cannot be bound
   */
  constructor(port: number, address: string | undefined, handle: DatagramHandler) {
    this.#handle = handle;
    this.#descriptor = openDescriptor(port, address);
    const size = allocatePermanent(ADDRESS_BYTES.ipv6 + 4);
    size.bytes.writeUInt32LE(ADDRESS_BYTES.ipv6, ADDRESS_BYTES.ipv6);
    libc.getsockname(this.#descriptor, size.pointer, size.pointer + BigInt(ADDRESS_BYTES.ipv6));
    this.port = size.bytes.readUInt16BE(2);
    this.buffers = {
      wanted: BUFFER_BYTES,
      receive: growBuffer(this.#descriptor, SO_RCVBUFFORCE, SO_RCVBUF),
      send: growBuffer(this.#descriptor, SO_SNDBUFFORCE, SO_SNDBUF),
    };
    this.#poll = libc.calloc(1n, libc.uv_handle_size(UV_POLL));
    this.#callback = processLibrary.registerCallback({ arguments: ['pointer', 'int32', 'int32'], return: 'void' }, () =>
      this.#receive(),
    );
    const isPolling =
      libc.uv_poll_init(getCurrentEventLoop(), this.#poll, this.#descriptor) === 0 &&
      libc.uv_poll_start(this.#poll, UV_READABLE, this.#callback) === 0;
    if (!isPolling) throw new MediaError('unavailable', 'The event loop does not poll the media socket');
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
    libc.uv_close(this.#poll, 0n);
    libc.close(this.#descriptor);
  }

  #receive(): void {
    this.counters.wakeups += 1;
    this.#isReceiving = true;
    for (let batch = 0; batch < MAX_BATCHES_PER_WAKEUP && !this.#isClosed; batch += 1) {
      const slab = this.#received;
      const count = libc.recvmmsg(this.#descriptor, slab.pointerOf(0), RECEIVE_COUNT, MSG_DONTWAIT, 0n);
      if (count <= 0) break;
      this.counters.received += count;
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
  }
}

function openDescriptor(port: number, address: string | undefined): number {
  const wantsIpv4 = address !== undefined && !isIPv6(address);
  let family: number = wantsIpv4 ? FAMILY.ipv4 : FAMILY.ipv6;
  let descriptor = libc.socket(family, SOCKET_FLAGS, 0);
  if (descriptor < 0 && address === undefined && readErrno() === ERRNO.noFamily) {
    family = FAMILY.ipv4;
    descriptor = libc.socket(family, SOCKET_FLAGS, 0);
  }
  if (descriptor < 0) throw createError(port, readErrno());
  // A socket of both families, so that one port serves IPv4 and IPv6.
  if (family === FAMILY.ipv6 && address === undefined) setOption(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  const name = allocatePermanent(ADDRESS_BYTES.ipv6);
  name.bytes.writeUInt16LE(family, 0);
  name.bytes.writeUInt16BE(port, 2);
  if (address !== undefined) name.bytes.set(parseIp(address), family === FAMILY.ipv4 ? 4 : 8);
  const length = family === FAMILY.ipv4 ? ADDRESS_BYTES.ipv4 : ADDRESS_BYTES.ipv6;
  if (libc.bind(descriptor, name.pointer, length) === 0) return descriptor;
  const errno = readErrno();
  libc.close(descriptor);
  throw createError(port, errno);
}

function createError(port: number, errno: number): MediaError {
  const text = errno === ERRNO.addressInUse ? 'another process uses it' : readCString(libc.strerror(errno));
  return new MediaError('unavailable', `UDP port ${port} cannot be bound: ${text}`);
}

function setOption(descriptor: number, level: number, option: number, value: number): boolean {
  const memory = allocatePermanent(4);
  memory.bytes.writeInt32LE(value);
  return libc.setsockopt(descriptor, level, option, memory.pointer, 4) === 0;
}

/** Asks for a large buffer: beyond the system's limit where the process may, else up to it. Returns the granted bytes. */
function growBuffer(descriptor: number, forced: number, ordinary: number): number {
  if (!setOption(descriptor, SOL_SOCKET, forced, BUFFER_BYTES))
    setOption(descriptor, SOL_SOCKET, ordinary, BUFFER_BYTES);
  const memory = allocatePermanent(8);
  memory.bytes.writeUInt32LE(4, 4);
  libc.getsockopt(descriptor, SOL_SOCKET, ordinary, memory.pointer, memory.pointer + 4n);
  // The kernel doubles the size that is set, for its own use, and returns the doubled one (socket(7)).
  return memory.bytes.readUInt32LE(0) / 2;
}
