/**
 * Ended tickets: why clients were taken out for good, kept longer than any of them tries to come back (KICK-12).
 *
 * A kick voids its member's ticket at once (KICK-9), because the member is gone. What is kept here says why, also after a
 * restart, so that the client shows the reason and does not log in again by itself. A row names what it ends:
 *
 * - a member, where one login was taken out;
 * - a user in a room, where an API call named the user: logins whose connection was lost before are ended too;
 * - a room, where it was closed: everybody who was in it until then, in any of its lives;
 * - a login attempt, where the client may not have had the answer, and so has no ticket.
 *
 * @module
 */

import type { UserId } from '@gavel/protocol';
import { type Epoch, GavelError, type MemberCause, type MemberId, type RoomKey, roomKeyText } from '@gavel/protocol';
import type { RoomCommand } from './commands.ts';
import type { RoomEvent } from './events.ts';

/** How long ended tickets are kept, in milliseconds: a day. The SDK tries to come back for 12 hours at most. */
export const ENDED_TICKETS_KEPT_MS = 24 * 60 * 60 * 1000;

/** How many rows are also held in memory; older ones are read from the store. */
const MAX_RECENT = 10_000;
/** Maximum number of old rows that one sweep deletes, to keep it short; the next sweep deletes the rest. */
const SWEEP_ROWS = 500;
/** Interval after a sweep that has deleted all old rows, in milliseconds. */
const SWEEP_PERIOD_MS = 60_000;

/** A moment in the history of a room: its lives in order, and the events of each. */
export interface RoomPosition {
  readonly epoch: Epoch;
  readonly seq: number;
}

/** Why a ticket ended: the cause of the member's exit, or a host's rejection while it waited to be let in. */
export type TicketEndCause = MemberCause | 'rejected';

/** One row. */
export interface EndedTicket {
  /** What is ended; there is one row of each. */
  readonly scope: string;
  /** Tickets issued up to here are ended; undefined is all of the scope. */
  readonly position?: RoomPosition;
  readonly cause: TicketEndCause;
  /** The caller's text, as it came (KICK-11). */
  readonly reason: string;
  /** Milliseconds since the Unix epoch. */
  readonly endedAtMs: number;
}

/** Stores ended tickets persistently. A call that fails throws without a change. */
export interface EndedTicketKeeper {
  /** The name under which this store's tickets are issued; the same for the whole life of the store. */
  issuer(): Promise<string>;
  /** Stores rows atomically. A row replaces the one of the same scope. */
  put(rows: readonly EndedTicket[]): Promise<void>;
  /** Returns the rows of some scopes, in no particular order. */
  find(scopes: readonly string[]): Promise<readonly EndedTicket[]>;
  /** Deletes at most `limit` rows that ended before a time, oldest first; returns their number. */
  deleteBefore(timeMs: number, limit: number): Promise<number>;
}

/** What a ticket says of its login, beside the member's secret. */
export interface TicketClaim {
  /** Which store knows how it ended. */
  readonly issuer: string;
  readonly userId: UserId;
  readonly clientId: string;
  /** Whether a login of the same user elsewhere replaces this one. */
  readonly isReplaceable: boolean;
  /** When it was issued. */
  readonly position: RoomPosition;
}

/** Where ended tickets are kept. */
export interface EndedTicketsDeps {
  readonly issuer: string;
  /** Without one, they are kept in memory alone. */
  readonly keeper?: EndedTicketKeeper;
  /** Reports a failure to store rows that no caller waits for. */
  readonly report?: (error: unknown) => void;
  /** Resolves in the next turn of the event loop: what comes until then is one commit. By default nothing is waited for. */
  readonly nextTurn?: () => Promise<void>;
}

/** Causes after which a client must not come back by itself. */
const FINAL: ReadonlySet<TicketEndCause> = new Set<TicketEndCause>([
  'kicked',
  'room-closed',
  'replaced',
  'token-expired',
  'logout',
  'rejected',
]);

