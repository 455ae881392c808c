/**
 * The waiting list, and admission from it (reference realtimekit 8.3).
 *
 * @module
 */

import type { WireWaiting } from '@gavel/protocol';
import type { RoomSession } from '../core/session.ts';
import { CODES, RealtimeKitError, requireIds } from './errors.ts';
import { Participant, type ParticipantDeps } from './participant.ts';
import { ParticipantMap } from './participant-map.ts';

/** The waiting list; empty if the preset does not allow the participant to see it. */
export class Waitlist {
  /** By the peer id that they get when admitted. */
  readonly map = new ParticipantMap();
  readonly #deps: ParticipantDeps;

  constructor(deps: ParticipantDeps) {
    this.#deps = deps;
  }

  /** Subscribes to a session that has just been joined. */
  attach(session: RoomSession): void {
    for (const waiting of session.waiting.values()) this.map.handleJoined(this.#create(waiting), false);
    session.on('waitingAdded', (waiting) => this.map.handleJoined(this.#create(waiting), true));
    session.on('waitingRemoved', ({ memberId }) => this.map.handleLeft(memberId, false));
  }

  /** Clears the list. */
  detach(): void {
    this.map.handleCleared();
  }

  /** Admits or rejects the given ids: peer ids, or user ids, which stand for all connections of a person. */
  async answer(action: 'accept' | 'reject', ids: readonly string[]): Promise<void> {
    requireIds(ids);
    const named = this.map.toArray().filter(({ id, userId }) => ids.includes(id) || ids.includes(userId));
    if (named.length === 0)
      throw new RealtimeKitError(CODES.participantNotFound, 'no participant with this id is waiting');
    await this.#deps.moderate({ action, memberIds: named.map(({ id }) => id) });
  }

  #create({ sinceMs, ...waiting }: WireWaiting): Participant {
    return new Participant({ ...waiting, joinedAtMs: sinceMs }, this.#deps);
  }
}
