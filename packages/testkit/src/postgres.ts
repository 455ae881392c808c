/**
 * A PostgreSQL for tests: Debian's server, one per test process, without TCP and without `fsync`.
 *
 * @module
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** The folder of `initdb` and `postgres`, as the test runner found it; empty if there is none: tests that need it are then skipped. */
export const POSTGRES: string = process.env.GAVEL_TEST_POSTGRES ?? '';

/** A running server. */
export interface PostgresServer {
  /** The process id of its main process, for tests that stop it. */
  readonly pid: number;
  /** Creates an empty database; returns its address for `store.url`. */
  createDatabase(): Promise<string>;
  /** Executes SQL in a database of this server. @throws its error */
  execute(url: string, sql: string): Promise<void>;
  /** Ends all connections at once, and starts the server again on the same data. */
  restart(): Promise<void>;
  /** Stops all of its processes, as a machine that hangs does, until `resume`. */
  pause(): void;
  resume(): void;
  /** What it has logged. */
  log(): string;
  /** Ends it and deletes its data. */
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
/** Its user, and the database that every server begins with. */
const SUPERUSER = 'postgres';
/** A user that needs a password; all others need none. */
export const PASSWORD_USER = 'with_password';

/**
 * Runs the server until its input ends: then also the death of the test's process ends it. Each line that it reads restarts
 * the server. Its data is deleted at the end.
 */
const KEEPER = `
  start() { "$0/postgres" -D "$1/data" -c config_file="$1/postgresql.conf" >>"$1/log" 2>&1 </dev/null & pid=$!; echo "$pid"; }
  start "$@"
  while read -r _; do kill -INT "$pid"; wait "$pid"; start "$@"; done
  kill -CONT "$pid"; kill -QUIT "$pid"; wait "$pid"; rm -rf "$1"
`;

/** Without `fsync`: tests do not cut the power. */
const SETTINGS = ['fsync = off', 'synchronous_commit = off', 'full_page_writes = off', 'max_connections = 60'];

let shared: Promise<PostgresServer> | undefined;

/** Returns the server that the tests of this process share; starts it first. It ends with the process. */
export function sharedPostgres(): Promise<PostgresServer> {
  shared ??= startPostgres();
  return shared;
}

/** The databases of data folders: a server that is started again on its folder has its data. */
const databases = new Map<string, Promise<string>>();

/** Empty databases with the tables of the store, to be used again: creating one takes a hundred times as long. */
const unused: string[] = [];

/** Deletes all rows of the store's tables, but for those that the schema begins with. As a replica: without triggers and foreign keys, so in any order. */
export const EMPTY_TABLES = `do $$
  declare each text;
  begin
    set local session_replication_role = replica;
    for each in select tablename from pg_tables
      where schemaname = 'public' and tablename not like 'kysely%' and tablename <> 'server_facts'
    loop execute format('delete from %I', each); end loop;
    delete from server_facts where name <> 'ticket_issuer';
  end $$`;

/** Returns the address of a database for a data folder, on the server that the tests of this process share. */
export function databaseFor(dataDir: string): Promise<string> {
  const database = databases.get(dataDir) ?? findDatabase();
  databases.set(dataDir, database);
  return database;
}

/** Gives up the database of a data folder that is deleted. Call it after the servers on it have been closed. */
export async function releaseDatabase(dataDir: string): Promise<void> {
  const database = databases.get(dataDir);
  if (!database) return;
  databases.delete(dataDir);
  const [url, postgres] = await Promise.all([database, sharedPostgres()]);
  await postgres.execute(url, EMPTY_TABLES);
  unused.push(url);
}

async function findDatabase(): Promise<string> {
  return unused.pop() ?? (await sharedPostgres()).createDatabase();
}

/**
 * Starts a server of its own, for tests that stop or restart it.
 *
 * @param settings lines of `postgresql.conf`
 * @throws Error with its log if it does not answer within 60 s
 */
export async function startPostgres(settings: readonly string[] = []): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'gavel-postgres-'));
  const account = createAccount(folder);
  const data = join(folder, 'data');
  const initialise = ['-D', data, '-U', SUPERUSER, '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
  execFileSync(join(POSTGRES, 'initdb'), initialise, { stdio: 'pipe', cwd: folder, ...account });
  const own = [
    `unix_socket_directories = '${folder}'`,
    `hba_file = '${folder}/hba.conf'`,
    "listen_addresses = ''",
    ...SETTINGS,
    ...settings,
  ];
  writeFileSync(join(folder, 'hba.conf'), `local all ${PASSWORD_USER} scram-sha-256\nlocal all all trust\n`);
  writeFileSync(join(folder, 'postgresql.conf'), `${own.join('\n')}\n`);
  const keeper = spawn('sh', ['-c', KEEPER, POSTGRES, folder], {
    stdio: ['pipe', 'pipe', 'ignore'],
    cwd: folder,
    // Ctrl-C at the terminal ends the tests, and they the server.
    detached: true,
    ...account,
  });
  const server = new Server(keeper, folder);
  await server.started();
  // The tests' process does not wait for the server to end.
  keeper.unref();
  for (const stream of [keeper.stdin, keeper.stdout]) (stream as unknown as { unref(): void }).unref();
  return server;
}

