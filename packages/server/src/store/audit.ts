/**
 * The audit trail: one row for each command of a moderator or a backend that changed something, or was refused (AUDIT-1).
 *
 * @module
 */

import type { AppId, Environment, RoomId } from '@gavel/protocol';

/** How a command ended. */
export type AuditOutcome =
  /** It took effect. */
  | 'done'
  /** It was refused and changed nothing; `errorCode` says why. */
  | 'refused'
  /** An internal error occurred; `errorCode` is that of the answer. */
  | 'failed';

/** A row of the audit trail. A row is never changed. */
export interface AuditRow {
  /** A UUID. */
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly appId: AppId;
  readonly environment: Environment;
  /** Absent if the command concerns the whole App. */
  readonly roomId?: RoomId;
  /** The name of the door, such as `admin`. */
  readonly door: string;
  /** The user, token or App that made the request; empty if unknown. */
  readonly actor: string;
  /** The role in which the actor made the request, such as `backend` or `member`. */
  readonly role: string;
  readonly requestId: string;
  /** The kind of the command, such as `kick`. */
  readonly action: string;
  /** The caller's text; empty if there is none. */
  readonly reason: string;
  /** What the command was about, such as `user/anna` or `stream/camera-1`. */
  readonly targets: readonly string[];
  /** The other parameters of the command. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly outcome: AuditOutcome;
  /** Absent if it is done. */
  readonly errorCode?: string;
}

/** A stored row. */
export interface StoredAuditRow extends AuditRow {
  /** The order in which rows were stored; ascending, with gaps. */
  readonly seq: number;
  /** The term of the owner that stored it. */
  readonly term: number;
}

/** Selects rows; a field that is absent selects all. */
export interface AuditFilter {
  readonly appId?: AppId;
  readonly environment?: Environment;
  readonly roomId?: RoomId;
  readonly actor?: string;
  readonly door?: string;
  readonly action?: string;
  readonly outcome?: AuditOutcome;
  /** A whole target, such as `user/anna`. */
  readonly target?: string;
  /** Only previews, or no previews. */
  readonly dryRun?: boolean;
  /** At this time or later, in milliseconds since the Unix epoch. */
  readonly fromMs?: number;
  /** At this time or earlier. */
  readonly untilMs?: number;
}

/** A part of the audit trail. */
export interface AuditPage {
  readonly rows: readonly StoredAuditRow[];
  /** The cursor of the next page; absent on the last one. */
  readonly next?: number;
}

/** Reads the audit trail. The journal writes it; nothing changes a row. */
export interface AuditRepository {
  /**
   * Returns rows, newest first.
   *
   * @param before the cursor: only rows that were stored before this one
   */
  list(filter: AuditFilter, limit: number, before?: number): Promise<AuditPage>;
  /** Returns rows, oldest first, that were stored after the row `after`. */
  listForward(filter: AuditFilter, limit: number, after: number): Promise<readonly StoredAuditRow[]>;
  /** Deletes at most `limit` rows from before a time, oldest first; returns their number. */
  purge(beforeMs: number, limit: number): Promise<number>;
}

/** Number of rows that an export reads at a time. */
const EXPORTED_AT_ONCE = 500;

/**
 * Yields all rows that a filter selects, oldest first. Rows that are stored during the export are included.
 *
 * @example for await (const row of exportAudit(store.audit, { appId })) response.write(`${JSON.stringify(row)}\n`);
 */
export async function* exportAudit(audit: AuditRepository, filter: AuditFilter): AsyncGenerator<StoredAuditRow> {
  for (let after = 0; ; ) {
    const rows = await audit.listForward(filter, EXPORTED_AT_ONCE, after);
    yield* rows;
    if (rows.length < EXPORTED_AT_ONCE) return;
    after = rows.at(-1)?.seq ?? after;
  }
}
