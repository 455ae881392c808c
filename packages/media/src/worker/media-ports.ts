/**
 * The UDP ports of a worker: one that all of its transports share, or one for each transport out of a range.
 *
 * The native binding ends the process when a port that it is given cannot be bound. So the shared port is bound for the
 * worker's whole life, and a port of a range is probed right before it is given away.
 *
 * @module
 */

import { IceUdpMuxListener } from 'node-datachannel';
import { MediaError } from '../engine.ts';
import type { WorkerConfig } from '../ipc.ts';
import { probeUdpPort } from '../ports.ts';

/** How long a port that could not be bound is left out, in milliseconds: a closed transport frees its own within a few. */
const RETRY_PORT_AFTER_MS = 50;

/** Held for the life of the process: one that is collected closes its port. */
const listeners = new Set<IceUdpMuxListener>();

type PortConfig = Pick<WorkerConfig, 'portMin' | 'portMax' | 'isMultiplexed' | 'listenAddress'>;

/** Gives out ports to transports. */
export class MediaPorts {
  readonly #config: PortConfig;
  readonly #now: () => number;
  readonly #used = new Set<number>();
  readonly #takenUntilMs = new Map<number, number>();
  #next: number;

  /** @param now milliseconds of a clock that only goes forward */
  constructor(config: PortConfig, now: () => number) {
    this.#config = config;
    this.#now = now;
    this.#next = config.portMin;
  }

  /**
   * Binds the shared port for good; of a range, finds out that at least one port can be bound.
   *
   * @throws MediaError `unavailable` when it cannot be bound
   */
  open(): void {
    const { isMultiplexed, portMin, listenAddress } = this.#config;
    if (!isMultiplexed) {
      this.release(this.acquire());
      return;
    }
    probeUdpPort(portMin, listenAddress);
    try {
      // Keeps the port bound; without it the binding closes the port whenever the last transport closes.
      listeners.add(new IceUdpMuxListener(portMin, listenAddress));
    } catch (error) {
      throw new MediaError('unavailable', `UDP port ${portMin} cannot be bound: ${String(error)}`);
    }
  }

  /**
   * Gives a port to a transport, which must `release` it when it is closed.
   *
   * @throws MediaError `unavailable` when every port of the range is in use
   */
  acquire(): number {
    const { isMultiplexed, portMin, portMax } = this.#config;
    if (isMultiplexed) return portMin;
    for (let tried = portMin; tried <= portMax; tried += 1) {
      const port = this.#next;
      this.#next = port === portMax ? portMin : port + 1;
      if (this.#used.has(port) || !this.#isFree(port)) continue;
      this.#used.add(port);
      return port;
    }
    throw new MediaError('unavailable', `All UDP ports from ${portMin} to ${portMax} are in use`);
  }

  /** Takes a port back from a transport that is closed. */
  release(port: number): void {
    this.#used.delete(port);
  }

  #isFree(port: number): boolean {
    const nowMs = this.#now();
    if ((this.#takenUntilMs.get(port) ?? 0) > nowMs) return false;
    try {
      probeUdpPort(port, this.#config.listenAddress);
      this.#takenUntilMs.delete(port);
      return true;
    } catch {
      this.#takenUntilMs.set(port, nowMs + RETRY_PORT_AFTER_MS);
      return false;
    }
  }
}
