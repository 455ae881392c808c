/**
 * The member's connection, whose code is loaded when it is needed: not in a runtime without WebRTC, and beside the login.
 *
 * @module
 */

import { toSessionError } from '../errors.ts';
import type { LinkHost, MediaLink } from './media-link.ts';
import type { MemberConnection, MemberConnectionTask } from './member-connection.ts';

/** Keeps what is offered until the code of the connection is loaded. */
export class LazyConnection implements LinkHost {
  readonly #task: MemberConnectionTask;
  /** Links that were offered before the connection was there. */
  readonly #early = new Set<MediaLink>();
  #connection: MemberConnection | undefined;
  #isLoading = false;
  #isJoined = false;

  constructor(task: MemberConnectionTask) {
    this.#task = task;
    void this.#load();
  }

  /** Makes the peer connection, or makes the offers that waited for the session. */
  handleJoined(): void {
    this.#isJoined = true;
    if (this.#connection) this.#connection.handleJoined();
    else void this.#load();
  }

  /** Closes the peer connection: the server does not have it any longer. */
  close(): void {
    this.#isJoined = false;
    this.#connection?.close();
  }

  /** Replaces the peer connection, which has ended at the server (MED-3). */
  replace(): void {
    this.#connection?.replace();
  }

  /** Restarts ICE on the same peer connection (CONN-3). */
  restartIce(): void {
    this.#connection?.restartIce();
  }

  offer(link: MediaLink): void {
    if (this.#connection) {
      this.#connection.offer(link);
      return;
    }
    this.#early.add(link);
    void this.#load();
  }

  remove(link: MediaLink): void {
    this.#early.delete(link);
    this.#connection?.remove(link);
  }

  retire(sections: Iterable<RTCRtpTransceiver>): void {
    this.#connection?.retire(sections);
  }

  async #load(): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      const { MemberConnection } = await import('./member-connection.ts');
      const connection = new MemberConnection(this.#task);
      this.#connection = connection;
      for (const link of this.#early) connection.offer(link);
      if (this.#isJoined) connection.handleJoined();
    } catch (error) {
      this.#isLoading = false;
      for (const link of [...this.#early]) link.handleFailure(toSessionError(error));
    }
  }
}
