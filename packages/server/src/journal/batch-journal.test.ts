import type { Epoch } from '@gavel/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { record, settle } from '../callbacks/testing.ts';
import type { EventBatch } from '../owner/event-feed.ts';
import type { RoomEvent } from '../rooms/events.ts';
import { KEY } from '../rooms/testing.ts';
import type { JournalRows, NumberedRows } from '../store/journal.ts';
import { BatchJournal, type BatchJournalDeps } from './batch-journal.ts';

const AUDIT = [{ id: 'audit row' }] as never as NonNullable<NumberedRows['audit']>;
const CALLBACKS = [record('callback')];

let appended: JournalRows[];
let recorded: JournalRows[];
let attached: string[];
let logged: object[];
let failure: Error | undefined;
let rows: JournalRows | undefined;
let isFollowed: boolean;
let term: number | undefined;
let journal: BatchJournal;

beforeEach(() => {
  [appended, recorded, attached, logged] = [[], [], [], []];
  failure = undefined;
  rows = undefined;
  isFollowed = false;
  journal = open();
});

function open(more: Pick<BatchJournalDeps, 'termOf'> = {}): BatchJournal {
  const store = (target: JournalRows[]) => async (entry: JournalRows) => {
    await undefined;
    if (failure) throw failure;
    target.push(entry);
  };
  return new BatchJournal({
    journal: { append: (entry) => store(appended)(entry) },
    commands: {
      rowsOf: () => ({ audit: AUDIT }),
      attachStored(callId, stored) {
        attached.push(callId);
        stored.catch(() => undefined);
      },
    },
    source: { rowsOf: () => rows },
    recorder: { follows: () => isFollowed, record: (_batch, others) => store(recorded)(others) },
    log: { error: (fields: object) => void logged.push(fields) },
    ...more,
  });
}

function batch(over: Partial<EventBatch> = {}): EventBatch {
  return {
    key: KEY,
    epoch: '1' as Epoch,
    origin: { channel: 'backend', door: 'zego', requestId: 'r' },
    events: [],
    ...over,
  };
}
const done = { callId: 'call', reply: {} };

describe('what a batch leaves behind', () => {
  it('is nothing, for most of them: nobody waits', () => {
    expect(journal.handle(batch())).toBeUndefined();
    expect(appended).toEqual([]);
  });

  it('is one entry, with the audit row of its command (BUS-6)', async () => {
    rows = { callbacks: CALLBACKS };
    await journal.handle(batch({ done }));
    expect(appended).toMatchObject([{ callbacks: CALLBACKS, audit: AUDIT }]);
    expect(attached).toEqual(['call']);
    expect(appended).toHaveLength(1);
  });

  it('is stored by the recorder of sessions, with its own rows, where the batch concerns it (BUS-6)', async () => {
    rows = { callbacks: CALLBACKS };
    isFollowed = true;
    await journal.handle(batch({ done }));
    expect(recorded).toMatchObject([{ callbacks: CALLBACKS, audit: AUDIT }]);
    expect(appended).toEqual([]);
  });

  it('delays clients by callbacks, and by an audit row only its caller (AUDIT-1)', async () => {
    expect(journal.handle(batch({ done }))).toBeUndefined();
    expect(attached).toEqual([]);
    journal.rest.handle(batch({ done }));
    expect(attached).toEqual(['call']);
    await settle();
    expect(appended).toMatchObject([{ audit: AUDIT }]);
  });
});

describe('in a cluster', () => {
  it('has the room with the term of its owner, 0 when the lease is over (CLUS-2)', async () => {
    journal = open({ termOf: () => term });
    rows = { callbacks: CALLBACKS };
    for (term of [7, undefined]) await journal.handle(batch());
    expect(appended).toMatchObject([{ owned: { key: KEY, term: 7 } }, { owned: { key: KEY, term: 0 } }]);
  });
});

describe('the end of a room', () => {
  it('is stored for its next owner, with the rows that clients wait for or after them (CLUS-7)', async () => {
    journal = open({ termOf: () => 7 });
    const closed = { type: 'roomClosed', epoch: '3', cause: 'kicked', reason: 'over', seq: 9 } as unknown as RoomEvent;
    const owned = { key: KEY, term: 7, ended: { epoch: '3', cause: 'kicked', reason: 'over' } };
    rows = { callbacks: CALLBACKS };
    await journal.handle(batch({ events: [closed] }));
    rows = undefined;
    journal.rest.handle(batch({ events: [closed], done }));
    await settle();
    expect(appended).toMatchObject([{ owned }, { owned }]);
  });
});

describe('a failure', () => {
  it('is an error for the caller of the command (CB-3)', async () => {
    rows = { callbacks: CALLBACKS };
    failure = new Error('disk full');
    await expect(journal.handle(batch())).rejects.toThrow('disk full');
  });

  it('is logged where the server itself acted: clients receive the change nevertheless (CB-3)', async () => {
    rows = { callbacks: CALLBACKS };
    failure = new Error('disk full');
    await journal.handle(batch({ origin: { channel: 'server', requestId: 'heartbeat' } }));
    expect(logged).toMatchObject([{ err: failure }]);
  });
});
