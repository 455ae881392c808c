/**
 * Returns: whether a client that was in may come back by itself, and why not (KICK-12).
 *
 * @module
 */

import { GavelError, type RoomKey } from '@gavel/protocol';
import type { CommandOf, LoginAttempt, RoomCommand } from './commands.ts';
import type { Directory } from './directory.ts';
import { type EndedTickets, endedBy, refusalOf, type TicketClaim } from './ended-tickets.ts';
import type { RoomEvent } from './events.ts';
import type { Room } from './room.ts';

/** What returns are judged by. */
export interface ReturnsDeps {
  readonly tickets: EndedTickets;
  readonly directory: Directory;
  readonly findRoom: (key: RoomKey) => Room | undefined;
}

/** Judges tickets that are not good any more, and attempts to log in that are sent again. */
export class Returns {
  readonly #deps: ReturnsDeps;

  constructor(deps: ReturnsDeps) {
    this.#deps = deps;
  }

  /** Says how a ticket ended. One that did not end for good gets a cause that allows a new login. */
  async findRefusal(key: RoomKey, { memberId, claim }: CommandOf<'resume'>): Promise<GavelError> {
    const { tickets } = this.#deps;
    // Nothing is known of a ticket of another store.
    if (claim.issuer !== tickets.issuer) return new GavelError('resume.refused');
    const end = await tickets.findEnd(key, memberId, claim);
    if (end) return refusalOf(end);
    const cause = this.#isReplaced(key, claim) ? 'replaced' : 'connection-lost';
    return refusalOf({ cause, reason: '' });
  }

  /** @throws as `login` does where the attempt was let in before, without an answer, and its member was taken out for good */
  async checkRetry(key: RoomKey, { id }: LoginAttempt): Promise<void> {
    const end = await this.#deps.tickets.findAttempt(key, id);
    if (end) throw refusalOf(end);
  }

  /**
   * Keeps whom a command took out for good. Who takes others out learns whether it is kept; what follows from a login
   * succeeds all the same. Gives undefined where nobody waits for it.
   */
  keepEnds(key: RoomKey, command: RoomCommand, events: readonly RoomEvent[]): Promise<void> | undefined {
    const ends = endedBy(key, command, events);
    if (ends.length === 0) return undefined;
    const kept = this.#deps.tickets.keep(ends);
    if (command.type === 'kick' || command.type === 'close') return kept;
    const settled = kept.catch(() => undefined);
    return command.type === 'logout' ? undefined : settled;
  }

  /** Whether the user of a ticket is in now with another client, in a room where one login replaces the other. */
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
