/**
 * Activity: the heartbeats of clients, and their requests that execute no command. Those that arrive in one turn of the
 * event loop are one command per room.
 *
 * @module
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { type MemberId, type RoomKey, roomKeyText } from '@gavel/protocol';
import type { Bus } from '../bus/bus.ts';
import type { CommandOf } from '../rooms/commands.ts';
import type { ReplyOf } from '../rooms/replies.ts';

type TouchReply = ReplyOf<CommandOf<'touch'>>;

interface Batch {
  readonly memberIds: Set<MemberId>;
  readonly reply: Promise<TouchReply>;
}

/** Records the activity of members and of waiting users. */
export class Activity {
  readonly #bus: Pick<Bus, 'call'>;
  /** By room: the batch of this turn. */
  readonly #batches = new Map<string, Batch>();

  constructor(bus: Pick<Bus, 'call'>) {
    this.#bus = bus;
  }

  /** Records activity of a member or a waiting user. @throws GavelError `room.not-found` */
  record(key: RoomKey, memberId: MemberId): Promise<TouchReply> {
    const text = roomKeyText(key);
    let batch = this.#batches.get(text);
    if (!batch) {
      const memberIds = new Set<MemberId>();
      batch = { memberIds, reply: this.#execute(key, text, memberIds) };
      this.#batches.set(text, batch);
    }
    batch.memberIds.add(memberId);
    return batch.reply;
  }

  async #execute(key: RoomKey, text: string, memberIds: ReadonlySet<MemberId>): Promise<TouchReply> {
    await nextTurn();
    this.#batches.delete(text);
    const command = { type: 'touch', memberIds: [...memberIds] } as const;
    return this.#bus.call({ key, command, origin: { channel: 'signalling', requestId: 'activity' } });
  }
}
