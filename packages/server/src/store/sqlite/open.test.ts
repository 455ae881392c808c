import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tables } from '../sql/tables.ts';
import { KyselyDatabase, migrate } from './database.ts';
import { createDialect } from './driver.ts';
import { MIGRATIONS } from './migrations.ts';
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
  const FIRST = 'CREATE TABLE t (a)';
  const LATER = ['ALTER TABLE t ADD COLUMN b', "INSERT INTO t VALUES ('x', 'y')"];
  let database: DatabaseSync;
  beforeEach(() => {
    database = new DatabaseSync(':memory:');
  });
  afterEach(() => database.close());

  const run = (...steps: string[]) =>
    migrate(new Kysely<Tables>({ dialect: createDialect(new KyselyDatabase(database), 1_000) }), database, steps);
  const rows = () => ({ ...database.prepare('SELECT count(*) AS rows, max(b) AS b FROM t').get() });
  const version = () => database.prepare('PRAGMA user_version').get()?.user_version;

  it('run once each, in order', async () => {
    await run(FIRST);
    await run(FIRST, ...LATER);
    await run(FIRST, ...LATER);
    expect([rows(), version()]).toEqual([{ rows: 1, b: 'y' }, 3]);
  });

  it('run the missing steps of a database that was made before Kysely ran them', async () => {
    database.exec(`${FIRST}; ${LATER[0]}; PRAGMA user_version = 2`);
    await run(FIRST, ...LATER);
    expect([rows(), version()]).toEqual([{ rows: 1, b: 'y' }, 3]);
    const names = database.prepare('SELECT name FROM kysely_migration ORDER BY name').all();
    expect(names.map(({ name }) => name)).toEqual(['0001', '0002', '0003']);
  });

  it('leave nothing of a run that fails', async () => {
    await expect(run(FIRST, 'CREATE TABLE u (a); INSERT INTO nowhere VALUES (1)')).rejects.toThrow(/nowhere/);
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('t', 'u')").all();
    expect([tables, version()]).toEqual([[], 0]);
  });

  it('bring a database of each earlier version, with its data, to the newest one', async () => {
    for (let from = 1; from < MIGRATIONS.length; from += 1) {
      const path = newPath();
      const old = new DatabaseSync(path);
      // Without waiting for the disk after each statement.
      old.exec('PRAGMA synchronous = OFF');
      for (const sql of MIGRATIONS.slice(0, from)) old.exec(sql);
      old.exec(`PRAGMA user_version = ${from}`);
      old.exec("INSERT INTO apps (app_id, rtk_app_id, account_id, name, created_at_ms) VALUES (7, 'r', 'a', 'n', 1)");
      old.close();
      const store = await openSqliteStore(path);
      expect(await store.apps.all()).toMatchObject([{ appId: 7, name: 'n' }]);
      expect((await store.audit.list({}, 1)).rows).toEqual([]);
      await store.close();
    }
    // Each version is a database on the disk.
  }, 20_000);
});
