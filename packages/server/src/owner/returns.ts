/**
 * Returns: whether a former member's client may join again by itself, and if not, why (KICK-12).
 *
 * @module
 */

import { GavelError, type RoomKey } from '@gavel/protocol';
import type { CommandOf, LoginAttempt, RoomCommand } from '../rooms/commands.ts';
import { type EndedTickets, endedBy, refusalOf, type TicketClaim } from '../rooms/ended-tickets.ts';
import type { RoomEvent } from '../rooms/events.ts';
import type { Room } from '../rooms/room.ts';
import type { Directory } from './directory.ts';

/** Dependencies of `Returns`. */
export interface ReturnsDeps {
  readonly tickets: EndedTickets;
  readonly directory: Directory;
  readonly findRoom: (key: RoomKey) => Room | undefined;
}

/** Decides about tickets that are no longer valid, and about repeated login attempts. */
export class Returns {
  readonly #deps: ReturnsDeps;

  constructor(deps: ReturnsDeps) {
    this.#deps = deps;
  }

  /** Returns the error for a ticket that is no longer valid. If it did not end permanently, the cause allows a new login. */
  async findRefusal(key: RoomKey, { memberId, claim }: CommandOf<'resume'>): Promise<GavelError> {
    const { tickets } = this.#deps;
    // Nothing is known about a ticket of another store.
    if (claim.issuer !== tickets.issuer) return new GavelError('resume.refused');
    const end = await tickets.findEnd(key, memberId, claim);
    if (end) return refusalOf(end);
    const cause = this.#isReplaced(key, claim) ? 'replaced' : 'connection-lost';
    return refusalOf({ cause, reason: '' });
  }

  /** @throws as `login` does if an earlier request of the attempt succeeded and its member was then permanently removed */
  async checkRetry(key: RoomKey, { id }: LoginAttempt): Promise<void> {
    const end = await this.#deps.tickets.findAttempt(key, id);
    if (end) throw refusalOf(end);
  }

  /**
   * Stores which members a command permanently removed. A kick and a close fail if that fails; a login and other commands
   * succeed anyway. Returns undefined if the caller need not wait.
   */
  keepEnds(key: RoomKey, command: RoomCommand, events: readonly RoomEvent[]): Promise<void> | undefined {
    const ends = endedBy(key, command, events);
    if (ends.length === 0) return undefined;
    const kept = this.#deps.tickets.keep(ends);
    if (command.type === 'kick' || command.type === 'close') return kept;
    const settled = kept.catch(() => undefined);
    return command.type === 'logout' ? undefined : settled;
  }

  /** Returns whether the user of a ticket is now logged in with another client, if its logins replace each other. */
  #isReplaced(key: RoomKey, { userId, clientId, isReplaceable }: TicketClaim): boolean {
    if (!isReplaceable) return false;
    const { directory, findRoom } = this.#deps;
    return directory.roomsOf(key, userId).some((other) =>
      findRoom(other)
        ?.membersOf({ label: userId, userIds: [userId] })
        .some((member) => member.clientId !== clientId),
    );
  }
}
