import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Epoch } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EndedTicket, EndedTicketKeeper } from '../rooms/ended-tickets.ts';
import { EndedTicketLog, type EndedTicketLogDeps } from './ended-ticket-log.ts';

class MemoryTable implements EndedTicketKeeper {
  readonly rows = new Map<string, EndedTicket>();
  /** The number of rows of each commit. */
  readonly commits: number[] = [];
  /** Thrown by every write. */
  failure: Error | undefined;
  async issuer(): Promise<string> {
    return 't1';
  }
  async put(rows: readonly EndedTicket[]): Promise<void> {
    if (this.failure) throw this.failure;
    this.commits.push(rows.length);
    for (const row of rows) this.rows.set(row.scope, row);
  }
  async find(scopes: readonly string[]): Promise<readonly EndedTicket[]> {
    return scopes.flatMap((scope) => this.rows.get(scope) ?? []);
  }
  async deleteBefore(): Promise<number> {
    return 0;
  }
}

const row = (scope: string, over: Partial<EndedTicket> = {}): EndedTicket => ({
  scope,
  position: { epoch: '18446744073709551615' as Epoch, seq: 7 },
  cause: 'kicked',
  reason: '违规 🙂\n',
  endedAtMs: 1_000,
  ...over,
});
const member: EndedTicket = { scope: 'member/m', cause: 'logout', reason: '', endedAtMs: 2_000 };

describe('the log of ended tickets', () => {
  let folder: string;
  let path: string;
  let table: MemoryTable;
  let clock: FakeClock;
  let reports: unknown[];
  const logs: EndedTicketLog[] = [];
  const open = async (more: Pick<EndedTicketLogDeps, 'write'> = {}) => {
    const log = await EndedTicketLog.open({ path, table, clock, report: (error) => reports.push(error), ...more });
    logs.push(log);
    return log;
  };
  /** Lets a move end that the clock began. */
  const moved = () => new Promise((resolve) => setImmediate(resolve));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gavel-log-'));
    path = join(folder, 'ended-tickets.log');
    [table, clock, reports] = [new MemoryTable(), new FakeClock(), []];
  });
  afterEach(async () => {
    for (const log of logs.splice(0)) await log.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has rows on disk when they are put, before any commit of the database (KICK-12)', async () => {
    const log = await open();
    await log.put([row('user/a'), member]);
    expect(table.commits).toEqual([]);
    expect(await log.find(['user/a', 'member/m', 'none'])).toEqual([row('user/a'), member]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    // The process dies; the next one finds the rows.
    await open();
    expect([...table.rows.values()]).toEqual([row('user/a'), member]);
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it('moves them to the table within a second, in one commit, and empties the file', async () => {
    const log = await open();
    for (const scope of ['user/a', 'user/b', 'user/c']) await log.put([row(scope)]);
    clock.advance(1000);
    await moved();
    expect(table.commits).toEqual([3]);
    expect(readFileSync(path, 'utf8')).toBe('');
    expect(await log.find(['user/b'])).toEqual([row('user/b')]);
    await log.put([row('user/d')]);
    clock.advance(1000);
    await moved();
    expect(table.commits).toEqual([3, 1]);
  });

  it('moves many rows in small commits', async () => {
    const log = await open();
    await log.put(Array.from({ length: 120 }, (_, i) => row(`user/${i}`)));
    for (const ms of [1000, 10, 1000]) {
      clock.advance(ms);
      await moved();
    }
    expect(table.commits).toEqual([50, 50, 20]);
  });

  it('keeps the last row of a scope', async () => {
    const log = await open();
    await log.put([row('user/a')]);
    await log.put([row('user/a', { cause: 'replaced' })]);
    await open();
    expect(table.rows.get('user/a')?.cause).toBe('replaced');
  });

  it('keeps rows in the file while the database refuses them, and tries again (BUS-7)', async () => {
    const log = await open();
    table.failure = new Error('locked');
    await log.put([row('user/a')]);
    clock.advance(1000);
    await moved();
    expect(reports).toEqual([table.failure]);
    expect(await log.find(['user/a'])).toEqual([row('user/a')]);
    table.failure = undefined;
    clock.advance(1000);
    await moved();
    expect(table.commits).toEqual([1]);
  });

  it('ignores a line that a crash cut off, and reads those beside it', async () => {
    const log = await open();
    await log.put([row('user/a')]);
    const line = readFileSync(path, 'utf8');
    writeFileSync(path, line.slice(20) + line + line.slice(0, 30));
    await open();
    expect([...table.rows.keys()]).toEqual(['user/a']);
  });

  it('reports a full disk to the caller, and begins a new line afterwards (KICK-12)', async () => {
    let isFull = true;
    const write = (file: number, bytes: Buffer) => writeSync(file, isFull ? bytes.subarray(0, 20) : bytes);
    const log = await open({ write });
    await expect(log.put([row('user/a')])).rejects.toThrow(/^only 20 of \d+ bytes were written$/);
    expect(await log.find(['user/a'])).toEqual([]);
    isFull = false;
    await log.put([row('user/b')]);
    await open();
    expect([...table.rows.keys()]).toEqual(['user/b']);
  });

  it('moves everything when it closes', async () => {
    const log = await open();
    await log.put(Array.from({ length: 70 }, (_, i) => row(`user/${i}`)));
    await log.close();
    logs.pop();
    expect(table.rows.size).toBe(70);
    expect(readFileSync(path, 'utf8')).toBe('');
  });
});
