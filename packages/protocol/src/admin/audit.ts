/**
 * The audit trail at the admin API.
 *
 * @module
 */

import { type Static, Type } from 'typebox';
import { appIdOf, CLOSED, ENVIRONMENT, NEXT, PAGE_QUERY, TIME_MS } from './common.ts';

const TEXT = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 512, description }));
const OUTCOME = Type.Union([Type.Literal('done'), Type.Literal('refused'), Type.Literal('failed')]);

const FILTER = {
  appId: Type.Optional(appIdOf('Only commands of this App. A limited token that has several Apps must name one.')),
  environment: Type.Optional(ENVIRONMENT),
  roomId: TEXT('Only commands of this room.'),
  actor: TEXT('Only commands of this actor.'),
  door: TEXT('Only commands that came by this door, such as `admin`.'),
  action: TEXT('Only commands of this kind, such as `kick`.'),
  outcome: Type.Optional(
    Type.Union([Type.Literal('done'), Type.Literal('refused'), Type.Literal('failed')], {
      description: 'Only commands that ended so.',
    }),
  ),
  target: TEXT('Only commands about this target, such as `user/anna`.'),
  dryRun: Type.Optional(
    Type.Boolean({ description: 'false: without previews, which changed nothing; true: only previews.' }),
  ),
  fromMs: Type.Optional(Type.Integer({ minimum: 0, description: 'At this time or later, Unix milliseconds.' })),
  untilMs: Type.Optional(Type.Integer({ minimum: 0, description: 'At this time or earlier, Unix milliseconds.' })),
};

/** Selects a page of the audit trail. */
export const AUDIT_QUERY = Type.Object({ ...FILTER, ...PAGE_QUERY }, CLOSED);
/** Selects a page of the audit trail. */
export type AuditQuery = Static<typeof AUDIT_QUERY>;

/** Selects what is exported. */
export const AUDIT_EXPORT_QUERY = Type.Object(
  {
    ...FILTER,
    format: Type.Optional(
      Type.Union([Type.Literal('jsonl'), Type.Literal('csv')], {
        default: 'jsonl',
        description: 'JSON lines, or CSV with a header. Default: `jsonl`.',
      }),
    ),
  },
  CLOSED,
);
/** Selects what is exported. */
export type AuditExportQuery = Static<typeof AUDIT_EXPORT_QUERY>;

/** A row of the audit trail: one command. */
export const AUDIT_ITEM = Type.Object({
  seq: Type.Integer({ description: 'The order in which rows were stored.' }),
  id: Type.String(),
  atMs: TIME_MS,
  appId: Type.Integer(),
  environment: ENVIRONMENT,
  roomId: Type.Optional(Type.String({ description: 'Absent if the command concerns the whole App.' })),
  door: Type.String(),
  actor: Type.String({ description: 'Who made the request; empty if unknown.' }),
  role: Type.String(),
  requestId: Type.String(),
  action: Type.String(),
  reason: Type.String(),
  targets: Type.Array(Type.String(), { description: 'Such as `user/anna`.' }),
  details: Type.Unsafe<Readonly<Record<string, unknown>>>({
    type: 'object',
    additionalProperties: true,
    description: 'The other parameters of the command. `dryRun` is true if nothing was changed.',
  }),
  outcome: OUTCOME,
  errorCode: Type.Optional(Type.String({ description: 'Why it was refused or failed.' })),
});
/** A row of the audit trail. */
export type AuditItem = Static<typeof AUDIT_ITEM>;

/** A page of the audit trail, newest first. */
export const AUDIT_LIST = Type.Object({ rows: Type.Array(AUDIT_ITEM), next: NEXT });
/** A page of the audit trail, newest first. */
export type AuditList = Static<typeof AUDIT_LIST>;
