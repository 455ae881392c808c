/**
 * Those who wait to be let in, and letting them in (reference realtimekit 8.3).
 *
 * @module
 */

import type { WireWaiting } from '@gavel/protocol';
import type { RoomSession } from '../core/session.ts';
import { CODES, RealtimeKitError } from './errors.ts';
import { type Moderate, Participant } from './participant.ts';
import { ParticipantMap } from './participant-map.ts';

/** The waiting list, as far as the own preset lets one know of it. */
export class Waitlist {
  /** By the peer id that they will have. */
  readonly map = new ParticipantMap();
  readonly #moderate: Moderate;

  constructor(moderate: Moderate) {
    this.#moderate = moderate;
  }

  /** Follows a session that has just been joined. */
  attach(session: RoomSession): void {
    for (const waiting of session.waiting.values()) this.map.handleJoined(this.#create(waiting), false);
    session.on('waitingAdded', (waiting) => this.map.handleJoined(this.#create(waiting), true));
    session.on('waitingRemoved', ({ memberId }) => this.map.handleLeft(memberId, false));
  }

  /** Forgets everybody. */
  detach(): void {
    this.map.handleCleared();
  }

  /** Lets in, or turns away, those whom ids name: peer ids, or user ids, which name all connections of a person. */
  async answer(action: 'accept' | 'reject', ids: readonly string[]): Promise<void> {
    const named = this.map.toArray().filter(({ id, userId }) => ids.includes(id) || ids.includes(userId));
    if (named.length === 0) throw new RealtimeKitError(CODES.participantNotFound, 'none of them waits');
    await this.#moderate({ action, memberIds: named.map(({ id }) => id) });
  }

  #create({ sinceMs, ...waiting }: WireWaiting): Participant {
    return new Participant({ ...waiting, joinedAtMs: sinceMs }, this.#moderate);
  }
}
