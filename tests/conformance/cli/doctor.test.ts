/**
 * `gavel doctor`: on this machine, and with a real PostgreSQL and NATS.
 */

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort, startTestServer } from '@gavel/testkit';
import { NATS_SERVER, NatsServer } from '@gavel/testkit/nats-server';
import { POSTGRES, sharedPostgres } from '@gavel/testkit/postgres';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runGavel } from './harness.ts';

interface Finding {
  readonly check: string;
  readonly status: string;
  readonly detail: string;
}

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'gavel-doctor-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Returns what one check of a production server finds, and the exit code. */
async function check(name: string, variables: Record<string, string>) {
  const settings = { HOME: home, GAVEL_DATA_DIR: home, GAVEL_PORT: String(await findFreePort()) };
  const { code, json } = await runGavel(['doctor', '--json'], { env: { ...settings, ...variables } });
  const found = json<Finding[]>().find((finding) => finding.check === name);
  return { code, status: found?.status, detail: found?.detail };
}

test('doctor finds what is wrong, and says what is right', async () => {
  const port = await findFreePort();
  const media = String(20_000 + (port % 20_000));
  const settings = {
    GAVEL_PORT: String(port),
    GAVEL_DATA_DIR: home,
    GAVEL_MEDIA_PORT: media,
    GAVEL_MEDIA_WORKERS: '1',
    GAVEL_ANNOUNCED_ADDRESS: '127.0.0.1',
  };
  const find = async (variables: Record<string, string>): Promise<[number, Finding[]]> => {
    const { code, json } = await runGavel(['doctor', '--json'], { env: { HOME: home, ...settings, ...variables } });
    return [code, json<Finding[]>()];
  };
  const statusOf = (findings: readonly Finding[], check: string) =>
    findings.find((each) => each.check === check)?.status;

  const [code, well] = await find({});
  expect(code).toBe(0);
  expect(well).toContainEqual({ check: 'UDP', status: 'ok', detail: `a datagram to 127.0.0.1:${media} came back` });
  for (const check of ['configuration', 'HTTP port', 'UDP', 'announced address', 'disk', 'database']) {
    expect([check, statusOf(well, check)]).toEqual([check, 'ok']);
  }
  const checks = ['TURN', 'clock', 'open files', 'socket buffers'];
  expect(checks.filter((check) => statusOf(well, check) === undefined)).toEqual([]);

  writeFileSync(
    join(home, 'gavel.db'),
    'this is not a database, but a text that is longer than a header of one'.repeat(40),
  );
  const turn = { GAVEL_TURN_URLS: `["turn:127.0.0.1:${port}?transport=tcp"]`, GAVEL_TURN_SECRET: 's'.repeat(32) };
  const other = createServer().listen(port, '0.0.0.0');
  await once(other, 'listening');
  const [bad, ill] = await find({ ...turn, GAVEL_ANNOUNCED_ADDRESS: '203.0.113.7' });
  other.close();
  expect(bad).toBe(1);
  expect(statusOf(ill, 'HTTP port')).toBe('fail');
  expect(statusOf(ill, 'database')).toBe('fail');
  expect(statusOf(ill, 'announced address')).toBe('warn');
  expect(statusOf(ill, 'UDP')).toBe('warn');
  // The port of the other program accepts connections.
  expect(statusOf(ill, 'TURN')).toBe('ok');
  const [, alone] = await find(turn);
  expect(alone.find(({ check }) => check === 'TURN')).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('ECONNREFUSED'),
  });
  expect((await runGavel(['doctor'], { env: { GAVEL_PORT: 'x' } })).code).toBe(1);
});

test.skipIf(POSTGRES === '')('doctor says whether PostgreSQL answers, and whether its tables fit', async () => {
  const url = await (await sharedPostgres()).createDatabase();
  const find = (address: string) => check('database', { GAVEL_STORE_URL: address });
  const empty = await find(url);
  expect([empty.status, empty.detail]).toEqual([
    'ok',
    expect.stringMatching(/^PostgreSQL \d+\..* creates its tables$/),
  ]);
  const server = await startTestServer({ storeUrl: url });
  await server.close();
  expect((await find(url)).detail).toMatch(/^PostgreSQL \d+\..* answers, and has the tables of this version$/);

  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('insert into kysely_migration (name, timestamp) values ($1, $2)', ['9999', '']);
  const newer = await find(url);
  expect([newer.status, newer.detail]).toEqual(['fail', expect.stringContaining('a newer version of Gavel')]);
  await client.query("delete from kysely_migration where name > '0000'");
  await client.query('create role doctor_reader login');
  await client.query('revoke create on schema public from public');
  await client.query('grant select on all tables in schema public to doctor_reader');
  const reader = await find(url.replace('postgres@', 'doctor_reader@'));
  await client.query('drop owned by doctor_reader; drop role doctor_reader');
  await client.end();
  expect([reader.status, reader.detail]).toEqual([
    'fail',
    expect.stringContaining('may not create the missing tables'),
  ]);

  const none = await find(url.replace(/\/gavel_[^?]*/, '/no_such_database'));
  expect([none.code, none.status]).toEqual([1, 'fail']);
  expect(none.detail).toContain('it has no database of that name (3D000)');
  const gone = await find(`postgres://gavel:a-secret@127.0.0.1:${await findFreePort()}/gavel`);
  expect(gone.detail).toMatch(/^store\.url: The database is not available: the connection failed \(ECONNREFUSED\)/);
  expect(gone.detail).not.toContain('a-secret');
});

test.skipIf(NATS_SERVER === '')('doctor says whether NATS admits a node', async () => {
  const nats = await NatsServer.start('authorization { token: "a-secret-token" }');
  const node = {
    GAVEL_STORE_URL: `postgres://127.0.0.1:${await findFreePort()}/gavel`,
    GAVEL_CLUSTER_NODE: 'a',
    GAVEL_CLUSTER_NATS_URL: nats.url,
  };
  const admitted = await check('NATS', { ...node, GAVEL_CLUSTER_NATS_TOKEN: 'a-secret-token' });
  expect(admitted).toMatchObject({
    status: 'ok',
    detail: expect.stringMatching(/^NATS \d+\.\d+.* answers in \d+ ms$/),
  });
  const refused = await check('NATS', node);
  expect([refused.code, refused.status]).toEqual([1, 'fail']);
  expect(refused.detail).toContain('the server refuses the credentials');
  await nats.close();
  expect((await check('NATS', node)).detail).toMatch(/^cluster\.nats: connecting to \S+ failed: .*ECONNREFUSED/);
  expect((await check('NATS', {})).status).toBeUndefined();
});
