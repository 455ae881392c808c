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
import type { Clock } from '../base/clock.ts';
import type { Candidate, ClientConnection, Entered, Entry, Joined } from '../entry/entry.ts';
import type { Leave } from '../entry/leave.ts';
import type { IceServers } from '../ice/ice-servers.ts';
import type { Session } from '../owner/rooms.ts';
import type { Waiting } from '../rooms/waiting.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Connection } from './connection.ts';
import type { FanOut, WaitingEnd } from './fan-out.ts';
import { frameFor, wireMembersForVisitor, wirePermissions, wireSnapshot, wireWaiting } from './frames.ts';
import { encodeFrame } from './text-frame.ts';
import { requireShort } from './texts.ts';

/** Dependencies of logins and resumes. */
export interface JoiningDeps {
  readonly entry: Entry;
  readonly leave: Leave;
  readonly fanOut: FanOut;
  readonly clock: Clock;
  readonly iceServers: IceServers;
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
  readonly log: Logger;
}

/** Handles `login` and `resume`, and what is allowed before them. */
export class Joining {
  readonly #deps: JoiningDeps;

  constructor(deps: JoiningDeps) {
    this.#deps = deps;
  }

  /** Tells whom a login would log in. @throws GavelError of the authenticator; `request.out-of-order` after a login */
  async identify(connection: Connection, params: Params<'identify'>): Promise<Results['identify']> {
    requireNew(connection);
    const { admission, details } = await this.#deps.entry.identify(clientOf(connection), params);
    const { key, user, profile, permissions } = admission;
    return {
      roomId: key.roomId,
      user,
      ...(profile && { profile }),
      permissions: wirePermissions(permissions),
      ...details,
      serverTimeMs: this.#deps.clock.now(),
    };
  }

  /** Returns the members that a login would receive. @throws GavelError as `Entry.preview`; `request.out-of-order` after a login */
  async preview(connection: Connection, params: Params<'preview'>): Promise<Results['preview']> {
    requireNew(connection);
    return { members: wireMembersForVisitor(await this.#deps.entry.preview(clientOf(connection), params)) };
  }

  /** Logs in a connection's user, or makes it wait. @throws GavelError as `Entry.join` */
  async login(connection: Connection, params: Params<'login'>): Promise<Results['login']> {
    connection.beginJoin();
    requireShort(params.callbackData ?? '', MAX_BYTES.callbackData);
    const joined = await this.#deps.entry.join(clientOf(connection), params);
    return joined.entered ? this.#enter(connection, joined.entered) : this.#wait(connection, joined);
  }

  async #wait(
    connection: Connection,
    { candidate, waiting, ticket }: Extract<Joined, { waiting: Waiting }>,
  ): Promise<WaitingResult> {
    const { clock, fanOut, heartbeatIntervalMs, heartbeatTimeoutMs, log } = this.#deps;
    const { key } = candidate.admission;
    this.#log(connection, key, waiting, 'waits to be admitted');
    const { memberId } = waiting;
    const ended = fanOut.waitEndOf(connection);
    const isHere = connection.beginWaiting(key, memberId, () => {
      ended
        .then((end) => this.#endWait(connection, candidate, end))
        .catch((error: unknown) =>
          log.error({ connectionId: connection.connectionId, err: error }, 'waiting for admission failed'),
        );
    });
    if (!isHere) await this.#detach(connection, key, memberId);
    return {
      waiting: wireWaiting(waiting),
      ticket,
      heartbeatIntervalMs,
      heartbeatTimeoutMs,
      serverTimeMs: clock.now(),
    };
  }

  /** Notifies a connection of the end of its wait. */
  async #endWait(connection: Connection, candidate: Candidate, end: WaitingEnd): Promise<void> {
    switch (end.kind) {
      case 'admitted': {
        const login = await this.#enter(connection, await this.#deps.entry.enter(candidate, end.session));
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
  async #enter(connection: Connection, { key, session, ticket, details }: Entered): Promise<LoginResult> {
    const { member, room } = session;
    await this.#seat(connection, key, session);
    this.#log(connection, key, member, 'logged in');
    return {
      memberId: member.memberId,
      epoch: room.epoch,
      roomId: key.roomId,
      user: member.user,
      ...(member.profile && { profile: member.profile }),
      permissions: wirePermissions(member.permissions),
      ...details,
      ticket,
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

  /** Attaches a member to a new connection. @throws GavelError as the command `resume` documents */
  async resume(connection: Connection, params: Params<'resume'>): Promise<Results['resume']> {
    connection.beginJoin();
    const { key, session, missed } = await this.#deps.entry.resume(clientOf(connection), params.ticket, params.lastSeq);
    const { member } = session;
    await this.#seat(connection, key, session);
    this.#log(connection, key, member, 'resumed');
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

  /** Binds a member to its connection, or detaches it if the socket has closed during the login. */
  #seat(connection: Connection, key: RoomKey, { member }: Session): Promise<void> | undefined {
    return connection.completeJoin(key, member) ? undefined : this.#detach(connection, key, member.memberId);
  }

  async #detach({ connectionId }: Connection, key: RoomKey, memberId: MemberId): Promise<void> {
    await this.#deps.leave.detach({ key, memberId, connectionId, channel: 'signalling' });
  }
}

const clientOf = ({ connectionId, address }: Connection): ClientConnection => ({
  channel: 'signalling',
  connectionId,
  address,
});

/** @throws `request.out-of-order` after a login */
function requireNew({ state }: Connection): void {
  if (state.kind !== 'new') {
    throw new GavelError('request.out-of-order', 'this method is allowed before the login only');
  }
}

/** Returns the waiting list for a member that may admit users. Later changes are sent as events. */
function waitingListOf({ waiting }: Session): Pick<LoginResult, 'waitingList'> {
  return waiting ? { waitingList: waiting.map(wireWaiting) } : {};
}
