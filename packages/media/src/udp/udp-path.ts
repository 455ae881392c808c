import type { NativeBuffer } from '../ffi/memory.ts';
import type { PeerPath } from '../transport/peer-path.ts';
import type { AddressKey, SocketAddress } from './socket-address.ts';
import type { UdpSocket } from './udp-socket.ts';

/** One address of a peer over UDP. */
export class UdpPath implements PeerPath {
  readonly isOpen = true;
  readonly #socket: UdpSocket;
  readonly #address: SocketAddress;

  constructor(socket: UdpSocket, address: SocketAddress) {
    this.#socket = socket;
    this.#address = address;
  }

  get key(): AddressKey {
    return this.#address.key;
  }

  get ip(): Buffer {
    return this.#address.ip;
  }

  get port(): number {
    return this.#address.port;
  }

  nextSlot(): NativeBuffer {
    return this.#socket.nextSlot();
  }

  queue(length: number): boolean {
    this.#socket.queue(length, this.#address);
    return true;
  }

  close(): void {
    this.#socket.flush();
  }
}
