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

/** The methods that read: they do not wait for a locked database. Others change rows, which must be there. */
const READS: ReadonlySet<string> = new Set([
  ...['count', 'list', 'listForward', 'liveRooms', 'find', 'findReply', 'findLive', 'findPeer', 'findPeerOfApp'],
  ...['open', 'peers', 'days', 'current', 'versions', 'bans'],
]);

/** Returns the store with repositories that move the journal's entries to the tables before they are used. */
export function putJournalBefore(store: Store, journal: FileJournal): Store {
  const outbox = guardRepository(store.outbox, journal);
  return {
    ...store,
    journal: guardRepository(store.journal, journal),
    audit: guardRepository(store.audit, journal),
    sessions: guardRepository(store.sessions, journal),
    endedTickets: guardRepository(store.endedTickets, journal),
    rules: guardRepository(store.rules, journal),
    outbox: new Proxy(outbox, {
      get: (target, name) =>
        name === 'delete'
          ? async (ids: readonly string[]) => journal.forget(ids)
          : (Reflect.get(target, name) as unknown),
    }),
  };
}

function guardRepository<T extends object>(repository: T, journal: FileJournal): T {
  return new Proxy(repository, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        await (READS.has(String(name)) ? journal.movedForRead() : journal.moved());
        return method.apply(target, args);
      };
    },
  });
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
