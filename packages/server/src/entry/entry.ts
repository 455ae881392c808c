/**
 * Entry: how a client gets into a room, whatever door it uses. A door parses the request and limits it; this use case
 * authenticates the client, executes the command, and issues the ticket for a resume.
 *
 * @module
 */

import { GavelError, type MemberId, type Params, type RoomKey } from '@gavel/protocol';
import type { Bus } from '../bus/bus.ts';
import type { Session } from '../owner/rooms.ts';
import type { LoginCommand, Origin } from '../rooms/commands.ts';
import type { RoomPosition } from '../rooms/ended-tickets.ts';
import type { MemberInfo } from '../rooms/member.ts';
import type { ReplyOf, ResumeReply } from '../rooms/replies.ts';
import type { Waiting } from '../rooms/waiting.ts';
import type { Admission, Authenticator, Renewal } from './admission.ts';
import { formatTicket, parseTicket } from './resume-ticket.ts';

/** Dependencies of the entry. */
export interface EntryDeps {
  readonly bus: Bus;
  readonly authenticators: readonly Authenticator[];
  /** The name under which this server's tickets are issued. */
  readonly ticketIssuer: string;
}

/** One connection of a client to a door. */
export interface ClientConnection {
  readonly channel: Origin['channel'];
  readonly connectionId: string;
  /** The client's IP address. */
  readonly address: string;
}

/** An authenticated client. */
export interface Candidate {
  readonly authenticator: Authenticator;
  readonly admission: Admission;
  readonly clientId: string;
  readonly origin: Origin;
}

/** What a dialect adds to the answer of a login. */
export interface DialectDetails {
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly session?: { readonly id: string; readonly startedAtMs: number };
  readonly tokenExpiresAtMs?: number;
}

/** A client in a room. */
export interface Entered {
  readonly key: RoomKey;
  readonly session: Session;
  /** With it the client resumes on a new connection. */
  readonly ticket: string;
  readonly details: DialectDetails;
}

/** The result of a login: the client is in the room, or waits for it. */
export type Joined = { readonly candidate: Candidate } & (
  | { readonly entered: Entered; readonly waiting?: never }
  | {
      readonly waiting: Waiting;
      /** It cannot be resumed, but the server recognises with it how the wait ended (KICK-12). */
      readonly ticket: string;
      readonly entered?: never;
    }
);

/**
 * The use cases of getting in.
 *
 * ```ts
 * const { entered, waiting } = await entry.join(connection, { credential, clientId, roomId, userId });
 * ```
 */
export class Entry {
  readonly #deps: EntryDeps;

  constructor(deps: EntryDeps) {
    this.#deps = deps;
  }

  /** Returns whom a login would log in, and what its dialect adds. @throws GavelError of the authenticator */
  async identify(
    from: ClientConnection,
    params: Params<'identify'>,
  ): Promise<{ readonly admission: Admission; readonly details: DialectDetails }> {
    const candidate = await this.#authenticate(from, { ...params, clientId: from.connectionId });
    return { admission: candidate.admission, details: await detailsOf(candidate) };
  }

  /**
   * Returns the members that a login would receive; none if it would wait, because others decide whether it may see them.
   *
   * @throws GavelError of the authenticator; `login.banned` (RTK-18)
   */
  async preview(from: ClientConnection, params: Params<'preview'>): Promise<readonly MemberInfo[]> {
    const { admission } = await this.#authenticate(from, { ...params, clientId: from.connectionId });
    const { key, user, externalId, permissions, waits } = admission;
    const { address } = from;
    const visit = { type: 'visit', user, address, ...(externalId !== undefined && { externalId }) } as const;
    const { members } = await this.#deps.bus.query(key, visit);
    return permissions.listsMembers === false || waits ? [] : members;
  }

