/**
 * What rooms ask of the policy (`policy/`): who may log in and publish, and which media is held back. Every question is
 * answered from memory, so that no login waits for the store (BAN-7).
 *
 * @module
 */

import type { RoomKey, StreamId } from '@gavel/protocol';
import type { AppScope } from '../base/app-scope.ts';
import type { Identity, NewBan, SetBan } from './bans.ts';
import type { CallTerms, Origin } from './commands.ts';
import type { BlockedKinds } from './stream-rules.ts';

/** The rules of all Apps, as rooms see them. */
export interface RoomPolicy {
  /** @throws GavelError `login.banned`, with details.untilMs if the ban has an end (BAN-1) */
  checkLogin(key: RoomKey, identity: Identity): void;
  /** @throws GavelError `stream.banned`, with details.untilMs if it has an end (BAN-3, FORB-2) */
  checkPublish(key: RoomKey, identity: Identity, streamId: StreamId): void;
  /** @throws GavelError `stream.banned` if the stream id is forbidden for all publishers (FORB-2) */
  checkStream(scope: AppScope, streamId: StreamId): void;
  /** Returns whether a stream id is forbidden now. */
  isForbidden(scope: AppScope, streamId: StreamId): boolean;
  /** Returns the kinds of a stream that are held back now (RULE-1). */
  blockedKinds(key: RoomKey, streamId: StreamId): BlockedKinds;
  /**
   * Sets bans, all or none. They are stored and in force when the call resolves; nobody is removed.
   *
   * @param call the call that bans: its audit row is stored with the first bans (BUS-6), and bans that it has set before are not
   *   set again
   * @throws GavelError `policy.too-many-rules`; the store's error
   */
  setBans(scope: AppScope, bans: readonly NewBan[], origin: Origin, call?: BanningCall): Promise<readonly SetBan[]>;
}

/** A call that sets bans. */
export interface BanningCall extends Pick<CallTerms, 'commandId'> {
  /** Its id in the command log of the room's owner; absent if nothing of it is kept. */
  readonly callId?: string | undefined;
}
