/**
 * Resume tickets: the credential with which a client resumes its member on a new connection.
 *
 * A ticket contains the room, the member, the member's secret, and the login data that is needed to find out how the
 * login ended (KICK-12). It is opaque to clients. The login data grants no permissions, so changing it gains nothing.
 *
 * @module
 */

import { type MemberId, parseAppId, parseEpoch, parseRoomId, parseUserId, type RoomKey } from '@gavel/protocol';
import type { TicketClaim } from '../rooms/ended-tickets.ts';

/** The content of a ticket. */
export interface ResumeTicket {
  readonly key: RoomKey;
  readonly memberId: MemberId;
  /** Empty for a waiting user: a wait cannot be resumed. */
  readonly secret: string;
  readonly claim: TicketClaim;
}

/** Serialises a ticket. */
export function formatTicket({ key, memberId, secret, claim }: ResumeTicket): string {
  const { issuer, userId, clientId, isReplaceable, position } = claim;
  const login = [issuer, userId, clientId, isReplaceable ? 1 : 0, position.epoch, position.seq];
  const fields = [key.appId, key.environment, key.roomId, memberId, secret, ...login];
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

/** Parses a ticket; returns undefined if the text is not a ticket. Only its room knows whether it is still valid. */
export function parseTicket(text: string): ResumeTicket | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(fields) || fields.length !== 11) return undefined;
  const [app, environment, room, memberId, secret, ...login] = fields as unknown[];
  const appId = typeof app === 'number' ? parseAppId(app) : undefined;
  const roomId = typeof room === 'string' ? parseRoomId(room) : undefined;
  const claim = parseClaim(login);
  if (appId === undefined || roomId === undefined || !claim) return undefined;
  if (environment !== 'production' && environment !== 'test') return undefined;
  if (typeof memberId !== 'string' || typeof secret !== 'string') return undefined;
  return { key: { appId, environment, roomId }, memberId: memberId as MemberId, secret, claim };
}

function parseClaim([issuer, user, clientId, replaceable, epoch, seq]: readonly unknown[]): TicketClaim | undefined {
  const userId = typeof user === 'string' ? parseUserId(user) : undefined;
  if (typeof issuer !== 'string' || typeof clientId !== 'string' || !userId) return undefined;
  const life = typeof epoch === 'string' ? parseEpoch(epoch) : undefined;
  if (!life || typeof seq !== 'number') return undefined;
  return { issuer, userId, clientId, isReplaceable: replaceable === 1, position: { epoch: life, seq } };
}