const memberScope = (memberId: MemberId): string => `member/${memberId}`;
const userScope = (key: RoomKey, userId: UserId): string => `user/${roomKeyText(key)}/${userId}`;
const roomScope = (key: RoomKey): string => `room/${roomKeyText(key)}`;
const attemptScope = (key: RoomKey, attemptId: string): string => `attempt/${roomKeyText(key)}/${attemptId}`;

/** Who was taken off a waiting list. */
interface EndedWait {
  readonly memberId: MemberId;
  /** Its login, where the client may not have had the answer. */
  readonly attemptId?: string;
  readonly cause: TicketEndCause;
  readonly reason: string;
}

/** Gives the row of a room that was closed. */
export function endedRoom(key: RoomKey, position: RoomPosition, reason: string, endedAtMs: number): EndedTicket {
  return { scope: roomScope(key), position, cause: 'room-closed', reason, endedAtMs };
}

/** Gives the rows of a wait that ended without a way in; none where the client may ask again by itself. */
export function endedWait(key: RoomKey, wait: EndedWait, endedAtMs: number): EndedTicket[] {
  const { memberId, attemptId, cause, reason } = wait;
  if (!FINAL.has(cause)) return [];
  const rest = { cause, reason, endedAtMs };
  return [
    // The row of the room covers everybody who waited for it.
    ...(cause === 'room-closed' ? [] : [{ scope: memberScope(memberId), ...rest }]),
    ...(attemptId === undefined ? [] : [{ scope: attemptScope(key, attemptId), ...rest }]),
  ];
}

/** Gives the rows of a command: one for each member that it took out for good, or one for all that it names at once. */
export function endedBy(key: RoomKey, command: RoomCommand, events: readonly RoomEvent[]): EndedTicket[] {
  const last = events.at(-1);
  if (!last || !events.some(({ type }) => type === 'memberLeft')) return [];
  const position = { epoch: last.epoch, seq: last.seq };
  const rows: EndedTicket[] = [];
  const named = new Set(
    command.type === 'kick' && command.by === undefined ? command.targets.flatMap(({ userIds }) => userIds) : [],
  );
  for (const userId of named) {
    const { reason } = command as Extract<RoomCommand, { type: 'kick' }>;
    rows.push({ scope: userScope(key, userId), position, cause: 'kicked', reason, endedAtMs: last.atMs });
  }
  if (last.type === 'roomClosed' && last.cause === 'room-closed') {
    rows.push(endedRoom(key, position, last.reason, last.atMs));
  }
  for (const event of events) {
    if (event.type !== 'memberLeft' || event.isSameClient || !FINAL.has(event.cause)) continue;
    const { member, cause, reason, unansweredAttemptId } = event;
    const rest = { cause, reason, endedAtMs: event.atMs };
    const isCovered = cause === 'room-closed' || named.has(member.user.id);
    if (!isCovered) rows.push({ scope: memberScope(member.memberId), ...rest });
    // Who logs out has had its answer, or its login was refused.
    if (unansweredAttemptId !== undefined && cause !== 'logout')
      rows.push({ scope: attemptScope(key, unansweredAttemptId), ...rest });
  }
  return rows;
}

/** Gives the refusal of a resume or login that was ended. */
export function refusalOf({ cause, reason }: Pick<EndedTicket, 'cause' | 'reason'>): GavelError {
  return cause === 'rejected'
    ? new GavelError('login.rejected')
    : new GavelError('resume.refused', undefined, { cause, reason });
}

/** The ended tickets of all rooms. */
export class EndedTickets {
  readonly issuer: string;
  readonly #keeper: EndedTicketKeeper | undefined;
  readonly #report: (error: unknown) => void;
  readonly #nextTurn: () => Promise<void>;
  /** The newest rows, those that are being written included, oldest first. */
  readonly #recent = new Map<string, EndedTicket>();
  /** Rows of this turn of the event loop: one commit keeps them all. */
  #unwritten: EndedTicket[] = [];
  #writing: Promise<void> | undefined;
  #sweepDueAtMs = 0;
  #isSweeping = false;

