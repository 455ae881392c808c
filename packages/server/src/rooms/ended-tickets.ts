/**
 * Ended tickets: why clients were permanently removed, stored longer than any client tries to reconnect (KICK-12).
 *
 * A kick invalidates its member's ticket at once (KICK-9), because the member no longer exists. A row states the cause, also
 * after a restart, so that the client shows the reason and does not log in again by itself. The scope of a row is:
 *
 * - a member, if one login was removed;
 * - a user in a room, if an API call named the user: logins that had lost their connection before are ended too;
 * - a room, if it was closed: everybody who was in it before, in any of its lives;
 * - a login attempt, if the client may not have received the answer, and so has no ticket.
 *
 * @module
 */

import type { UserId } from '@gavel/protocol';
import {
  compareEpochs,
  type Epoch,
  GavelError,
  type MemberCause,
  type MemberId,
  type RoomKey,
  roomKeyText,
} from '@gavel/protocol';
import type { RoomCommand } from './commands.ts';
import type { RoomEvent, RoomEventOf } from './events.ts';

/** How long ended tickets are stored, in milliseconds: one day. The SDK tries to reconnect for at most 12 hours. */
export const ENDED_TICKETS_KEPT_MS = 24 * 60 * 60 * 1000;

/** How many rows are also held in memory; older ones are read from the store. */
const MAX_RECENT = 10_000;
/** Maximum number of old rows that one sweep deletes, to keep it short; the next sweep deletes the rest. */
const SWEEP_ROWS = 500;
/** Interval after a sweep that has deleted all old rows, in milliseconds. */
const SWEEP_PERIOD_MS = 60_000;

/** A position in the history of a room: its lives in order, and the events of each. */
export interface RoomPosition {
  readonly epoch: Epoch;
  readonly seq: number;
}

/** Why a ticket ended: the cause for which its member was removed, or a host's rejection while the user was waiting. */
export type TicketEndCause = MemberCause | 'rejected';

/** An ended ticket, or several with the same scope. */
export interface EndedTicket {
  /** What the row ends; there is one row per scope. */
  readonly scope: string;
  /** Tickets issued at or before this position are ended; undefined for all tickets of the scope. */
  readonly position?: RoomPosition;
  readonly cause: TicketEndCause;
  /** The caller's text, unchanged (KICK-11). */
  readonly reason: string;
  /** Milliseconds since the Unix epoch. */
  readonly endedAtMs: number;
}

/** Reads and deletes stored ended tickets. */
export interface EndedTicketRepository {
  /** The name under which this store's tickets are issued; it never changes. */
  issuer(): Promise<string>;
  /** Returns the rows of some scopes, in no particular order. */
  find(scopes: readonly string[]): Promise<readonly EndedTicket[]>;
  /** Deletes at most `limit` rows that ended before a time, oldest first; returns their number. */
  deleteBefore(timeMs: number, limit: number): Promise<number>;
}

/** Stores ended tickets persistently. A call that fails throws without a change. */
export interface EndedTicketKeeper extends Pick<EndedTicketRepository, 'find' | 'deleteBefore'> {
  /** Stores rows atomically. A row replaces the one of the same scope. */
  put(rows: readonly EndedTicket[]): Promise<void>;
}

/** The login data in a ticket, in addition to the member's secret. */
export interface TicketClaim {
  /** The store that has the ticket's end. */
  readonly issuer: string;
  readonly userId: UserId;
  readonly clientId: string;
  /** Whether a login of the same user elsewhere replaces this one. */
  readonly isReplaceable: boolean;
  /** The position at which it was issued. */
  readonly position: RoomPosition;
}

/** Dependencies of the ended tickets. */
export interface EndedTicketsDeps {
  readonly issuer: string;
  /** If undefined, rows are stored only in memory. */
  readonly keeper?: EndedTicketKeeper;
  /** Reports a failure to store rows that no caller waits for. */
  readonly report?: (error: unknown) => void;
}

/** Causes after which a client must not reconnect by itself. */
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

/**
 * Returns the rows of a command: one for each user that was permanently removed from the room or its waiting room, or one
 * for all that a target names.
 */
export function endedBy(key: RoomKey, command: RoomCommand, events: readonly RoomEvent[]): EndedTicket[] {
  const rows = endedMembers(key, command, events);
  for (const event of events) if (event.type === 'waitingRemoved') rows.push(...endedWait(key, event));
  return rows;
}

