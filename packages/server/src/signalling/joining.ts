/**
 * Attaches a member to a connection, by a login or a resume.
 *
 * @module
 */

import {
  CLOSE_CODE_OF_CAUSE,
  CLOSE_CODES,
  GavelError,
  type LoginResult,
  MAX_BYTES,
  type MemberId,
  type Params,
  type Results,
  type RoomKey,
  type WaitingResult,
} from '@gavel/protocol';
import type { Bus } from '../bus/bus.ts';
import type { IceServers } from '../ice/ice-servers.ts';
import type { Admission, Authenticator } from '../rooms/admission.ts';
import type { Clock } from '../rooms/clock.ts';
import type { LoginCommand, Origin } from '../rooms/commands.ts';
import type { RoomPosition } from '../rooms/ended-tickets.ts';
import type { ReplyOf } from '../rooms/replies.ts';
import type { Session } from '../rooms/rooms.ts';
import type { Waiting } from '../rooms/waiting.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Connection } from './connection.ts';
import type { FanOut, WaitingEnd } from './fan-out.ts';
import { frameFor, wireMembersForVisitor, wirePermissions, wireSnapshot, wireWaiting } from './frames.ts';
import { formatTicket, parseTicket } from './resume-ticket.ts';
import { encodeFrame } from './text-frame.ts';
import { requireShort } from './texts.ts';

/** Dependencies of logins and resumes. */
export interface JoiningDeps {
  readonly bus: Bus;
  /** The name under which this server's tickets are issued. */
  readonly ticketIssuer: string;
  readonly fanOut: FanOut;
  readonly clock: Clock;
  readonly authenticators: readonly Authenticator[];
  readonly iceServers: IceServers;
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
  readonly log: Logger;
}

/** A login in progress. */
interface Arrival {
  readonly connection: Connection;
  readonly authenticator: Authenticator;
  readonly admission: Admission;
  readonly clientId: string;
  readonly origin: Origin;
}

/** Handles `login` and `resume`. */
export class Joining {
  readonly #deps: JoiningDeps;

  constructor(deps: JoiningDeps) {
    this.#deps = deps;
  }

  /** Tells whom a login would log in. @throws GavelError of the authenticator; `request.out-of-order` after a login */
  async identify(connection: Connection, params: Params<'identify'>): Promise<Results['identify']> {
    const { authenticator, admission: admitted } = await this.#admitVisitor(connection, params);
    const { key, user, profile, permissions, ...admission } = admitted;
    return {
      roomId: key.roomId,
      user,
      ...(profile && { profile }),
      permissions: wirePermissions(permissions),
      ...this.#partOf(authenticator, { key, ...admission }),
      serverTimeMs: this.#deps.clock.now(),
    };
  }

  /**
   * Returns the members that a login would receive; none if it would wait, because others decide whether it may see them.
   *
   * @throws GavelError of the authenticator; `login.banned`; `request.out-of-order` after a login (RTK-18)
   */
  async preview(connection: Connection, params: Params<'preview'>): Promise<Results['preview']> {
    const { admission } = await this.#admitVisitor(connection, params);
    const { key, user, externalId, permissions, waits } = admission;
    const { address } = connection;
    const visit = { type: 'visit', user, address, ...(externalId !== undefined && { externalId }) } as const;
    const present = await this.#deps.bus.query(key, visit);
    if (permissions.listsMembers === false || waits) return { members: [] };
    return { members: wireMembersForVisitor(present.members) };
  }

