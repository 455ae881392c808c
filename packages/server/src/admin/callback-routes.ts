/**
 * Callbacks in the admin API: lists pending and failed callbacks, and replays failed ones.
 *
 * @module
 */

import { parseAppId } from '@gavel/protocol';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { OutboxRecord, OutboxRepository } from '../store/outbox.ts';
import { callerOf } from './caller.ts';
import { AdminError } from './errors.ts';
import { describeResponses } from './responses.ts';

/** The dependencies of the routes. */
export interface CallbackRouteDeps {
  readonly outbox: Pick<OutboxRepository, 'list'>;
  readonly callbacks: {
    replay(id: string): Promise<boolean>;
    replayAll(appId: OutboxRecord['appId']): Promise<number>;
  };
}

const closed = { additionalProperties: false } as const;
const appId = Type.Integer({ minimum: 1, maximum: 0xffff_ffff, description: 'Only callbacks of this App.' });
const status = Type.Union([Type.Literal('failed'), Type.Literal('pending')]);

const LIST_QUERY = Type.Object(
  {
    status: Type.Optional({
      ...status,
      default: 'failed',
      description: '`failed`: failed permanently; `pending`: not delivered yet. Default: failed.',
    }),
    appId: Type.Optional(appId),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 500, default: 100, description: 'Most entries. Default: 100.' }),
    ),
    after: Type.Optional(Type.Integer({ minimum: 0, description: 'The `next` value of the previous page.' })),
  },
  closed,
);
const ID_PATH = Type.Object(
  { id: Type.String({ minLength: 1, maxLength: 64, description: 'The `webhook-id`.' }) },
  closed,
);
const REPLAY_BODY = Type.Object({ appId }, closed);

const CALLBACK = Type.Object({
  id: Type.String({ description: 'The `webhook-id`, the same for every attempt.' }),
  appId: Type.Integer(),
  dialect: Type.String(),
  event: Type.String(),
  url: Type.String({ description: 'The URL without its query, which may contain secrets.' }),
  lane: Type.String({ description: 'App, environment and room: callbacks of one lane and address are sent in order.' }),
  status,
  attempts: Type.Integer({ description: 'Number of failed attempts.' }),
  createdAtMs: Type.Integer({ description: 'Milliseconds since the Unix epoch.' }),
  nextAttemptAtMs: Type.Optional(Type.Integer({ description: 'Only for pending callbacks.' })),
  failedAtMs: Type.Optional(Type.Integer({ description: 'Only for failed callbacks.' })),
  lastStatus: Type.Optional(Type.Integer({ description: 'HTTP status of the last failed attempt.' })),
  lastError: Type.Optional(Type.String({ description: 'Why the last attempt failed.' })),
});
const LIST = Type.Object({
  callbacks: Type.Array(CALLBACK),
  next: Type.Union([Type.Integer(), Type.Null()], { description: 'Start of the next page; null on the last page.' }),
});
const REPLAYED = Type.Object({ id: Type.String(), status });
const REPLAYED_ALL = Type.Object({
  replayed: Type.Integer({ description: 'Number of callbacks that are pending again.' }),
});
/** Adds the routes below `/callbacks`. */
export function addCallbackRoutes(scope: FastifyInstance, { outbox, callbacks }: CallbackRouteDeps): void {
  scope.get(
    '/callbacks',
    {
      config: { right: 'read' },
      schema: {
        summary: 'Lists callbacks, oldest first',
        querystring: LIST_QUERY,
        response: describeResponses('A page.', LIST),
      },
    },
    async (request) => {
      const { status = 'failed', appId, limit = 100, after = 0 } = request.query as Static<typeof LIST_QUERY>;
      const appIds = appId === undefined ? callerOf(request).appIds : [appId];
      const filter = { status, afterSeq: after, ...(appIds && { appIds: appIds.map(requireAppId) }) };
      const records = await outbox.list(filter, limit);
      return {
        callbacks: records.map(describe),
        next: records.length === limit ? (records.at(-1)?.seq ?? null) : null,
      };
    },
  );

  scope.post(
    '/callbacks/:id/replay',
    {
      config: { right: 'manage' },
      schema: {
        summary: 'Sends a failed callback again',
        params: ID_PATH,
        response: describeResponses('The callback is pending again.', REPLAYED),
      },
    },
    async (request) => {
      const { id } = request.params as Static<typeof ID_PATH>;
      if (!(await callbacks.replay(id))) throw new AdminError('not-found', `No failed callback has the id ${id}`);
      return { id, status: 'pending' };
    },
  );

  scope.post(
    '/callbacks/replay',
    {
      config: { right: 'manage' },
      schema: {
        summary: 'Sends all failed callbacks of an App again',
        body: REPLAY_BODY,
        response: describeResponses('The callbacks are pending again.', REPLAYED_ALL),
      },
    },
    async (request) => {
      const { appId } = request.body as Static<typeof REPLAY_BODY>;
      return { replayed: await callbacks.replayAll(requireAppId(appId)) };
    },
  );
}

function requireAppId(value: number): OutboxRecord['appId'] {
  const appId = parseAppId(value);
  if (appId === undefined) throw new AdminError('invalid-request', `${value} is not an App id`);
  return appId;
}

/** Returns a callback without its body, which contains personal data and a signature. */
function describe(record: OutboxRecord): Static<typeof CALLBACK> {
  const { body: _body, seq: _seq, url, nextAttemptAtMs, ...rest } = record;
  const isOwed = record.failedAtMs === undefined;
  return {
    ...rest,
    url: url.replace(/[?#].*$/, ''),
    status: isOwed ? 'pending' : 'failed',
    ...(isOwed && { nextAttemptAtMs }),
  };
}
