/**
 * A UDP relay between WebRTC clients and a server, with the properties of a network.
 *
 * @module
 */

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { createRandom } from './random.ts';
import { type LinkConditions, type LinkCounts, RelayLink } from './relay-link.ts';

const LOOPBACK = '127.0.0.1';
const CANDIDATE = /^a=candidate:\S+ \d+ (\S+) \d+ (\S+) (\d+) typ \S+.*\r?\n/i;

/** A media port of a server. */
interface Target {
  readonly address: string;
  readonly port: number;
}

/** A port of the relay, and what it passes to. */
interface Front {
  readonly socket: Socket;
  readonly target: Target;
  /** A socket for each client, by its address: the server tells clients apart by them. */
  readonly upstreams: Map<string, Socket>;
}

/** Conditions for each direction; those of an absent direction stay as they are. */
export interface RelayConditions {
  /** From the clients to the server. */
  readonly up?: LinkConditions;
  /** From the server to the clients. */
  readonly down?: LinkConditions;
}

/**
 * Passes datagrams both ways. All clients share one link in each direction. Clients reach it because their session
 * descriptions are rewritten.
 *
 * @example
 * const relay = new UdpRelay();
 * relay.shape({ down: { bps: 300_000, delayMs: 20 } });
 * await peer.setRemoteDescription({ type: 'answer', sdp: await relay.rewrite(answer) });
 */
export class UdpRelay {
  readonly #up: RelayLink;
  readonly #down: RelayLink;
  readonly #fronts = new Map<string, Promise<Front>>();

  /** @param seed of the random loss and jitter */
  constructor(seed = 1) {
    this.#up = new RelayLink(createRandom(seed));
    this.#down = new RelayLink(createRandom(seed + 1));
  }

  /** Sets the conditions of directions. */
  shape({ up, down }: RelayConditions): void {
    if (up) this.#up.shape(up);
    if (down) this.#down.shape(down);
  }

  /** What passed so far, for each direction. */
  get counts(): { readonly up: LinkCounts; readonly down: LinkCounts } {
    return { up: this.#up.counts, down: this.#down.counts };
  }

  /** Returns the longest wait in the queue to the clients since the previous call, in milliseconds. */
  takeLongestQueueMs(): number {
    return this.#down.takeLongestQueueMs();
  }

  /**
   * Returns a description of the server in which every section has one candidate, which is a port of this relay. It
   * passes to the section's first candidate over UDP and IPv4.
   */
  async rewrite(sdp: string): Promise<string> {
    const sections: string[] = [];
    for (const section of sdp.split(/(?=^m=)/m)) sections.push(await this.#rewriteSection(section));
    return sections.join('');
  }

  /**
   * Moves the relay to new ports, as a client that changes its network: what is sent to or from the old ones is lost. Clients
   * reach it again after their next description.
   */
  async move(): Promise<void> {
    const fronts = [...this.#fronts.values()];
    this.#fronts.clear();
    for (const front of fronts) closeFront(await front);
  }

  /** Gives each client a new address in the eyes of the server, as a NAT that forgets its mappings. */
  async rebind(): Promise<void> {
    for (const front of this.#fronts.values()) closeUpstreams(await front);
  }

  /** Closes all ports. */
  async close(): Promise<void> {
    this.#up.close();
    this.#down.close();
    await this.move();
  }

  async #rewriteSection(section: string): Promise<string> {
    const lines = section.split(/(?<=\n)/);
    const targets = lines.flatMap((line): Target[] => {
      const [, protocol = '', address = '', port] = CANDIDATE.exec(line) ?? [];
      const isUsable = protocol.toLowerCase() === 'udp' && /^[\d.]+$/.test(address);
      return isUsable ? [{ address, port: Number(port) }] : [];
    });
    const [target] = targets;
    if (!target) return section;
    const { socket } = await this.#openFront(target);
    const candidate = `a=candidate:1 1 udp 2130706431 ${LOOPBACK} ${socket.address().port} typ host\r\n`;
    const first = lines.findIndex((line) => CANDIDATE.test(line));
    return lines
      .flatMap((line, index) => (index === first ? [candidate] : CANDIDATE.test(line) ? [] : [line]))
      .join('');
  }

  #openFront(target: Target): Promise<Front> {
    const key = `${target.address}:${target.port}`;
    const known = this.#fronts.get(key) ?? this.#bindFront(target);
    this.#fronts.set(key, known);
    return known;
  }

  async #bindFront(target: Target): Promise<Front> {
    const socket = createSocket('udp4');
    const front: Front = { socket, target, upstreams: new Map() };
    socket.on('message', (packet, from) => {
      const upstream = this.#findUpstream(front, from);
      this.#up.pass(packet.length, () => sendTo(upstream, packet, target.port, target.address));
    });
    await new Promise<void>((resolve) => socket.bind(0, LOOPBACK, resolve));
    return front;
  }

  #findUpstream({ socket, upstreams }: Front, { address, port }: RemoteInfo): Socket {
    const key = `${address}:${port}`;
    const known = upstreams.get(key);
    if (known) return known;
    const upstream = createSocket('udp4');
    upstream.on('message', (packet) => this.#down.pass(packet.length, () => sendTo(socket, packet, port, address)));
    upstreams.set(key, upstream);
    return upstream;
  }
}

/** Sends unless the socket was closed while the packet was on its way. */
function sendTo(socket: Socket, packet: Buffer, port: number, address: string): void {
  try {
    // A port that is gone may answer with an error, which a network would not report.
    socket.send(packet, port, address, () => {});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SOCKET_DGRAM_NOT_RUNNING') throw error;
  }
}

function closeUpstreams({ upstreams }: Front): void {
  for (const upstream of upstreams.values()) upstream.close();
  upstreams.clear();
}

function closeFront(front: Front): void {
  front.socket.close();
  closeUpstreams(front);
}
