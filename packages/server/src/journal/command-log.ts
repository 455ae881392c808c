/**
 * The command log: keeps the audit rows and the replies of commands, and answers a repeated command with its first reply
 * (AUDIT-1, BUS-2).
 *
 * @module
 */

import { createHash, randomUUID } from 'node:crypto';
import { GavelError, isGavelError } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { Origin } from '../rooms/commands.ts';
import type { CommandReply, JournalRepository, NumberedRows } from '../store/journal.ts';
import type { Logger } from '../telemetry/log.ts';
import { type AuditedCommand, auditRowOf, type CommandScope, isAudited, outcomeOf } from './audit-rows.ts';
import type { Journal } from './journal.ts';

/** How long a repeated command gets the first reply, in milliseconds: 24 hours (BUS-2). */
export const REPLIES_KEPT_MS = 24 * 60 * 60 * 1000;

/** Number of replies that are also held in memory: the journal may not have moved them to the database yet. */
const MAX_RECENT = 10_000;

/** A command as its caller sends it. */
export interface CommandCall<C extends AuditedCommand = AuditedCommand> {
  readonly scope: CommandScope;
  readonly command: C;
  readonly origin: Origin;
  /** Identifies the command over repeats (BUS-2). */
  readonly commandId?: string | undefined;
  /** Distinguishes a repeat from another command with the id; default: a hash of the command. */
  readonly fingerprint?: string | undefined;
  /** Whether the command is done again if its reply is known: as `CallTerms.isRetried`. */
  readonly isRetried?: boolean | undefined;
}

/** What a command did, for the journal of its events: JSON. */
export interface DoneCommand {
  /** Identifies the call in this process. */
  readonly callId: string;
  readonly reply: unknown;
}

/** The dependencies of the command log. */
export interface CommandLogDeps {
  readonly journal: Journal;
  readonly repository: Pick<JournalRepository, 'findReply'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Pick<Logger, 'error'>;
}

interface OpenCall {
  readonly call: CommandCall;
  /** Set when the rows of the call are being stored: those of a call are stored once. */
  stored: Promise<void> | undefined;
  /** Whether the audit row is stored, with a part of what the call does. */
  isAudited: boolean;
}

/** Commands that belong to a connection: its client repeats them in its own way. */
const OF_CONNECTION: ReadonlySet<string> = new Set(['login', 'resume', 'touch', 'detach', 'abandon']);

/** Keeps what commands did. */
export class CommandLog {
  readonly #deps: CommandLogDeps;
  readonly #open = new Map<string, OpenCall>();
  /** The newest replies, oldest first. */
  readonly #recent = new Map<string, CommandReply>();
  /** The commands with an id that are being executed, with their fingerprints. */
  readonly #running = new Map<string, { readonly fingerprint: string; readonly reply: Promise<unknown> }>();

  constructor(deps: CommandLogDeps) {
    this.#deps = deps;
  }

  /** Returns whether a command must be run by `run`: it is audited, or may be repeated. */
  concerns(command: AuditedCommand, origin: Origin, commandId?: string): boolean {
    return isRepeatable(command, commandId) || isAudited(command, origin);
  }

  /**
   * Executes a command unless it was done under its id, and stores its audit row and its reply. `work` gets the id of the call,
   * which it passes to the journal with the events, so that all rows are stored together.
   *
   * @throws the error of `work`, after its audit row is stored; GavelError `request.id-reused` if another command has the id
   */
  run<R>(call: CommandCall, work: (callId: string) => Promise<R>): Promise<R> {
    const { commandId } = call;
    if (commandId === undefined || !isRepeatable(call.command, commandId)) return this.#execute(call, work);
    const fingerprint = fingerprintOf(call);
    const running = this.#running.get(commandId);
    if (running) {
      if (running.fingerprint !== fingerprint) return Promise.reject(new GavelError('request.id-reused'));
      return running.reply as Promise<R>;
    }
    const reply = this.#executeOnce(call, commandId, fingerprint, work).finally(() => this.#running.delete(commandId));
    this.#running.set(commandId, { fingerprint, reply });
    return reply;
  }

  /** Returns the rows that belong to the events of a command; undefined if it has none, or they are stored already. */
  rowsOf({ callId, reply }: DoneCommand): NumberedRows | undefined {
    const open = this.#open.get(callId);
    return open && !open.stored ? this.#rowsOf(open, reply) : undefined;
  }