/** PostgreSQL refuses to run as root: returns the account to run it as, which then owns the folder. */
function createAccount(folder: string): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const entry = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  const [uid, gid] = [Number(entry?.[1] ?? 65_534), Number(entry?.[2] ?? 65_534)];
  chownSync(folder, uid, gid);
  chmodSync(folder, 0o755);
  return { uid, gid };
}

class Server implements PostgresServer {
  readonly #keeper: ChildProcess;
  readonly #folder: string;
  #databases = 0;
  pid = 0;

  constructor(keeper: ChildProcess, folder: string) {
    this.#keeper = keeper;
    this.#folder = folder;
  }

  async started(): Promise<void> {
    const [line] = (await once(this.#keeper.stdout ?? this.#keeper, 'data')) as [Buffer];
    this.pid = Number(line.toString());
    const endsAt = performance.now() + START_TIMEOUT_MS;
    while (!(await this.#isReady())) {
      if (this.#keeper.exitCode !== null || performance.now() > endsAt) {
        throw new Error(`PostgreSQL did not start: ${this.log()}`);
      }
      await sleep(50);
    }
  }

  async createDatabase(): Promise<string> {
    this.#databases += 1;
    const name = `gavel_${process.pid}_${this.#databases}`;
    await this.execute(this.#urlOf(SUPERUSER), `CREATE DATABASE ${name}`);
    return this.#urlOf(name);
  }

  async execute(url: string, sql: string): Promise<void> {
    const client = new Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  }

  async restart(): Promise<void> {
    this.#keeper.stdin?.write('restart\n');
    await this.started();
  }

  pause(): void {
    for (const pid of this.#processes()) process.kill(pid, 'SIGSTOP');
  }

  resume(): void {
    for (const pid of this.#processes()) process.kill(pid, 'SIGCONT');
  }

  log(): string {
    const path = join(this.#folder, 'log');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  async close(): Promise<void> {
    this.#keeper.ref();
    const exited = once(this.#keeper, 'exit');
    this.#keeper.stdin?.end();
    await exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The main process, and its children: one per connection, and those that work in the background. */
  #processes(): number[] {
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8');
    return [this.pid, ...children.split(' ').filter(Boolean).map(Number)];
  }

  #urlOf(database: string): string {
    return `postgres://${SUPERUSER}@localhost/${database}?host=${encodeURIComponent(this.#folder)}`;
  }

  async #isReady(): Promise<boolean> {
    return this.execute(this.#urlOf(SUPERUSER), 'SELECT 1').then(
      () => true,
      () => false,
    );
  }
}
