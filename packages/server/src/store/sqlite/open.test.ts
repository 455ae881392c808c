import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from './database.ts';
import { openSqliteStore } from './open.ts';

let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gavel-store-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const newPath = (): string => {
  count += 1;
  return join(folder, `${count}.db`);
};

describe('an SQLite store', () => {
  it('is readable by its owner alone', async () => {
    const file = newPath();
    const store = await openSqliteStore(file);
    await store.apiTokens.ofAccount('a');
    const modes = [file, `${file}-wal`].map((each) => statSync(each).mode & 0o777);
    await store.close();
    expect(modes).toEqual([0o600, 0o600]);
  });

  it('lets two stores of one file write in turns', async () => {
    const file = newPath();
    const [one, two] = [await openSqliteStore(file), await openSqliteStore(file)];
    const add = (store: typeof one, tokenHash: string) =>
      store.apiTokens.add({ tokenHash, name: tokenHash, accountId: 'a', createdAtMs: 1 });
    await Promise.all(Array.from({ length: 20 }, (_, index) => add(index % 2 === 0 ? one : two, `h${index}`)));
    expect(await one.apiTokens.ofAccount('a')).toHaveLength(20);
    await one.close();
    await two.close();
  });

  it('keeps what was committed before the process was killed', async () => {
    const file = newPath();
    const source = new URL('./open.ts', import.meta.url).href;
    const script = `
      const { openSqliteStore } = await import(${JSON.stringify(source)});
      const store = await openSqliteStore(${JSON.stringify(file)});
      await store.apiTokens.add({ tokenHash: 'kept', name: 'n', accountId: 'a', createdAtMs: 1 });
      process.kill(process.pid, 'SIGKILL');
    `;
    const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
    expect(signal).toBe('SIGKILL');
    const store = await openSqliteStore(file);
    expect((await store.apiTokens.findByHash('kept'))?.accountId).toBe('a');
    await store.close();
  }, 30_000);

  it('refuses a file that is no database, and says so', async () => {
    const file = newPath();
    writeFileSync(
      file,
      'this is some text that is long enough to be read as the header of a database file, but is none',
    );
    await expect(openSqliteStore(file)).rejects.toThrow(/not a database/);
  });

  it('refuses a database of a newer schema', async () => {
    const file = newPath();
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 99');
    database.close();
    await expect(openSqliteStore(file)).rejects.toThrow(/schema version 99/);
  });
});

describe('migrations', () => {
  it('run once each, in order', () => {
    const database = new DatabaseSync(':memory:');
    migrate(database, ['CREATE TABLE t (a) ']);
    migrate(database, ['CREATE TABLE t (a)', 'ALTER TABLE t ADD COLUMN b', "INSERT INTO t VALUES ('x', 'y')"]);
    migrate(database, ['CREATE TABLE t (a)', 'ALTER TABLE t ADD COLUMN b', "INSERT INTO t VALUES ('x', 'y')"]);
    expect({ ...database.prepare('SELECT count(*) AS rows, max(b) AS b FROM t').get() }).toEqual({ rows: 1, b: 'y' });
    database.close();
  });

  it('leave nothing of a step that fails', () => {
    const database = new DatabaseSync(':memory:');
    const steps = ['CREATE TABLE t (a)', 'CREATE TABLE u (a); INSERT INTO nowhere VALUES (1)'];
    expect(() => migrate(database, steps)).toThrow(/nowhere/);
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    expect(tables.map((row) => row.name)).toEqual(['t']);
    expect(database.prepare('PRAGMA user_version').get()?.user_version).toBe(1);
    database.close();
  });
});
