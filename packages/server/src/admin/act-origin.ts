/**
 * The origin of a command that a call of the admin API sends: who, in which role, and the id by which a repeat is recognised.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { byteLength, MAX_BYTES } from '@gavel/protocol';
import type { FastifyRequest } from 'fastify';
import type { Origin } from '../rooms/commands.ts';
import { callerOf } from './caller.ts';
import { AdminError } from './errors.ts';

/** The header by which a client repeats a call without a second effect (IDEM-1). */
export const IDEMPOTENCY_HEADER = 'idempotency-key';

/** Returns the idempotency key of a request, if it has one. @throws AdminError `invalid-request` for a malformed one */
export function readIdempotencyKey({ headers }: FastifyRequest): string | undefined {
  const key = headers[IDEMPOTENCY_HEADER];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,200}$/.test(key)) return key;
  throw new AdminError('invalid-request', `${IDEMPOTENCY_HEADER}: must have 1 to 200 printable ASCII characters`);
}

/** Returns the id of a request over repeats: a key is its caller's own, so that callers need not agree on keys. */
export function commandIdOf(request: FastifyRequest, key: string): string {
  const text = JSON.stringify([callerOf(request).name, key]);
  return `admin-${createHash('sha256').update(text).digest('base64url')}`;
}

/** Returns the origin of the command of a request. */
export function originOf(request: FastifyRequest): Origin {
  const { name, role } = callerOf(request);
  return { channel: 'admin', requestId: request.id, actor: name, role };
}

/** @throws AdminError `invalid-request` if a reason is longer than 256 bytes */
export function requireReason(reason: string): string {
  if (byteLength(reason) <= MAX_BYTES.reason) return reason;
  throw new AdminError('invalid-request', `reason: is longer than ${MAX_BYTES.reason} bytes`);
}
