/**
 * The descriptors of UDP sockets: opening, options, and the second one of a port, which gets the connectivity checks.
 *
 * @module
 */

import { toString as readCString } from 'node:ffi';
import { isIPv6 } from 'node:net';
import { MediaError, type SocketBuffers } from '../engine.ts';
import { ERRNO, libc, readErrno } from '../ffi/libc.ts';
import { allocatePermanent } from '../ffi/memory.ts';
import { parseIp } from './ip-text.ts';
import { ADDRESS_BYTES, FAMILY } from './socket-address.ts';

const SOCKET_FLAGS = 0x2 | 0x800 | 0x80000; // SOCK_DGRAM, SOCK_NONBLOCK, SOCK_CLOEXEC
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_REUSEPORT = 15;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SO_ATTACH_REUSEPORT_CBPF = 51;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;

/** Large enough for a keyframe to some hundred players at once. */
const BUFFER_BYTES = 4 << 20;

/**
 * A program of the kernel (`struct sock_filter`) that returns the number of the socket that gets a datagram: 1 if its first byte is
 * that of a STUN message (below 4), else 0.
 */
const STEERING: readonly (readonly [code: number, ifTrue: number, ifFalse: number, value: number])[] = [
  [0x30, 0, 0, 0], // load the first byte; of an empty datagram, return 0
  [0x35, 1, 0, 4], // if it is 4 or more, skip one instruction
  [0x06, 0, 0, 1], // return 1
  [0x06, 0, 0, 0], // return 0
];

/**
 * Opens a second socket of a port, which from now on gets the STUN messages that arrive there; the first one gets all else.
 *
 * Sockets of other programs and of other servers still cannot be bound to the port: the first socket was bound alone, and
 * another one would have to share its port as this one does.
 *
 * @param descriptor the first socket
 * @returns undefined if the system does not offer this
 */
export function openCheckDescriptor(descriptor: number, port: number, address: string | undefined): number | undefined {
  if (!setOption(descriptor, SOL_SOCKET, SO_REUSEPORT, 1)) return undefined;
  let second: number;
  try {
    second = openDescriptor(port, address, true);
  } catch {
    return undefined;
  }
  const program = allocatePermanent(STEERING.length * 8);
  for (const [index, [code, ifTrue, ifFalse, value]] of STEERING.entries()) {
    program.bytes.writeUInt16LE(code, index * 8);
    program.bytes.writeUInt8(ifTrue, index * 8 + 2);
    program.bytes.writeUInt8(ifFalse, index * 8 + 3);
    program.bytes.writeUInt32LE(value, index * 8 + 4);
  }
  // struct sock_fprog: the number of instructions, and their address.
  const description = allocatePermanent(16);
  description.bytes.writeUInt16LE(STEERING.length, 0);
  description.bytes.writeBigUInt64LE(program.pointer, 8);
  if (libc.setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, description.pointer, 16) === 0) return second;
  libc.close(second);
  return undefined;
}

/** Returns the port that a socket is bound to. */
export function readPort(descriptor: number): number {
  const size = allocatePermanent(ADDRESS_BYTES.ipv6 + 4);
  size.bytes.writeUInt32LE(ADDRESS_BYTES.ipv6, ADDRESS_BYTES.ipv6);
  libc.getsockname(descriptor, size.pointer, size.pointer + BigInt(ADDRESS_BYTES.ipv6));
  return size.bytes.readUInt16BE(2);
}

/** Enlarges the buffers of a socket; returns what was granted. */
export function growBuffers(descriptor: number): SocketBuffers {
  return {
    wanted: BUFFER_BYTES,
    receive: growBuffer(descriptor, SO_RCVBUFFORCE, SO_RCVBUF),
    send: growBuffer(descriptor, SO_SNDBUFFORCE, SO_SNDBUF),
  };
}

/**
 * Opens a socket and binds it. No other socket can be bound to its port, unless both are shared.
 *
 * @param port 0 lets the system choose
 * @param address undefined for all addresses of both families
 * @param isShared whether it may be bound to the port of another shared socket
 * @throws MediaError `unavailable` when the port cannot be bound
 */
export function openDescriptor(port: number, address: string | undefined, isShared = false): number {
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
  if (isShared) setOption(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
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
