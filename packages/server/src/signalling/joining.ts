/**
 * How a connection gets its member: by a login, or by a resume.
 *
 * @module
 */

import { GavelError, type LoginResult, MAX_BYTES, type Params, type Results, type RoomKey } from '@gavel/protocol';
import type { Admission, Authenticator } from '../rooms/admission.ts';
import type { Clock } from '../rooms/clock.ts';
import type { Origin } from '../rooms/commands.ts';
import type { Rooms, Session } from '../rooms/rooms.ts';
import type { Connection } from './connection.ts';
import { frameFor, wirePermissions, wireSnapshot } from './frames.ts';
import { formatTicket, parseTicket } from './resume-ticket.ts';
import { requireShort } from './texts.ts';

/** What logins and resumes need. */
export interface JoiningDeps {
  readonly rooms: Rooms;
  readonly clock: Clock;
  readonly authenticators: readonly Authenticator[];
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
}

/** Answers `login` and `resume`. */
export class Joining {
  readonly #deps: JoiningDeps;

  constructor(deps: JoiningDeps) {
    this.#deps = deps;
  }

  /** Logs in a connection's user. @throws GavelError the authenticator's refusal, and that of the room */
  async login(connection: Connection, params: Params<'login'>): Promise<LoginResult> {
    connection.beginJoin();
    const authenticator = this.#deps.authenticators.find((one) => one.scheme === params.credential.scheme);
    if (!authenticator) throw new GavelError('login.bad-credential', 'this scheme is not available here');
    const admission = await authenticator.admit(params);
    const { key, user, onDuplicate, permissions, maxMemberCount, profile, tokenExpiresAtMs } = admission;
    const { clientId, members: wantsMembers = false, callbackData = '' } = params;
    requireShort(callbackData, MAX_BYTES.callbackData);
    const { connectionId, address } = connection;
    const { scheme } = authenticator;
    const login = { scheme, clientId, connectionId, wantsMembers, user, onDuplicate, permissions, maxMemberCount };
    const optional = {
      address,
      callbackData,
      ...(profile && { profile }),
      ...(tokenExpiresAtMs !== undefined && { tokenExpiresAtMs }),
    };
    const command = { type: 'login', ...login, ...optional } as const;
    const origin: Origin = { door: 'signalling', requestId: connectionId, actor: user.id };
    const { session } = await this.#deps.rooms.execute(key, command, origin);
    if (!session) throw new Error('a login made no session');
    await this.#seat(connection, key, session, origin);
    return this.#loginResult(session, admission, authenticator.findSession?.(key));
  }

  #loginResult(session: Session, admission: Admission, part: LoginResult['session']): LoginResult {
    const { member, room } = session;
    const { key, facts, tokenExpiresAtMs } = admission;
    return {
      memberId: member.memberId,
      epoch: String(room.epoch),
      roomId: key.roomId,
      user: member.user,
      ...(member.profile && { profile: member.profile }),
      permissions: wirePermissions(member.permissions),
      ...(facts && { facts }),
      ...(part && { session: { id: part.id, startedAtMs: part.startedAtMs } }),
      ticket: formatTicket({ key, memberId: member.memberId, secret: session.ticket }),
      heartbeatIntervalMs: this.#deps.heartbeatIntervalMs,
      heartbeatTimeoutMs: this.#deps.heartbeatTimeoutMs,
      ...(tokenExpiresAtMs !== undefined && { tokenExpiresAtMs }),
      serverTimeMs: this.#deps.clock.now(),
      room: wireSnapshot(room, member),
    };
  }

  /** Brings a member back on a new connection. @throws GavelError `resume.refused` */
  async resume(connection: Connection, params: Params<'resume'>): Promise<Results['resume']> {
    connection.beginJoin();
    const ticket = parseTicket(params.ticket);
    if (!ticket) throw new GavelError('resume.refused');
    const { key, memberId, secret } = ticket;
    const { connectionId } = connection;
    const origin: Origin = { door: 'signalling', requestId: connectionId };
    const command = { type: 'resume', memberId, ticket: secret, connectionId } as const;
    const { session } = await this.#deps.rooms.execute(key, command, origin);
    if (!session) throw new Error('a resume made no session');
    await this.#seat(connection, key, session, origin);
    const serverTimeMs = this.#deps.clock.now();
    const missed = await this.#deps.rooms.eventsSince(key, params.lastSeq);
    if (!missed) return { room: wireSnapshot(session.room, session.member), serverTimeMs };
    // Only up to the moment of the resume: what came after it has been held back, and follows by itself.
    const events = missed
      .filter((event) => event.seq <= session.room.seq)
      .flatMap((event) => frameFor(event, session.member) ?? []);
    return { events, serverTimeMs };
  }

  /** The socket may have gone while the login was under way: then the member is detached like any other. */
  async #seat(connection: Connection, key: RoomKey, { member }: Session, origin: Origin): Promise<void> {
    if (connection.completeJoin(key, member)) return;
    const { memberId } = member;
    const { connectionId } = connection;
    await this.#deps.rooms.execute(key, { type: 'detach', memberId, connectionId }, origin);
  }
}