function endedMembers(key: RoomKey, command: RoomCommand, events: readonly RoomEvent[]): EndedTicket[] {
  // The events of the room follow those of its waiting room.
  const last = events.at(-1);
  if (last?.type === 'sessionClosed') return [endedRoom(key, last, last.reason)];
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
  if (last.type === 'roomClosed' && last.cause === 'room-closed') rows.push(endedRoom(key, last, last.reason));
  for (const event of events) {
    if (event.type !== 'memberLeft' || event.isSameClient || !FINAL.has(event.cause)) continue;
    const { member, cause, reason, unansweredAttemptId } = event;
    const rest = { cause, reason, endedAtMs: event.atMs };
    const isCovered = cause === 'room-closed' || named.has(member.user.id);
    if (!isCovered) rows.push({ scope: memberScope(member.memberId), ...rest });
    // A client that logs out has received its answer, or its login was refused.
    if (unansweredAttemptId !== undefined && cause !== 'logout')
      rows.push({ scope: attemptScope(key, unansweredAttemptId), ...rest });
  }
  return rows;
}

/** Returns the rows of a wait that ended without admission; none if the client may retry by itself. */
function endedWait(key: RoomKey, event: RoomEventOf<'waitingRemoved'>): EndedTicket[] {
  if (event.isSameClient) return [];
  const { waiting, end, unansweredAttemptId, atMs } = event;
  const isRejected = end.kind === 'refused' && end.error.code === 'login.rejected';
  const loss = end.kind === 'removed' ? end : { cause: 'rejected' as const, reason: '' };
  if (!isRejected && (end.kind !== 'removed' || !FINAL.has(end.cause))) return [];
  const rest = { cause: loss.cause, reason: loss.reason, endedAtMs: atMs };
  return [
    // The row of the room covers everybody who waited for it.
    ...(loss.cause === 'room-closed' ? [] : [{ scope: memberScope(waiting.memberId), ...rest }]),
    ...(unansweredAttemptId === undefined ? [] : [{ scope: attemptScope(key, unansweredAttemptId), ...rest }]),
  ];
}

function endedRoom(key: RoomKey, { epoch, seq, atMs }: RoomEvent, reason: string): EndedTicket {
  return { scope: roomScope(key), position: { epoch, seq }, cause: 'room-closed', reason, endedAtMs: atMs };
}

/** Returns the error for a resume or login whose ticket or attempt was ended. */
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
  /** The newest rows, including those being written, oldest first. */
  readonly #recent = new Map<string, EndedTicket>();
  /** The writes in progress. */
  readonly #writes = new Set<Promise<void>>();
  #sweepDueAtMs = 0;
  #isSweeping = false;

  constructor({ issuer, keeper, report = () => {} }: EndedTicketsDeps) {
    this.issuer = issuer;
    this.#keeper = keeper;
    this.#report = report;
  }

  /**
   * Adds rows. They take effect at once; the promise resolves when they are stored persistently.
   *
   * @throws GavelError `server.internal` if they could not be written
   */
  keep(rows: readonly EndedTicket[]): Promise<void> {
    for (const row of rows) {
      this.#recent.delete(row.scope);
      this.#recent.set(row.scope, row);
    }
    const surplus = Math.max(0, this.#recent.size - MAX_RECENT);
    for (const scope of this.#recent.keys().take(surplus)) this.#recent.delete(scope);
    if (!this.#keeper || rows.length === 0) return Promise.resolve();
    const write = this.#write(this.#keeper, rows);
    this.#writes.add(write);
    const forget = (): void => void this.#writes.delete(write);
    write.then(forget, forget);
    return write;
  }

  /** Returns how a ticket ended; undefined if it did not end permanently. @throws the store's error */
  findEnd(key: RoomKey, memberId: MemberId, { userId, position }: TicketClaim): Promise<EndedTicket | undefined> {
    return this.#find([memberScope(memberId), userScope(key, userId), roomScope(key)], position);
  }

  /** Returns how a login attempt ended; undefined if it did not end permanently. @throws the store's error */
  findAttempt(key: RoomKey, attemptId: string): Promise<EndedTicket | undefined> {
    return this.#find([attemptScope(key, attemptId)]);
  }

  /** Returns whether expired rows may be deleted now. */
  isSweepDue(nowMs: number): boolean {
    return !this.#isSweeping && nowMs >= this.#sweepDueAtMs;
  }

  /** Deletes expired rows, at most `SWEEP_ROWS` at a time. Never rejects. */
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

  /** Resolves when no write is in progress. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#writes);
  }

  async #find(scopes: readonly string[], position?: RoomPosition): Promise<EndedTicket | undefined> {
    const isEnded = (row: EndedTicket | undefined): row is EndedTicket =>
      row !== undefined && (!row.position || !position || !isAfter(position, row.position));
    const recent = scopes.map((scope) => this.#recent.get(scope)).find(isEnded);
    return recent ?? (await this.#keeper?.find(scopes))?.find(isEnded);
  }

  async #write(keeper: EndedTicketKeeper, rows: readonly EndedTicket[]): Promise<void> {
    try {
      await keeper.put(rows);
    } catch (error) {
      this.#report(error);
      throw new GavelError('server.internal', 'Storing the ended tickets failed.');
    }
  }
}

function isAfter(position: RoomPosition, end: RoomPosition): boolean {
  const order = compareEpochs(position.epoch, end.epoch);
  return order > 0 || (order === 0 && position.seq > end.seq);
}
