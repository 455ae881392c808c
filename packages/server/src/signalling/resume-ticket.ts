/**
 * Resume tickets: what a client shows to come back to its member on a new connection.
 *
 * A ticket names the room and the member, and carries the member's secret. It is opaque to clients.
 *
 * @module
 */

import { type MemberId, parseAppId, parseRoomId, type RoomKey } from '@gavel/protocol';

/** What a ticket says. */
export interface ResumeTicket {
  readonly key: RoomKey;
  readonly memberId: MemberId;
  readonly secret: string;
}

/** Writes a ticket. */
export function formatTicket({ key, memberId, secret }: ResumeTicket): string {
  const fields = [key.appId, key.environment, key.roomId, memberId, secret];
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

/** Reads a ticket, or gives undefined where the text is none. Whether it is still good, only its room knows. */
export function parseTicket(text: string): ResumeTicket | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(fields) || fields.length !== 5) return undefined;
  const [app, environment, room, memberId, secret] = fields as unknown[];
  const appId = typeof app === 'number' ? parseAppId(app) : undefined;
  const roomId = typeof room === 'string' ? parseRoomId(room) : undefined;
  if (appId === undefined || roomId === undefined) return undefined;
  if (environment !== 'production' && environment !== 'test') return undefined;
  if (typeof memberId !== 'string' || typeof secret !== 'string') return undefined;
  return { key: { appId, environment, roomId }, memberId: memberId as MemberId, secret };
}
