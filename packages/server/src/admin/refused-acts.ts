/**
 * Acts that a caller's role or Apps do not allow: each has an audit row, like an act that was done (AUDIT-1).
 *
 * @module
 */

import { parseAppId, parseRoomId } from '@gavel/protocol';
import type { AdminIdentity } from '@gavel/protocol/admin';
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../base/clock.ts';
import { auditRowOf, type CommandScope } from '../journal/audit-rows.ts';
import { SERVER_SCOPE } from '../journal/audited-calls.ts';
import type { NumberedRows } from '../store/journal.ts';

/** The dependencies. */
export interface RefusedActsDeps {
  readonly journal: { append(rows: NumberedRows): Promise<void> };
  readonly clock: Pick<Clock, 'now'>;
}

/** Stores the audit row of a refused act; does nothing for a call that sends no command. @throws the error of the store */
export async function storeRefusedAct(
  { journal, clock }: RefusedActsDeps,
  request: FastifyRequest,
  { name, role }: AdminIdentity,
): Promise<void> {
  const { action } = request.routeOptions.config;
  const scope = action === undefined ? undefined : readScope(request.params);
  if (action === undefined || !scope) return;
  const origin = { channel: 'admin', requestId: request.id, actor: name, role } as const;
  const result = { atMs: clock.now(), outcome: 'refused', errorCode: 'forbidden' } as const;
  await journal.append({ audit: [auditRowOf(scope, { type: action }, origin, result)] });
}

/** Returns the scope that a path names, which was not checked before: the server if it names none; undefined if it is malformed. */
function readScope(params: unknown): CommandScope | undefined {
  const { appId: appIdText, environment, roomId } = (params ?? {}) as Readonly<Record<string, string | undefined>>;
  if (appIdText === undefined) return SERVER_SCOPE;
  const appId = parseAppId(Number(appIdText));
  if (appId === undefined) return undefined;
  if (environment === undefined) return { ...SERVER_SCOPE, appId };
  if (environment !== 'production' && environment !== 'test') return undefined;
  const parsed = roomId === undefined ? undefined : parseRoomId(roomId);
  return { appId, environment, ...(parsed !== undefined && { roomId: parsed }) };
}
