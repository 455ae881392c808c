/**
 * Options of a media engine.
 *
 * @module
 */

import type { IceServerConfig, TransportChoice } from './ipc.ts';

/** A structured logger with pino's signature. */
export interface MediaLogger {
  info(detail: object, message: string): void;
  warn(detail: object, message: string): void;
  error(detail: object, message: string): void;
}

/** Options of `createMediaEngine`. */
export interface MediaEngineOptions {
  /** Number of worker processes; default 1. About one per CPU core that is available for media. */
  readonly workers?: number;
  /** The first UDP port: worker i uses `ports + i` and keeps it bound. With 0, free ports are chosen at the start. */
  readonly ports: number;
  /**
   * Uses one UDP port per peer connection from this range, which is split between the workers, instead of one per
   * worker. `ports` is then ignored.
   */
  readonly portRange?: { readonly min: number; readonly max: number };
  /**
   * The first TCP port, for clients whose network blocks UDP: worker i uses `tcpPorts + i`. With 0, each worker uses a
   * free port. Default: none. libdatachannel ignores it.
   */
  readonly tcpPorts?: number;
  /** The address to bind to; default: all addresses. */
  readonly listenAddress?: string;
  /** The address in the candidates for browsers, instead of the machine's own, for a server behind NAT. */
  readonly announcedAddress?: string;
  /** STUN and TURN servers for the workers themselves. Rarely needed, because clients connect to the server. */
  readonly iceServers?: readonly IceServerConfig[];
  /**
   * `openssl` is our own ICE, DTLS and SRTP, `libdatachannel` the native binding. Default `auto`: our own where it passes
   * its self-test (Linux on x64 and arm64), else the binding.
   */
  readonly transport?: TransportChoice;
  /**
   * Subscriptions that a worker gets before the next peers of its rooms go to another one (PIPE-1); default 300. A worker
   * that uses 70 % of a core gets no more peers either.
   */
  readonly maxSubscriptionsPerWorker?: number;
  /** The most that a viewer's network is estimated to take, in bits per second; default 50,000,000. */
  readonly maxViewerBps?: number;
  readonly logger?: MediaLogger;
  /** Timeout after which a call fails with `unavailable`, in milliseconds; default 5,000. */
  readonly callTimeoutMs?: number;
}
