/**
 * Callbacks in the admin API: lists pending and failed callbacks, and replays failed ones.
 *
 * @module
 */

import { parseAppId } from '@gavel/protocol';
import {
  CALLBACK_LIST,
  CALLBACK_LIST_QUERY,
  CALLBACK_PATH,
  type CallbackItem,
  type CallbackList,
  type CallbackListQuery,
  type CallbackPath,
  REPLAY_BODY,
  REPLAYED_CALLBACK,
  REPLAYED_CALLBACKS,
  type ReplayBody,
  type ReplayedCallback,
  type ReplayedCallbacks,
} from '@gavel/protocol/admin';
import type { FastifyInstance } from 'fastify';
import type { OutboxRecord, OutboxRepository } from '../store/outbox.ts';
import { callerOf } from './caller.ts';
import { AdminError } from './errors.ts';
import type { ManagedCalls } from './managed-calls.ts';
import { describeResponses } from './responses.ts';

/** The dependencies of the routes. */
export interface CallbackRouteDeps {
  readonly outbox: Pick<OutboxRepository, 'list'>;
  readonly callbacks: {
    replay(id: string): Promise<OutboxRecord | undefined>;
    replayAll(appId: OutboxRecord['appId']): Promise<number>;
  };
  readonly managed: ManagedCalls;
}

/** Adds the routes below `/callbacks`. */
export function addCallbackRoutes(scope: FastifyInstance, { outbox, callbacks, managed }: CallbackRouteDeps): void {
  scope.get(
    '/callbacks',
    {
      config: { right: 'read' },
      schema: {
        summary: 'Lists callbacks, oldest first',
        querystring: CALLBACK_LIST_QUERY,
        response: describeResponses('A page.', CALLBACK_LIST),
      },
    },
    async (request): Promise<CallbackList> => {
      const { status = 'failed', appId, limit = 100, after = 0 } = request.query as CallbackListQuery;
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
      config: { right: 'manage', action: 'replayCallback' },
      schema: {
        summary: 'Sends a failed callback again',
        params: CALLBACK_PATH,
        response: describeResponses('The callback is pending again.', REPLAYED_CALLBACK),
      },
    },
    async (request): Promise<ReplayedCallback> => {
      const { id } = request.params as CallbackPath;
      await managed.run(
        request,
        (replayed?: OutboxRecord) => ({ ...(replayed && { appId: replayed.appId }), target: `callback/${id}` }),
        async () => {
          const replayed = await callbacks.replay(id);
          if (!replayed) throw new AdminError('not-found', `No failed callback has the id ${id}`);
          return replayed;
        },
      );
      return { id, status: 'pending' };
    },
  );

  scope.post(
    '/callbacks/replay',
    {
      config: { right: 'manage', action: 'replayCallbacks' },
      schema: {
        summary: 'Sends all failed callbacks of an App again',
        body: REPLAY_BODY,
        response: describeResponses('The callbacks are pending again.', REPLAYED_CALLBACKS),
      },
    },
    async (request): Promise<ReplayedCallbacks> => {
      const appId = requireAppId((request.body as ReplayBody).appId);
      const replayed = await managed.run(
        request,
        (count = 0) => ({ appId, details: { replayed: count } }),
        () => callbacks.replayAll(appId),
      );
      return { replayed };
    },
  );
}

function requireAppId(value: number): OutboxRecord['appId'] {
  const appId = parseAppId(value);
  if (appId === undefined) throw new AdminError('invalid-request', `${value} is not an App id`);
  return appId;
}

/** Returns a callback without its body, which contains personal data and a signature. */
function describe(record: OutboxRecord): CallbackItem {
  const { body: _body, seq: _seq, url, nextAttemptAtMs, ...rest } = record;
  const isOwed = record.failedAtMs === undefined;
  return {
    ...rest,
    url: url.replace(/[?#].*$/, ''),
    status: isOwed ? 'pending' : 'failed',
    ...(isOwed && { nextAttemptAtMs }),
  };
}
