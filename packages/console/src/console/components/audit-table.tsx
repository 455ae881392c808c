/**
 * The table of audit rows.
 *
 * @module
 */

import type { AuditItem } from '@gavel/protocol/admin';
import { formatAmount } from '../format.ts';
import { linkToRoom } from '../routes.ts';
import { DataTable } from './data-table.tsx';
import { Badge, Time, type Tone } from './view-parts.tsx';

type Row = AuditItem & { readonly key: string };

const TONES: Readonly<Record<AuditItem['outcome'], Tone>> = { done: 'good', refused: 'warn', failed: 'danger' };
const MOST_TARGETS = 4;
/** Actions whose name in the audit trail is not plain. */
const ACTION_NAMES: Readonly<Record<string, string>> = {
  setRules: 'set rule',
  liftRules: 'lift rule',
  deleteStream: 'delete stream',
  addStream: 'add stream',
  createApp: 'create App',
  replaceSecret: 'replace secret',
  showSecrets: 'show secrets',
  createLoginToken: 'create login token',
  createApiToken: 'create API token',
  revokeApiToken: 'revoke API token',
  createAdminToken: 'create token',
  revokeAdminToken: 'revoke token',
  replayCallback: 'send callback again',
  replayCallbacks: 'send callbacks again',
};

/** The properties of the table. */
export interface AuditTableProps {
  readonly rows: readonly AuditItem[];
  readonly empty: string;
  /** Whether the table has little room: then the request and the door are left out. */
  readonly isBrief?: boolean;
}

/** Audit rows, newest first: who did what to whom, why, and whether it was done. */
export function AuditTable({ rows, empty, isBrief = false }: AuditTableProps) {
  return (
    <DataTable<Row>
      caption="Actions, newest first"
      testId="audit"
      rows={rows.map((row) => ({ ...row, key: row.id }))}
      empty={empty}
      columns={[
        { title: 'Time', layout: 'fit', cell: ({ atMs }) => <Time atMs={atMs} /> },
        {
          title: 'Action',
          cell: (row) => (
            <div class="stacked">
              <span>
                <strong>{ACTION_NAMES[row.action] ?? row.action}</strong> {describeTargets(row.targets)}
              </span>
              {row.reason && <span class="secondary">“{row.reason}”</span>}
              <span class="secondary phone-only">{row.actor || row.door}</span>
            </div>
          ),
        },
        {
          title: 'By',
          isWide: true,
          cell: ({ actor, role, door }) => (
            <div class="stacked">
              <span>{actor || 'unknown'}</span>
              <span class="secondary">{isBrief ? role : `${role}, ${door}`}</span>
            </div>
          ),
        },
        ...(isBrief ? [] : [ROOM_COLUMN]),
        {
          title: 'Outcome',
          layout: 'fit',
          cell: ({ outcome, errorCode, details }) => (
            <span title={errorCode}>
              {details.dryRun === true ? <Badge>preview</Badge> : <Badge tone={TONES[outcome]}>{outcome}</Badge>}
            </span>
          ),
        },
      ]}
    />
  );
}

const ROOM_COLUMN = {
  title: 'Room',
  isWide: true,
  cell: ({ appId, environment, roomId }: Row) =>
    roomId ? (
      <a href={linkToRoom({ appId, environment, roomId })}>{roomId}</a>
    ) : (
      <span class="secondary">{appId === 0 ? '–' : 'all'}</span>
    ),
} as const;

function describeTargets(targets: readonly string[]): string {
  const shown = targets.slice(0, MOST_TARGETS).join(', ');
  const left = targets.length - MOST_TARGETS;
  return left > 0 ? `${shown} and ${formatAmount(left, 'other')}` : shown;
}