  async #admitVisitor(
    connection: Connection,
    params: Params<'identify'>,
  ): Promise<{ readonly authenticator: Authenticator; readonly admission: Admission }> {
    if (connection.state.kind !== 'new') {
      throw new GavelError('request.out-of-order', 'this method is allowed before the login only');
    }
    const authenticator = this.#requireAuthenticator(params);
    const admission = await authenticator.admit({ ...params, clientId: connection.connectionId });
    return { authenticator, admission };
  }

  #requireAuthenticator({ credential }: Params<'identify'>): Authenticator {
    const authenticator = this.#deps.authenticators.find((one) => one.scheme === credential.scheme);
    if (!authenticator) throw new GavelError('login.bad-credential', 'this authentication scheme is not available');
    return authenticator;
  }

  /** Returns what a dialect adds to an answer. */
  #partOf(
    authenticator: Authenticator,
    { key, facts, tokenExpiresAtMs }: Pick<Admission, 'key' | 'facts' | 'tokenExpiresAtMs'>,
  ): Pick<LoginResult, 'facts' | 'session' | 'tokenExpiresAtMs'> {
    const session = authenticator.findSession?.(key);
    return {
      ...(facts && { facts }),
      ...(session && { session: { id: session.id, startedAtMs: session.startedAtMs } }),
      ...(tokenExpiresAtMs !== undefined && { tokenExpiresAtMs }),
    };
  }

  /** Logs in a connection's user, or makes it wait. @throws GavelError of the authenticator or of the room */
  async login(connection: Connection, params: Params<'login'>): Promise<Results['login']> {
    connection.beginJoin();
    const authenticator = this.#requireAuthenticator(params);
    const admission = await authenticator.admit(params);
    const { key, user, onDuplicate, permissions, maxMemberCount, profile, tokenExpiresAtMs } = admission;
    const { waits, sessionKeptMs, externalId } = admission;
    const { clientId, members = false, callbackData = '', attempt } = params;
    const wantsMembers = members && permissions.listsMembers !== false;
    requireShort(callbackData, MAX_BYTES.callbackData);
    const { connectionId, address } = connection;
    const { scheme } = authenticator;
    const login = { scheme, clientId, connectionId, wantsMembers, user, onDuplicate, permissions, maxMemberCount };
    const optional = {
      address,
      callbackData,
      ...(profile && { profile }),
      ...(externalId !== undefined && { externalId }),
      ...(tokenExpiresAtMs !== undefined && { tokenExpiresAtMs }),
      ...(waits && { waits }),
      ...(sessionKeptMs !== undefined && { sessionKeptMs }),
      ...(attempt && { attempt }),
    };
    const command = { type: 'login', ...login, ...optional } as const;
    const origin: Origin = { door: 'signalling', requestId: connectionId, actor: user.id };
    const reply: ReplyOf<LoginCommand> = await this.#deps.bus.call({ key, command, origin });
    const arrival: Arrival = { connection, authenticator, admission, clientId, origin };
    if (reply.session) return this.#enter(arrival, reply.session);
    this.#log(connection, key, reply.waiting, 'waits to be admitted');
    return this.#wait(arrival, reply.waiting, reply.position);
  }

  async #wait(arrival: Arrival, waiting: Waiting, position: RoomPosition): Promise<WaitingResult> {
    const { clock, fanOut, heartbeatIntervalMs, heartbeatTimeoutMs, log } = this.#deps;
    const { connection, admission, origin } = arrival;
    const { memberId } = waiting;
    const ended = fanOut.waitEndOf(connection);
    const isHere = connection.beginWaiting(admission.key, memberId, () => {
      ended
        .then((end) => this.#endWait(arrival, end))
        .catch((error: unknown) =>
          log.error({ connectionId: connection.connectionId, err: error }, 'waiting for admission failed'),
        );
    });
    if (!isHere) await this.#detach(connection, admission.key, memberId, origin);
    return {
      waiting: wireWaiting(waiting),
      ticket: this.#ticketOf(arrival, memberId, '', position),
      heartbeatIntervalMs,
      heartbeatTimeoutMs,
      serverTimeMs: clock.now(),
    };
  }

  /** Notifies a connection of the end of its wait. */
  async #endWait(arrival: Arrival, end: WaitingEnd): Promise<void> {
    const { connection } = arrival;
    switch (end.kind) {
      case 'admitted': {
        const login = await this.#enter(arrival, end.session);
        return connection.release(encodeFrame({ event: 'admitted', login }));
      }
      case 'refused': {
        const { error } = end;
        return connection.close(CLOSE_CODES.refused, 'turned away', encodeFrame({ event: 'refused', error }));
      }
      case 'removed': {
        const { cause, reason } = end;
        const last = encodeFrame({ event: 'removed', cause, reason });
        return connection.close(CLOSE_CODE_OF_CAUSE[cause], cause, last);
      }
      case 'left':
        // Its own logout has been answered, or its socket has closed.
        return;
    }
  }

  /** Binds a new member to its connection, and returns the login answer. */
  async #enter(arrival: Arrival, session: Session): Promise<LoginResult> {
    const { connection, authenticator, admission, origin } = arrival;
    const { key } = admission;
    const { member, room } = session;
    await this.#seat(connection, key, session, origin);
    this.#log(connection, key, member, 'logged in');
    return {
      memberId: member.memberId,
      epoch: room.epoch,
      roomId: key.roomId,
      user: member.user,
      ...(member.profile && { profile: member.profile }),
      permissions: wirePermissions(member.permissions),
      ...this.#partOf(authenticator, admission),
      ticket: this.#ticketOf(arrival, member.memberId, session.ticket, room),
      heartbeatIntervalMs: this.#deps.heartbeatIntervalMs,
      heartbeatTimeoutMs: this.#deps.heartbeatTimeoutMs,
      serverTimeMs: this.#deps.clock.now(),
      room: wireSnapshot(room, member),
      ...waitingListOf(session),
      ...this.#iceFor(key, session),
    };
  }

  /** Returns ICE servers with new credentials. Only members get them: not who waits, and not who is refused (ICE-1). */
  #iceFor({ appId }: RoomKey, { member }: Session): Pick<LoginResult, 'ice'> {
    const ice = this.#deps.iceServers.issue(appId, member.user.id);
    return ice ? { ice } : {};
  }

  #ticketOf({ admission, clientId }: Arrival, memberId: MemberId, secret: string, position: RoomPosition): string {
    const { key, user, onDuplicate } = admission;
    const { epoch, seq } = position;
    const isReplaceable = onDuplicate === 'replace';
    const claim = {
      issuer: this.#deps.ticketIssuer,
      userId: user.id,
      clientId,
      isReplaceable,
      position: { epoch, seq },
    };
    return formatTicket({ key, memberId, secret, claim });
  }

  /** Attaches a member to a new connection. @throws GavelError as the command `resume` documents */
  async resume(connection: Connection, params: Params<'resume'>): Promise<Results['resume']> {
    connection.beginJoin();
    const ticket = parseTicket(params.ticket);
    if (!ticket) throw new GavelError('resume.refused');
    const { key, memberId, secret, claim } = ticket;
    const { connectionId, address } = connection;
    const origin: Origin = { door: 'signalling', requestId: connectionId };
    // The ticket was issued in the life of the room that the client's number is of.
    const after = { epoch: claim.position.epoch, seq: params.lastSeq };
    const command = { type: 'resume', memberId, ticket: secret, connectionId, address, claim, after } as const;
    const { session, missed } = await this.#deps.bus.call({ key, command, origin });
    await this.#seat(connection, key, session, origin);
    this.#log(connection, key, session.member, 'resumed');
    const serverTimeMs = this.#deps.clock.now();
    const common = { ...waitingListOf(session), ...this.#iceFor(key, session), serverTimeMs };
    if (!missed) return { room: wireSnapshot(session.room, session.member), ...common };
    return { events: missed.flatMap((event) => frameFor(event, session.member) ?? []), ...common };
  }

  #log(
    { address, connectionId }: Connection,
    { appId, roomId }: RoomKey,
    { memberId, user }: Pick<Waiting, 'memberId' | 'user'>,
    message: string,
  ): void {
    const facts = { appId, room: roomId, userId: user.id, memberId, address, requestId: connectionId };
    this.#deps.log.info(facts, message);
  }

  /** Detaches the member if the socket closed during the login. */
  async #seat(connection: Connection, key: RoomKey, { member }: Session, origin: Origin): Promise<void> {
    if (!connection.completeJoin(key, member)) await this.#detach(connection, key, member.memberId, origin);
  }

  async #detach({ connectionId }: Connection, key: RoomKey, memberId: MemberId, origin: Origin): Promise<void> {
    await this.#deps.bus.call({ key, command: { type: 'detach', memberId, connectionId }, origin });
  }
}

/** Returns the waiting list for a member that may admit users. Later changes are sent as events. */
function waitingListOf({ waiting }: Session): Pick<LoginResult, 'waitingList'> {
  return waiting ? { waitingList: waiting.map(wireWaiting) } : {};
}