  /** Logs a client in, or makes it wait. @throws GavelError of the authenticator, or of the command `login` */
  async join(from: ClientConnection, params: Params<'login'>): Promise<Joined> {
    const candidate = await this.#authenticate(from, params);
    const { admission, origin } = candidate;
    const command = loginCommand(from, candidate, params);
    const reply: ReplyOf<LoginCommand> = await this.#deps.bus.call({ key: admission.key, command, origin });
    if (reply.session) return { candidate, entered: await this.enter(candidate, reply.session) };
    const { waiting, position } = reply;
    return { candidate, waiting, ticket: this.#ticketOf(candidate, waiting.memberId, '', position) };
  }

  /** Returns what the client of a new member gets: after `join`, or when it was admitted after waiting. */
  async enter(candidate: Candidate, session: Session): Promise<Entered> {
    const { member, ticket, room } = session;
    return {
      key: candidate.admission.key,
      session,
      ticket: this.#ticketOf(candidate, member.memberId, ticket, room),
      details: await detailsOf(candidate),
    };
  }

  /**
   * Attaches a member to a new connection.
   *
   * @param lastSeq the number of the last event that the client has received
   * @throws GavelError as the command `resume` documents
   */
  async resume(
    { channel, connectionId, address }: ClientConnection,
    text: string,
    lastSeq: number,
  ): Promise<ResumeReply & { readonly key: RoomKey; readonly origin: Origin }> {
    const ticket = parseTicket(text);
    if (!ticket) throw new GavelError('resume.refused');
    const { key, memberId, secret, claim } = ticket;
    const origin: Origin = { channel, requestId: connectionId };
    // The ticket was issued in the life of the room that the client's number is of.
    const after = { epoch: claim.position.epoch, seq: lastSeq };
    const command = { type: 'resume', memberId, ticket: secret, connectionId, address, claim, after } as const;
    return { key, origin, ...(await this.#deps.bus.call({ key, command, origin })) };
  }

  /** Replaces the token of a member. @throws GavelError of the authenticator, or of the command `renewToken` */
  async renew(key: RoomKey, member: MemberInfo, token: string, origin: Origin): Promise<Renewal> {
    const authenticator = this.#requireAuthenticator(member.scheme);
    const renewal = await authenticator.renew({ key, user: member.user }, token);
    await this.#deps.bus.call({ key, command: { type: 'renewToken', memberId: member.memberId, ...renewal }, origin });
    return renewal;
  }

  async #authenticate({ channel, connectionId }: ClientConnection, params: Params<'login'>): Promise<Candidate> {
    const authenticator = this.#requireAuthenticator(params.credential.scheme);
    const admission = await authenticator.admit(params);
    const origin: Origin = { channel, requestId: connectionId, actor: admission.user.id };
    return { authenticator, admission, clientId: params.clientId, origin };
  }

  #requireAuthenticator(scheme: string): Authenticator {
    const authenticator = this.#deps.authenticators.find((one) => one.scheme === scheme);
    if (!authenticator) throw new GavelError('login.bad-credential', 'this authentication scheme is not available');
    return authenticator;
  }

  /** @param secret empty for a waiting user */
  #ticketOf(candidate: Candidate, memberId: MemberId, secret: string, { epoch, seq }: RoomPosition): string {
    const { admission, clientId } = candidate;
    const { key, user, onDuplicate } = admission;
    const isReplaceable = onDuplicate === 'replace';
    const { ticketIssuer: issuer } = this.#deps;
    const claim = { issuer, userId: user.id, clientId, isReplaceable, position: { epoch, seq } };
    return formatTicket({ key, memberId, secret, claim });
  }
}

function loginCommand(
  { connectionId, address }: ClientConnection,
  { authenticator, admission }: Candidate,
  { clientId, members = false, callbackData = '', attempt }: Params<'login'>,
): LoginCommand {
  const { user, externalId, onDuplicate, permissions, maxMemberCount, profile, waits, sessionKeptMs } = admission;
  const { tokenExpiresAtMs } = admission;
  return {
    type: 'login',
    user,
    scheme: authenticator.scheme,
    clientId,
    connectionId,
    onDuplicate,
    wantsMembers: members && permissions.listsMembers !== false,
    permissions,
    maxMemberCount,
    address,
    callbackData,
    ...(profile && { profile }),
    ...(externalId !== undefined && { externalId }),
    ...(tokenExpiresAtMs !== undefined && { tokenExpiresAtMs }),
    ...(waits && { waits }),
    ...(sessionKeptMs !== undefined && { sessionKeptMs }),
    ...(attempt && { attempt }),
  };
}

async function detailsOf({ authenticator, admission }: Candidate): Promise<DialectDetails> {
  const { key, facts, tokenExpiresAtMs } = admission;
  const session = await authenticator.findSession?.(key);
  return {
    ...(facts && { facts }),
    ...(session && { session: { id: session.id, startedAtMs: session.startedAtMs } }),
    ...(tokenExpiresAtMs !== undefined && { tokenExpiresAtMs }),
  };
}
