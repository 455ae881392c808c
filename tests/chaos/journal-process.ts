/**
 * The process of the journal's crash test: appends entries until it is killed. It reports each id whose entry was accepted.
 *
 * @module
 */

import { join } from 'node:path';
import type { AppId, RoomId } from '@gavel/protocol';
import { pino } from 'pino';
import { systemClock } from '../../packages/server/src/base/clock.ts';
import { FileJournal } from '../../packages/server/src/journal/file-journal.ts';
import { putJournalBefore } from '../../packages/server/src/journal/journalled-store.ts';
import type { NumberedRows } from '../../packages/server/src/store/journal.ts';
import { openThreadedStore } from '../../packages/server/src/store/sqlite/threaded-store.ts';

const [path = '', round = ''] = process.argv.slice(2);
const APP = 1 as AppId;
/** Entries that are appended at once. */
const AT_ONCE = 5;
/** Every so many entries, all entries are moved to the database at once. */
const MOVE_EVERY = 40;

/** Returns the rows of one entry: a callback, a session, an audit row and a reply with the same id. */
function rowsOf(id: string, seq: number): NumberedRows {
  const common = { appId: APP, environment: 'production', roomId: 'hall' as RoomId } as const;
  const callback = { id, appId: APP, dialect: 'test', event: 'e', url: 'https://a.example/', lane: 'hall', body: id };
  const origin = { channel: 'backend', door: 'zego', actor: 'app:1', role: 'backend', requestId: id } as const;
  const act = { action: 'kick', reason: '', targets: [`user/${id}`], details: {}, outcome: 'done' } as const;
  return {
    callbacks: [{ ...callback, seq, createdAtMs: 1, attempts: 0, nextAttemptAtMs: 1 }],
    sessions: [{ type: 'begin', session: { id, appId: APP, meetingId: id, title: '', startedAtMs: 1 } }],
    audit: [{ id, atMs: 1, ...common, ...origin, ...act }],
    replies: [{ commandId: id, fingerprint: 'f', reply: '{}', doneAtMs: 1 }],
  };
}

const folder = join(path, 'journal');
const threaded = await openThreadedStore({ path: join(path, 'gavel.db'), journalFolder: folder });
const log = pino({ level: 'silent' });
const journal = await FileJournal.open({ folder, mover: threaded.mover, clock: systemClock, log });
const store = putJournalBefore(threaded, journal);
let lastSeq = await store.journal.lastCallbackSeq();
for (let count = 0; ; count += 1) {
  const ids = Array.from({ length: AT_ONCE }, (_, index) => `${round}-${count}-${index}`);
  await Promise.all(
    ids.map(async (id) => {
      lastSeq += 1;
      await journal.append(rowsOf(id, lastSeq));
      process.send?.(id);
    }),
  );
  // The last one of each group is delivered.
  await store.outbox.delete(ids.slice(-1));
  if (count % MOVE_EVERY === MOVE_EVERY - 1) await journal.moved();
}
