/**
 * The audit trail in the admin API: pages of it, and its export as JSON lines or CSV (AUDIT-1).
 *
 * @module
 */

import { Readable } from 'node:stream';
import type { AppId, RoomId } from '@gavel/protocol';
import {
  AUDIT_EXPORT_QUERY,
  AUDIT_LIST,
  AUDIT_QUERY,
  type AuditExportQuery,
  type AuditItem,
  type AuditList,
  type AuditQuery,
} from '@gavel/protocol/admin';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { type AuditFilter, type AuditRepository, exportAudit, type StoredAuditRow } from '../store/audit.ts';
import { callerOf } from './caller.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { AdminError } from './errors.ts';
import { describeResponses } from './responses.ts';
import { maySeeAddresses } from './roles.ts';

/** The dependencies of the routes. */
export interface AuditRouteDeps {
  readonly audit: AuditRepository;
}

const DEFAULT_LIMIT = 50;
const AUDIT_PLACE = Type.Object({ before: Type.Integer({ minimum: 1 }) });

/** The columns of the CSV export. */
const COLUMNS = [
  'seq',
  'time',
  'appId',
  'environment',
  'roomId',
  'door',
  'actor',
  'role',
  'requestId',
  'action',
  'targets',
  'reason',
  'details',
  'outcome',
  'errorCode',
] as const;

/** Adds the routes below `/audit`. */
export function addAuditRoutes(scope: FastifyInstance, { audit }: AuditRouteDeps): void {
  scope.get(
    '/audit',
    {
      config: { right: 'read' },
      schema: {
        summary: 'Lists what moderators and backends did, newest first',
        querystring: AUDIT_QUERY,
        response: describeResponses('A page.', AUDIT_LIST),
      },
    },
    async (request): Promise<AuditList> => {
      const query = request.query as AuditQuery;
      const place = readCursor(AUDIT_PLACE, query.cursor);
      const { rows, next } = await audit.list(filterOf(request, query), query.limit ?? DEFAULT_LIMIT, place?.before);
      return {
        rows: rows.map(describerFor(request)),
        next: writeCursor(next === undefined ? undefined : { before: next }),
      };
    },
  );

  scope.get(
    '/audit/export',
    {
      config: { right: 'read' },
      schema: {
        summary: 'Exports what moderators and backends did, oldest first, as JSON lines or CSV',
        querystring: AUDIT_EXPORT_QUERY,
        produces: ['application/x-ndjson', 'text/csv'],
      },
    },
    async (request, reply) => {
      const query = request.query as AuditExportQuery;
      const rows = describeAll(exportAudit(audit, filterOf(request, query)), describerFor(request));
      const isCsv = query.format === 'csv';
      reply.header('content-type', isCsv ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8');
      reply.header('content-disposition', `attachment; filename="audit.${isCsv ? 'csv' : 'jsonl'}"`);
      return reply.send(Readable.from(isCsv ? printCsv(rows) : printLines(rows)));
    },
  );
}

/** @throws AdminError `invalid-request` if a limited token has several Apps and names none */
function filterOf(request: FastifyRequest, query: AuditQuery & AuditExportQuery): AuditFilter {
  const { limit: _limit, cursor: _cursor, format: _format, appId, door, roomId, ...rest } = query;
  const [own, ...others] = callerOf(request).appIds ?? [];
  if (appId === undefined && others.length > 0) throw new AdminError('invalid-request', 'appId: name one of your Apps');
  const only = appId ?? own;
  return {
    ...rest,
    ...(only !== undefined && { appId: only as AppId }),
    ...(roomId !== undefined && { roomId: roomId as RoomId }),
    ...(door !== undefined && { door }),
  };
}

type Describe = (row: StoredAuditRow) => AuditItem;

/** Returns how rows are shown to a caller: only those who may see addresses get the parameters, which may contain some. */
function describerFor(request: FastifyRequest): Describe {
  const isSeen = maySeeAddresses(callerOf(request));
  return ({ term: _term, targets, details, ...row }) => ({
    ...row,
    targets: targets.filter((target) => isSeen || !target.startsWith('address/')),
    details: isSeen ? details : { ...(details.dryRun === true && { dryRun: true }) },
  });
}

async function* describeAll(rows: AsyncIterable<StoredAuditRow>, describe: Describe): AsyncGenerator<AuditItem> {
  for await (const row of rows) yield describe(row);
}

async function* printLines(rows: AsyncIterable<AuditItem>): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}

async function* printCsv(rows: AsyncIterable<AuditItem>): AsyncGenerator<string> {
  yield `${COLUMNS.join(',')}\r\n`;
  for await (const row of rows) {
    const fields: Readonly<Record<string, unknown>> = {
      ...row,
      time: new Date(row.atMs).toISOString(),
      targets: row.targets.join(' '),
      details: JSON.stringify(row.details),
    };
    yield `${COLUMNS.map((column) => quoteCsv(String(fields[column] ?? ''))).join(',')}\r\n`;
  }
}

/** Quotes a field (RFC 4180). A spreadsheet must not take a text of a client for a formula, so those begin with `'`. */
function quoteCsv(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
