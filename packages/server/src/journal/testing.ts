/**
 * For tests of the journal.
 *
 * @module
 */

import type { AppId, RoomId } from '@gavel/protocol';
import type { AuditRow } from '../store/audit.ts';

/** Returns the row of a kick in the room "hall". */
export const auditRow = (id: string, over: Partial<AuditRow> = {}): AuditRow => ({
  id,
  atMs: 1_000,
  appId: 1001 as AppId,
  environment: 'production',
  roomId: 'hall' as RoomId,
  door: 'zego',
  actor: 'app:1001',
  role: 'backend',
  requestId: `request ${id}`,
  action: 'kick',
  reason: 'spam',
  targets: ['user/anna'],
  details: { require: 'any' },
  outcome: 'done',
  ...over,
});
