import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AppId, Epoch, RoomId } from '@gavel/protocol';
import { POSTGRES } from '@gavel/testkit/postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { record } from '../callbacks/testing.ts';
import { auditRow } from '../journal/testing.ts';
import { moveStore } from './move-store.ts';
import { openPostgresStore } from './postgres/open.ts';
import { borrowDatabase, type PostgresDatabase, returnDatabase, startPostgresBefore } from './postgres/testing.ts';
import { openSqliteStore } from './sqlite/open.ts';
import type { Store } from './store.ts';

const APP = 1001 as AppId;
const times = { createdAtMs: 1, updatedAtMs: 1 };
const meeting = { id: 'm', appId: APP, title: 'Ü', status: 'ACTIVE' as const, settings: { a: 1 }, ...times };
const preset = { id: 'p', appId: APP, name: 'host', definition: {}, ...times };
const participantOf = (id: string) => ({
  ...{ id, meetingId: 'm', customId: id, presetId: 'p', name: null, picture: null, ...times },
});
const session = { id: 's', appId: APP, meetingId: 'm', title: '', startedAtMs: 1 };
const message = {
  ...{ sessionId: 's', id: '1', userId: 'u', name: 'U', text: 'hello', isPinned: false, isEdited: false, sentAtMs: 1 },
};

async function fill(store: Store): Promise<void> {
  await store.apps.add({ appId: APP, rtkAppId: 'rtk', accountId: 'a', name: 'app', createdAtMs: 1 }, [preset]);
  await store.meetings.add(meeting);
  for (const id of ['one', 'two']) await store.participants.add(participantOf(id));
  await store.nonces.add({ appId: APP, digest: 'd', validUntilS: 9 }, 1);
  const key = { appId: APP, environment: 'production', roomId: 'hall' as RoomId } as const;
  await store.journal.apply([
    {
      term: 1,
      callbacks: [{ ...record('body'), seq: 70, attempts: 0, nextAttemptAtMs: 0 }],
      sessions: [{ type: 'begin', session }],
      liveRooms: [
        { key, epoch: '9' as Epoch, begins: true, ends: false, userSeq: 1, members: [], streams: [], gone: [] },
      ],
      audit: Array.from({ length: 1_500 }, (_, index) => auditRow(`audit ${index}`)),
      replies: [{ commandId: 'c', fingerprint: 'f', reply: '{}', doneAtMs: 1 }],
      endedTickets: [{ scope: 'member/m', cause: 'kicked', reason: '违规 🙂', endedAtMs: 1 }],
    },
  ]);
  await store.chat.keep([{ type: 'put', message }]);
}

describe.skipIf(POSTGRES === '')('moving an SQLite file into PostgreSQL', () => {
  startPostgresBefore();
  let folder: string;
  let database: PostgresDatabase;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gavel-move-'));
    database = await borrowDatabase();
    const store = await openSqliteStore(join(folder, 'gavel.db'));
    await fill(store);
    await store.close();
  });
  afterEach(async () => {
    await returnDatabase(database);
    rmSync(folder, { recursive: true, force: true });
  });

  it('copies all rows, and new ones follow them', async () => {
    const file = await openSqliteStore(join(folder, 'gavel.db'));
    const issuer = await file.endedTickets.issuer();
    await file.close();
    const counts = await moveStore(folder, database.url);
    expect(counts).toMatchObject({ apps: 1, presets: 1, participants: 2, audit: 1_500, outbox: 1, session_chat: 1 });

    const store = await openPostgresStore({ url: database.url, maxConnections: 2 });
    expect(await store.endedTickets.issuer()).toBe(issuer);
    expect(await store.meetings.find(APP, 'm')).toEqual(meeting);
    expect((await store.participants.list('m', { offset: 0, limit: 0 })).totalCount).toBe(2);
    expect(await store.journal.lastCallbackSeq()).toBe(70);
    expect(await store.sessions.open()).toHaveLength(1);
    expect(await store.outbox.liveRooms()).toHaveLength(1);
    expect(await store.chat.read('s', '', 9)).toEqual([message]);
    await store.participants.add(participantOf('three'));
    await store.journal.apply([{ term: 1, audit: [auditRow('next')] }]);
    expect((await store.audit.list({}, 1)).rows).toMatchObject([{ id: 'next' }]);
    await store.close();
  });

  it('refuses a target that has rows, and changes nothing', async () => {
    await moveStore(folder, database.url);
    await expect(moveStore(folder, database.url)).rejects.toThrow('is not empty: the table apps has rows');
    await expect(moveStore(join(folder, 'none'), database.url)).rejects.toThrow('does not exist');
  });

  it('copies nothing if a row cannot be copied', async () => {
    const file = new DatabaseSync(join(folder, 'gavel.db'));
    file.exec("INSERT INTO live_rooms VALUES (1, 'neither', 'x', '1', 0, 0, 'local')");
    file.close();
    await expect(moveStore(folder, database.url)).rejects.toThrow('live_rooms_environment_check');
    const store = await openPostgresStore({ url: database.url, maxConnections: 1 });
    expect(await store.apps.all()).toEqual([]);
    await store.close();
  });
});
