/**
 * Rules: who may log in and publish, and which media is forwarded. Rooms check them, in memory, at each command; rules
 * persist across restarts.
 *
 * @module
 */

import { GavelError, type RoomKey, type StreamId } from '@gavel/protocol';
import { Bans, ENDED_BAN_LISTED_MS } from './bans.ts';
import type { LoginCommand } from './commands.ts';
import type { MemberInfo } from './member.ts';
import type { RuleBookDeps } from './rule-book.ts';
import { type BlockedKinds, ForbiddenStreams, NOTHING_BLOCKED, StreamBlocks } from './stream-rules.ts';

/** The rules of all Apps and environments. */
export class Rules {
  readonly bans: Bans;
  readonly blocks: StreamBlocks;
  readonly forbidden: ForbiddenStreams;

  private constructor(deps: RuleBookDeps) {
    this.bans = new Bans(deps);
    this.blocks = new StreamBlocks(deps);
    this.forbidden = new ForbiddenStreams(deps);
  }

  /** Loads the stored rules that are in force, and the ended ones that are still listed. */
  static async open(deps: RuleBookDeps): Promise<Rules> {
    await deps.keeper.deleteEnded(deps.clock.now() - ENDED_BAN_LISTED_MS);
    const rules = new Rules(deps);
    await rules.bans.load();
    await rules.blocks.load();
    await rules.forbidden.load();
    return rules;
  }

  /** @throws GavelError `login.banned` with details.untilMs (BAN-1) */
  checkLogin(key: RoomKey, { user, address }: Pick<LoginCommand, 'user' | 'address'>): void {
    const untilMs = this.bans.findEnd(key, { id: user.id, address }, 'login');
    if (untilMs !== undefined) throw new GavelError('login.banned', undefined, { untilMs });
  }

  /** @throws GavelError `stream.banned`, with details.untilMs if it has an end (BAN-3, FORB-2) */
  checkPublish(key: RoomKey, member: Pick<MemberInfo, 'user' | 'address'>, streamId: StreamId): void {
    const untilMs = this.bans.findEnd(key, { id: member.user.id, address: member.address }, 'publish');
    if (untilMs !== undefined) throw new GavelError('stream.banned', undefined, { untilMs });
    this.checkStream(key, streamId);
  }

  /** @throws GavelError `stream.banned` if the stream id is forbidden for all publishers (FORB-2) */
  checkStream(key: RoomKey, streamId: StreamId): void {
    if (this.forbidden.has(key, streamId)) throw new GavelError('stream.banned');
  }

  /** Returns the kinds of a stream that are held back now. */
  blockedKinds(key: RoomKey, streamId: StreamId): BlockedKinds {
    return this.blocks.of(key, streamId)?.blocked ?? NOTHING_BLOCKED;
  }
}
