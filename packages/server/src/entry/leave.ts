/**
 * Leave: how a client gets out of a room, by itself or with its connection.
 *
 * @module
 */

import { isGavelError, type MemberId, type RoomKey } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { Bus } from '../bus/bus.ts';
import type { CommandOf, Origin } from '../rooms/commands.ts';

/** Milliseconds until a member is removed whose client closed its connection cleanly; a resume cancels the removal. */
const ABANDON_MS = 1500;

/** Dependencies of `Leave`. */
export interface LeaveDeps {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: { error(fields: object, message: string): void };
}

/** A member or a waiting user, and its connection. */
export interface Attached {
  readonly key: RoomKey;
  readonly memberId: MemberId;
  readonly connectionId: string;
  readonly channel: Origin['channel'];
}

/** The use cases of getting out. */
export class Leave {
  readonly #deps: LeaveDeps;
  /** Cancels the pending removals of members whose clients closed their connections cleanly. */
  readonly #leaving = new Set<() => void>();

  constructor(deps: LeaveDeps) {
    this.#deps = deps;
  }

  /** Logs a member out, or ends a wait. @throws GavelError `room.not-found`, `room.member-not-found` */
  async logOut(key: RoomKey, memberId: MemberId, origin: Origin): Promise<void> {
    await this.#deps.bus.call({ key, command: { type: 'logout', memberId }, origin });
  }

  /** Detaches a member from a connection that closed while its login was in progress. @throws GavelError `room.not-found` */
  async detach({ key, memberId, connectionId, channel }: Attached): Promise<void> {
    const command = { type: 'detach', memberId, connectionId } as const;
    await this.#deps.bus.call({ key, command, origin: { channel, requestId: connectionId } });
  }

  /**
   * Ends the attachment of a closed connection. A waiting user is removed; a member stays for the heartbeat time, or, if its
   * client closed the connection cleanly, for 1.5 s (ROOM-5, ROOM-8). Never fails: nobody waits for it.
   */
  disconnect(attached: Attached, isOrderly: boolean): void {
    this.#execute(attached, 'detach');
    if (!isOrderly) return;
    const cancel = this.#deps.clock.after(ABANDON_MS, () => {
      this.#leaving.delete(cancel);
      this.#execute(attached, 'abandon');
    });
    this.#leaving.add(cancel);
  }

  /** Cancels the pending removals. */
  close(): void {
    for (const cancel of this.#leaving) cancel();
  }

  #execute({ key, memberId, connectionId, channel }: Attached, type: CommandOf<'detach' | 'abandon'>['type']): void {
    const { bus, log } = this.#deps;
    const command = { type, memberId, connectionId };
    bus.call({ key, command, origin: { channel, requestId: connectionId } }).catch((error: unknown) => {
      // The member was removed earlier, and its room no longer exists.
      if (!isGavelError(error, 'room.not-found')) log.error({ connectionId, err: error }, `${type} failed`);
    });
  }
}