  constructor({ issuer, keeper, report = () => {}, nextTurn = async () => {} }: EndedTicketsDeps) {
    this.issuer = issuer;
    this.#keeper = keeper;
    this.#report = report;
    this.#nextTurn = nextTurn;
  }

  /**
   * Keeps rows. They count at once; resolves when they, and those before them, outlive the process.
   *
   * @throws GavelError `server.internal` where they could not be written
   */
  keep(rows: readonly EndedTicket[]): Promise<void> {
    if (rows.length === 0) return this.#writing ?? Promise.resolve();
    for (const row of rows) {
      this.#recent.delete(row.scope);
      this.#recent.set(row.scope, row);
    }
    for (const scope of this.#recent.keys()) {
      if (this.#recent.size <= MAX_RECENT) break;
      this.#recent.delete(scope);
    }
    if (!this.#keeper) return Promise.resolve();
    this.#unwritten.push(...rows);
    this.#writing ??= this.#write(this.#keeper);
    return this.#writing;
  }

  /** Keeps rows that no caller waits for. */
  keepLater(rows: readonly EndedTicket[]): void {
    this.keep(rows).catch(this.#report);
  }

  /** Finds how a ticket ended, or undefined where it did not end for good. @throws what the store threw */
  findEnd(key: RoomKey, memberId: MemberId, { userId, position }: TicketClaim): Promise<EndedTicket | undefined> {
    return this.#find([memberScope(memberId), userScope(key, userId), roomScope(key)], position);
  }

  /** Finds how a login ended whose answer may have been lost. @throws what the store threw */
  findAttempt(key: RoomKey, attemptId: string): Promise<EndedTicket | undefined> {
    return this.#find([attemptScope(key, attemptId)]);
  }

  /** Whether old rows may be deleted now. */
  isSweepDue(nowMs: number): boolean {
    return !this.#isSweeping && nowMs >= this.#sweepDueAtMs;
  }

  /** Deletes what is old, a few rows at a time. Never rejects. */
  async sweep(nowMs: number): Promise<void> {
    this.#isSweeping = true;
    this.#sweepDueAtMs = nowMs + SWEEP_PERIOD_MS;
    const beforeMs = nowMs - ENDED_TICKETS_KEPT_MS;
    for (const [scope, { endedAtMs }] of this.#recent) {
      if (endedAtMs >= beforeMs) break;
      this.#recent.delete(scope);
    }
    try {
      const count = (await this.#keeper?.deleteBefore(beforeMs, SWEEP_ROWS)) ?? 0;
      if (count >= SWEEP_ROWS) this.#sweepDueAtMs = nowMs;
    } catch (error) {
      this.#report(error);
    }
    this.#isSweeping = false;
  }

  /** Resolves when nothing is being written any more. */
  async settled(): Promise<void> {
    await this.#writing?.catch(() => undefined);
  }

  async #find(scopes: readonly string[], position?: RoomPosition): Promise<EndedTicket | undefined> {
    const isEnded = (row: EndedTicket | undefined): row is EndedTicket =>
      row !== undefined && (!row.position || !position || !isAfter(position, row.position));
    const recent = scopes.map((scope) => this.#recent.get(scope)).find(isEnded);
    return recent ?? (await this.#keeper?.find(scopes))?.find(isEnded);
  }

  async #write(keeper: EndedTicketKeeper): Promise<void> {
    await this.#nextTurn();
    const rows = this.#unwritten;
    this.#unwritten = [];
    this.#writing = undefined;
    try {
      await keeper.put(rows);
    } catch (error) {
      this.#report(error);
      throw new GavelError('server.internal', 'Storing the ended tickets failed.');
    }
  }
}

function isAfter(position: RoomPosition, end: RoomPosition): boolean {
  return position.epoch > end.epoch || (position.epoch === end.epoch && position.seq > end.seq);
}
