/**
 * A store behind a journal that writes files first: calls of its repositories find what the journal has accepted.
 *
 * @module
 */

import type { RuleKeeper } from '../policy/repository.ts';
import type { EndedTicketKeeper, EndedTicketRepository } from '../rooms/ended-tickets.ts';
import type { Store } from '../store/store.ts';
import type { CommandLog } from './command-log.ts';
import type { FileJournal } from './file-journal.ts';
import type { Journal } from './journal.ts';

/**
 * How long a method waits for the journal: one that reads waits at most a second, so that a locked database delays it no longer
 * (BUS-7); one that changes rows, or must miss none, waits until all entries are in the tables.
 */
type Kinds<Repository, Name extends keyof Repository = keyof Repository> = Readonly<Record<Name, 'read' | 'change'>>;

const OUTBOX: Kinds<Store['outbox'], Exclude<keyof Store['outbox'], 'delete'>> = {
  liveRooms: 'read',
  liveRoom: 'read',
  endpoints: 'change',
  pending: 'change',
  count: 'read',
  list: 'read',
  find: 'read',
  reschedule: 'change',
  fail: 'change',
  purgeFailed: 'change',
};
const JOURNAL: Kinds<Store['journal']> = {
  apply: 'change',
  position: 'change',
  lastCallbackSeq: 'change',
  findReply: 'read',
  findEnd: 'read',
  purgeReplies: 'change',
};
const AUDIT: Kinds<Store['audit']> = { list: 'read', listForward: 'read', purge: 'change' };
const SESSIONS: Kinds<Store['sessions']> = {
  keep: 'change',
  checkpoint: 'change',
  adopt: 'change',
  open: 'read',
  find: 'read',
  findLive: 'read',
  list: 'read',
  peers: 'read',
  findPeer: 'read',
  findPeerOfApp: 'read',
  days: 'read',
  purge: 'change',
};
const ENDED_TICKETS: Kinds<Store['endedTickets']> = { issuer: 'change', find: 'read', deleteBefore: 'change' };
const RULES: Kinds<Store['rules']> = {
  current: 'read',
  versions: 'read',
  put: 'change',
  find: 'read',
  bans: 'read',
  deleteEnded: 'change',
};

/** Returns the store with repositories that move the journal's entries to the tables before they are used. */
export function putJournalBefore(store: Store, journal: FileJournal): Store {
  return {
    ...store,
    journal: guardRepository(store.journal, JOURNAL, journal),
    audit: guardRepository(store.audit, AUDIT, journal),
    sessions: guardRepository(store.sessions, SESSIONS, journal),
    endedTickets: guardRepository(store.endedTickets, ENDED_TICKETS, journal),
    rules: guardRepository(store.rules, RULES, journal),
    outbox: {
      ...guardRepository(store.outbox, OUTBOX, journal),
      delete: async (ids) => journal.forget(ids),
    },
  };
}

/** Returns a repository with the methods of a table, each of which waits for the journal first. */
function guardRepository<T extends object, Name extends keyof T>(
  repository: T,
  kinds: Kinds<T, Name>,
  journal: FileJournal,
): Pick<T, Name> {
  const guarded = Object.entries<'read' | 'change'>(kinds).map(([name, kind]) => [
    name,
    async (...args: unknown[]) => {
      await (kind === 'read' ? journal.movedForRead() : journal.moved());
      const method = Reflect.get(repository, name) as (...args: unknown[]) => Promise<unknown>;
      return method.apply(repository, args);
    },
  ]);
  return Object.fromEntries(guarded) as Pick<T, Name>;
}

/** Stores ended tickets with the journal (KICK-12). */
export function createTicketKeeper(journal: Journal, table: EndedTicketRepository): EndedTicketKeeper {
  return {
    put: (endedTickets) => journal.append({ endedTickets }),
    find: (scopes) => table.find(scopes),
    deleteBefore: (timeMs, limit) => table.deleteBefore(timeMs, limit),
  };
}

/** Stores rules with the audit row and the reply of their command (BUS-6). */
export function createRuleKeeper(commands: Pick<CommandLog, 'append'>): RuleKeeper {
  return { put: (rules, call) => commands.append({ rules }, call) };
}
