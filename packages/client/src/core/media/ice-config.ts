/**
 * The configuration of peer connections: the server's STUN and TURN servers, whose credentials are renewed (ICE-1).
 *
 * @module
 */

import type { WireIce } from '@gavel/protocol';
import { mayRetryLater, toSessionError } from '../errors.ts';
import type { Clock } from '../platform.ts';

/** Dependencies of an ICE configuration. */
export interface IceConfigTask {
  readonly clock: Clock;
  /** The application's own servers; they are used instead of the server's. */
  readonly iceServers?: readonly RTCIceServer[];
  readonly iceTransportPolicy?: RTCIceTransportPolicy;
  /** Requests new credentials. */
  renew(): Promise<{ readonly ice?: WireIce }>;
}

/** Credentials are renewed when this part of their validity is over. */
const RENEW_AFTER = 2 / 3;
/** How long to wait after a renewal has failed, in milliseconds. */
const RETRY_MS = 10_000;

/** The ICE servers of one session. Peer connections read them when they are created, so later ones use new credentials. */
export class IceConfig {
  readonly #task: IceConfigTask;
  #servers: readonly RTCIceServer[];
  #timer: unknown;
  /** Increases with every answer, so that a renewal that is answered late changes nothing. */
  #generation = 0;

  constructor(task: IceConfigTask) {
    this.#task = task;
    this.#servers = task.iceServers ?? [];
  }

  /** The configuration of a new peer connection. */
  get configuration(): RTCConfiguration {
    const { iceTransportPolicy = 'all' } = this.#task;
    return { iceServers: [...this.#servers], iceTransportPolicy, bundlePolicy: 'max-bundle' };
  }

  /** Handles the ICE servers of a login, a resume or a renewal. */
  handle(ice: WireIce | undefined): void {
    this.stop();
    if (this.#task.iceServers) return;
    this.#servers = (ice?.servers ?? []).map(({ urls, ...credentials }) => ({ urls: [...urls], ...credentials }));
    if (ice?.validForMs !== undefined) this.#renewIn(ice.validForMs * RENEW_AFTER);
  }

  /** Requests new credentials at once, because a TURN server has refused the present ones. */
  renewNow(): void {
    if (this.#task.iceServers) return;
    this.stop();
    void this.#renew(this.#generation);
  }

  /** Stops renewing. */
  stop(): void {
    this.#generation += 1;
    this.#task.clock.clearTimeout(this.#timer);
  }

  #renewIn(delayMs: number): void {
    this.#timer = this.#task.clock.setTimeout(() => void this.#renew(this.#generation), delayMs);
  }

  async #renew(generation: number): Promise<void> {
    try {
      const { ice } = await this.#task.renew();
      if (generation === this.#generation) this.handle(ice);
    } catch (error) {
      // After a lost connection, the answer to the resume contains new credentials.
      if (generation === this.#generation && mayRetryLater(toSessionError(error).code)) this.#renewIn(RETRY_MS);
    }
  }
}
