/**
 * How a media engine is set up.
 *
 * @module
 */

import type { IceServerConfig } from './ipc.ts';

/** Takes structured log lines; pino's signature. */
export interface MediaLogger {
  info(detail: object, message: string): void;
  warn(detail: object, message: string): void;
  error(detail: object, message: string): void;
}

/** Options of `createMediaEngine`. */
export interface MediaEngineOptions {
  /** Worker processes; 1 when not given. About one per core that media may take. */
  readonly workers?: number;
  /** The first UDP port: worker i uses `ports + i` and keeps it bound. 0 picks free ones for the engine's life. */
  readonly ports: number;
  /**
   * One UDP port per peer connection out of this range, which is split between the workers, instead of one per worker.
   * `ports` is then not used.
   */
  readonly portRange?: { readonly min: number; readonly max: number };
  /** The address to bind to; all when not given. */
  readonly listenAddress?: string;
  /** The address that browsers are told instead of the machine's own, for a server behind NAT. */
  readonly announcedAddress?: string;
  /** STUN and TURN servers that the workers use for themselves. Hardly ever needed: clients come to the server. */
  readonly iceServers?: readonly IceServerConfig[];
  readonly logger?: MediaLogger;
  /** How long a call may take before it fails with `unavailable`, in milliseconds; 5,000 when not given. */
  readonly callTimeoutMs?: number;
}
