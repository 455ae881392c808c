/**
 * A UDP relay in front of an engine's port that loses packets.
 *
 * @module
 */

import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';

/** Relays datagrams between browsers and an engine, and drops a share of the media. */
export class LossyRelay {
  /** The share of media packets that is dropped, in both directions together: 0 to 1. */
  loss: number;
  /** Media packets dropped so far. */
  dropped = 0;

  /** The fraction of packets due to be dropped. Counted rather than random, so that short runs lose packets too. */
  #due = 0;
  readonly #front: Socket;
  readonly #upstreams = new Map<string, Socket>();
  readonly #enginePort: number;

  private constructor(front: Socket, enginePort: number, loss: number) {
    this.#front = front;
    this.#enginePort = enginePort;
    this.loss = loss;
    front.on('message', (packet, from) => this.#forwardUp(packet, from));
  }

  /** Starts a relay on a free port of 127.0.0.1. */
  static async start(enginePort: number, loss: number): Promise<LossyRelay> {
    const front = createSocket('udp4');
    await new Promise<void>((resolve) => front.bind(0, '127.0.0.1', resolve));
    return new LossyRelay(front, enginePort, loss);
  }

  /** Rewrites an answer so that its candidate is this relay. */
  rewrite(answer: string): string {
    return answer
      .replace(/^a=candidate:.*\r\n/gm, '')
      .replace('a=end-of-candidates', `a=candidate:1 1 UDP 1 127.0.0.1 ${this.#front.address().port} typ host\r\n$&`);
  }

  close(): void {
    this.#front.close();
    for (const upstream of this.#upstreams.values()) upstream.close();
  }

  #forwardUp(packet: Buffer, from: AddressInfo | { address: string; port: number }): void {
    const key = `${from.address}:${from.port}`;
    let upstream = this.#upstreams.get(key);
    if (upstream === undefined) {
      upstream = createSocket('udp4');
      upstream.on('message', (answer) => {
        if (!this.#isLost(answer)) this.#front.send(answer, from.port, from.address);
      });
      this.#upstreams.set(key, upstream);
    }
    if (!this.#isLost(packet)) upstream.send(packet, this.#enginePort, '127.0.0.1');
  }

  /** Returns whether to drop a packet. Only RTP is dropped: STUN and DTLS retransmit, and RTCP is needed for the figures. */
  #isLost(packet: Buffer): boolean {
    const first = packet[0] ?? 0;
    const second = packet[1] ?? 0;
    const isRtp = first >> 6 === 2 && !(second >= 192 && second <= 223);
    if (!isRtp) return false;
    this.#due += this.loss;
    if (this.#due < 1) return false;
    this.#due -= 1;
    this.dropped += 1;
    return true;
  }
}
