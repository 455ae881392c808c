/**
 * Enforcement: sets rules and applies them at once. When a call resolves, the rule is stored, new logins and publishes
 * are checked against it, and the media that it ends is closed.
 *
 * @module
 */

import { isGavelError, type RoomKey, roomKeyText, type StreamId } from '@gavel/protocol';
import type { Ban, BanScope } from './bans.ts';
import { type Clock, callAtWallTime } from './clock.ts';
import type { Origin, RoomCommand } from './commands.ts';
import type { Rooms } from './rooms.ts';
import type { World } from './rule-keeper.ts';
import type { Rules } from './rules.ts';
import type { BlockedKinds } from './stream-rules.ts';

/** Dependencies of enforcement. */
export interface EnforcementDeps {
  readonly rules: Rules;
  readonly rooms: Rooms;
  readonly clock: Clock;
  /** Reports an error that no caller can receive, such as at the end of a block. */
  readonly report: (error: unknown) => void;
}

/** Sets and removes rules. */
export class Enforcement {
  readonly #deps: EnforcementDeps;
  /** Cancels the timer for the end of each block, by room and stream. */
  readonly #wakers = new Map<string, () => void>();

  constructor(deps: EnforcementDeps) {
    this.#deps = deps;
  }

  /** The rules, for reading. */
  get rules(): Rules {
    return this.#deps.rules;
  }

  /**
   * Sets a ban. A publish ban ends the streams in its scope; a login ban removes no members (BAN-3, BAN-4).
   *
   * @returns false, without a change, if too many bans of this scope are in force (BAN-5)
   */
  async ban(world: World, ban: Ban, origin: Origin): Promise<boolean> {
    if (!(await this.rules.bans.set(world, ban))) return false;
    if (!ban.privileges.includes('publish')) return true;
    const { scope } = ban;
    const whose = {
      ...('userId' in scope && { userId: scope.userId }),
      ...('address' in scope && { address: scope.address }),
    };
    const { keys } = this.#deps.rooms.answer(world, { type: 'roomsOfScope', scope });
    await Promise.all(keys.map((key) => this.#tryExecute(key, { type: 'stopPublishing', ...whose }, origin)));
    return true;
  }

  /** Ends a ban; returns false if none is in force. */
  unban(world: World, scope: BanScope): Promise<boolean> {
    return this.rules.bans.delete(world, scope);
  }

  /** Sets the kinds of a stream that are held back in a room (RULE-1); returns false if there are too many blocks. */
  async block(
    key: RoomKey,
    streamId: StreamId,
    rule: { readonly blocked: BlockedKinds; readonly untilMs: number },
    origin: Origin,
  ): Promise<boolean> {
    const createdAtMs = this.#deps.clock.now();
    const { roomId } = key;
    if (!(await this.rules.blocks.set(key, [{ ...rule, roomId, streamId, createdAtMs }]))) return false;
    this.#scheduleEnd(key, streamId, rule.untilMs);
    await this.#applyBlock(key, streamId, origin);
    return true;
  }

  /** Ends the block of a stream (RULE-3). */
  async unblock(key: RoomKey, streamId: StreamId, origin: Origin): Promise<void> {
    await this.rules.blocks.lift(key, streamId);
    this.#wakers.get(wakerKey(key, streamId))?.();
    await this.#applyBlock(key, streamId, origin);
  }

  /** Forbids stream ids, existing or not, and ends the live ones (FORB-1); returns false if there are too many. */
  async forbid(world: World, streamIds: readonly StreamId[], origin: Origin): Promise<boolean> {
    const times = { createdAtMs: this.#deps.clock.now(), untilMs: Number.POSITIVE_INFINITY };
    const rules = streamIds.map((streamId) => ({ streamId, ...times }));
    if (!(await this.rules.forbidden.set(world, rules))) return false;
    await Promise.all(
      streamIds.map(async (streamId) => {
        const { key } = this.#deps.rooms.answer(world, { type: 'roomOfStream', streamId });
        if (key) await this.#tryExecute(key, { type: 'forbidStream', streamId }, origin);
      }),
    );
    return true;
  }

  /** Allows stream ids again (FORB-3). */
  async resume(world: World, streamIds: readonly StreamId[]): Promise<void> {
    await this.rules.forbidden.delete(world, streamIds);
  }

  /** Releases a stream at the end of its block. If the block is set again, the earlier timer is cancelled. */
  #scheduleEnd(key: RoomKey, streamId: StreamId, untilMs: number): void {
    const text = wakerKey(key, streamId);
    this.#wakers.get(text)?.();
    const cancel = callAtWallTime(this.#deps.clock, untilMs, () => {
      this.#wakers.delete(text);
      this.#applyBlock(key, streamId, { door: 'server', requestId: 'rule-ended' }).catch(this.#deps.report);
    });
    this.#wakers.set(text, () => {
      cancel();
      this.#wakers.delete(text);
    });
  }

  /** Schedules the ends of the stored blocks. */
  start(): void {
    for (const [world, { roomId, streamId, untilMs }] of this.rules.blocks.entries()) {
      this.#scheduleEnd({ ...world, roomId }, streamId, untilMs);
    }
  }

  /** Cancels the timers of all blocks. */
  stop(): void {
    for (const cancel of [...this.#wakers.values()]) cancel();
  }

  #applyBlock(key: RoomKey, streamId: StreamId, origin: Origin): Promise<void> {
    const blocked = this.rules.blockedKinds(key, streamId);
    return this.#tryExecute(key, { type: 'blockStream', streamId, blocked }, origin);
  }

  /** Executes a command if the room exists. A room that is created later is checked against the rule then. */
  async #tryExecute(key: RoomKey, command: RoomCommand, origin: Origin): Promise<void> {
    try {
      await this.#deps.rooms.execute(key, command, origin);
    } catch (error) {
      if (!isGavelError(error, 'room.not-found')) throw error;
    }
  }
}

const wakerKey = (key: RoomKey, streamId: StreamId) => `${roomKeyText(key)}\n${streamId}`;