  /**
   * Stores rows of a call in one entry with its audit row and, if it is known, its reply.
   *
   * @param part the call, with its reply if these rows are all that it stores; absent if no call is kept
   * @throws as `Journal.append`
   */
  async append(rows: NumberedRows, part?: { readonly callId: string; readonly reply?: unknown }): Promise<void> {
    const { journal } = this.#deps;
    const open = part && this.#open.get(part.callId);
    if (!open || open.stored) return journal.append(rows);
    if (part.reply === undefined) {
      await journal.append({ ...rows, ...this.#auditOf(open) });
      open.isAudited = true;
      return;
    }
    const stored = journal.append({ ...rows, ...this.#rowsOf(open, part.reply) });
    this.attachStored(part.callId, stored);
    return stored;
  }

  /** Records that the rows of a call are being stored; its caller gets the reply, or the error, when this settles. */
  attachStored(callId: string, stored: Promise<void>): void {
    const open = this.#open.get(callId);
    // The caller awaits it; until then, a rejection is not unhandled.
    stored.catch(() => undefined);
    if (open) open.stored = stored;
  }

  async #executeOnce<R>(
    call: CommandCall,
    commandId: string,
    fingerprint: string,
    work: (callId: string) => Promise<R>,
  ): Promise<R> {
    const known = await this.#findReply(commandId);
    if (!known) {
      const reply = await this.#execute(call, work);
      this.#remember(replyOf(call, commandId, reply, this.#deps.clock.now()));
      return reply;
    }
    if (known.fingerprint !== fingerprint) throw new GavelError('request.id-reused');
    // Its rows are stored already. What is refused now has been done.
    if (call.isRetried) await work(randomUUID()).catch(ignoreRefusal);
    return JSON.parse(known.reply) as R;
  }

  async #findReply(commandId: string): Promise<CommandReply | undefined> {
    const sinceMs = this.#deps.clock.now() - REPLIES_KEPT_MS;
    const recent = this.#recent.get(commandId);
    if (recent && recent.doneAtMs >= sinceMs) return recent;
    return this.#deps.repository.findReply(commandId, sinceMs);
  }

  #remember(reply: CommandReply): void {
    this.#recent.delete(reply.commandId);
    this.#recent.set(reply.commandId, reply);
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > MAX_RECENT && oldest !== undefined) this.#recent.delete(oldest);
  }

  async #execute<R>(call: CommandCall, work: (callId: string) => Promise<R>): Promise<R> {
    const callId = randomUUID();
    const open: OpenCall = { call, stored: undefined, isAudited: false };
    this.#open.set(callId, open);
    try {
      const reply = await work(callId);
      await (open.stored ?? this.#deps.journal.append(this.#rowsOf(open, reply)));
      return reply;
    } catch (error) {
      if (!open.stored) await this.#storeRefusal(call, error);
      throw error;
    } finally {
      this.#open.delete(callId);
    }
  }

  #rowsOf(open: OpenCall, reply: unknown): NumberedRows {
    const { call } = open;
    const { commandId } = call;
    if (commandId === undefined) return this.#auditOf(open);
    return { ...this.#auditOf(open), replies: [replyOf(call, commandId, reply, this.#deps.clock.now())] };
  }

  /** Returns the audit row of a call that is done; nothing if it has none, or it is stored. */
  #auditOf({ call: { scope, command, origin }, isAudited: isStored }: OpenCall): NumberedRows {
    if (isStored || !isAudited(command, origin)) return {};
    return { audit: [auditRowOf(scope, command, origin, { atMs: this.#deps.clock.now(), outcome: 'done' })] };
  }

  /** Stores the audit row of a command that was refused or failed. The caller gets the error of the command in any case. */
  async #storeRefusal({ scope, command, origin }: CommandCall, error: unknown): Promise<void> {
    if (!isAudited(command, origin)) return;
    const row = auditRowOf(scope, command, origin, { atMs: this.#deps.clock.now(), ...outcomeOf(error) });
    await this.#deps.journal
      .append({ audit: [row] })
      .catch((failure: unknown) => this.#deps.log.error({ err: failure, row }, 'audit: writing a refused call failed'));
  }
}

/** @throws an error that is no refusal */
function ignoreRefusal(error: unknown): void {
  if (!isGavelError(error)) throw error;
}

/** Returns whether a command is answered with its first reply if it is repeated. */
function isRepeatable({ type }: AuditedCommand, commandId: string | undefined): boolean {
  return commandId !== undefined && !OF_CONNECTION.has(type);
}

function replyOf(call: CommandCall, commandId: string, reply: unknown, doneAtMs: number): CommandReply {
  return { commandId, fingerprint: fingerprintOf(call), reply: JSON.stringify(reply ?? null), doneAtMs };
}

/** Returns the caller's fingerprint, or a hash of what the command does, to whom and where; not of who asked for it. */
function fingerprintOf({ scope, command, fingerprint }: CommandCall): string {
  if (fingerprint !== undefined) return fingerprint;
  const { appId, environment, roomId } = scope;
  return createHash('sha256')
    .update(JSON.stringify([appId, environment, roomId, command]))
    .digest('base64url');
}
