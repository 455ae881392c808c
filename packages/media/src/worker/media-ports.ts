/**
 * The UDP ports of a worker: one port that all transports share, or one port per transport from a range.
 *
 * The native binding ends the process if it cannot bind its port. Therefore the shared port stays bound for the
 * worker's whole life, and a port of a range is probed immediately before use.
 *
 * @module
 */

import { IceUdpMuxListener } from 'node-datachannel';
import { MediaError } from '../engine.ts';
import type { WorkerConfig } from '../ipc.ts';
import { probeUdpPort } from '../ports.ts';

/** How long a port that could not be bound is skipped, in milliseconds: a closed transport releases its port sooner. */
const RETRY_PORT_AFTER_MS = 50;

/** Referenced for the life of the process: garbage collection would close the port. */
const listeners = new Set<IceUdpMuxListener>();

type PortConfig = Pick<WorkerConfig, 'portMin' | 'portMax' | 'isMultiplexed' | 'listenAddress'>;

/** Assigns ports to transports. */
export class MediaPorts {
  readonly #config: PortConfig;
  readonly #now: () => number;
  readonly #used = new Set<number>();
  readonly #takenUntilMs = new Map<number, number>();
  #next: number;

  /** @param now milliseconds of a monotonic clock */
  constructor(config: PortConfig, now: () => number) {
    this.#config = config;
    this.#now = now;
    this.#next = config.portMin;
  }

  /**
   * Binds the shared port permanently; for a range, checks that at least one port can be bound.
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
      // Keeps the port bound; otherwise the binding closes the port whenever the last transport closes.
      listeners.add(new IceUdpMuxListener(portMin, listenAddress));
    } catch (error) {
      throw new MediaError('unavailable', `UDP port ${portMin} cannot be bound: ${String(error)}`);
    }
  }

  /**
   * Returns a port for a transport, which must `release` it when it closes.
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

  /** Releases the port of a closed transport. */
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
