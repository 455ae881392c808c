/**
 * Three nodes as processes, on a real PostgreSQL and a real NATS server: what clients of the other nodes notice when a node
 * dies, when one sleeps, and when NATS or PostgreSQL are restarted.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signedPath } from '@gavel/server';
import {
  RawClient,
  type ServerProcess,
  startServerProcess,
  TEST_API_TOKEN,
  TEST_APP,
  type ZegoAnswer,
} from '@gavel/testkit';
import { NATS_SERVER, NatsServer } from '@gavel/testkit/nats-server';
import { POSTGRES, type PostgresServer, startPostgres } from '@gavel/testkit/postgres';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';

/** A node may take over rooms when its lease has been valid for two lease times. */
const HEALTHY_MS = 6000;
/** How long a lease lasts after its last renewal. */
const LEASE_MS = 3000;
/** What a busy machine may add to a promised time. */
const SLACK_MS = 1000;
const PATIENCE = { timeout: 40_000, interval: 50 };

/** Returns the processes that a process has started. */
const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);

/** Whether a process runs; one that has ended and that its parent has not noticed does not. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe.skipIf(NATS_SERVER === '' || POSTGRES === '')('three nodes (needs nats-server and postgresql)', () => {
  let folder: string;
  let nats: NatsServer;
  let postgres: PostgresServer;
  let storeUrl: string;
  const nodes = new Map<string, ServerProcess>();
  let rooms = 0;
  let room: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gavel-cluster-'));
    // One after another: the first one blocks this process for a while, and the second one has a deadline.
    postgres = await startPostgres();
    nats = await NatsServer.start();
    storeUrl = await postgres.createDatabase();
    for (const id of ['a', 'b', 'c']) await startNode(id);
    await new Promise((resolve) => setTimeout(resolve, HEALTHY_MS + 1000));
  }, 300_000);
  afterAll(async () => {
    for (const { child } of nodes.values()) child.kill('SIGKILL');
    await Promise.all([...nodes.values()].map(({ exited }) => exited));
    await Promise.all([nats?.close(), postgres?.close()]);
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(({ task }) => {
    if (task.result?.state !== 'fail') return;
    for (const [id, node] of nodes) console.log(`--- node ${id}\n${node.output().split('\n').slice(-40).join('\n')}`);
  });

  /** Starts a process as a node, in a folder of its own. */
  function startProcess(id: string, folderName: string): Promise<ServerProcess> {
    return startServerProcess([], join(folder, folderName), {
      GAVEL_HOST: '127.0.0.1',
      GAVEL_APPS: JSON.stringify([TEST_APP]),
      GAVEL_STORE_URL: storeUrl,
      GAVEL_MEDIA_WORKERS: '1',
      GAVEL_CLUSTER_NODE: id,
      GAVEL_CLUSTER_NATS_URL: nats.url,
      GAVEL_CLUSTER_DRAIN_TIMEOUT_MS: '2000',
      GAVEL_ADMIN_KEY: TEST_API_TOKEN,
    });
  }
  async function startNode(id: string): Promise<void> {
    nodes.set(id, await startProcess(id, id));
    await vi.waitFor(async () => expect(await statusOf(id, '/readyz')).toBe(200), PATIENCE);
  }

  const urlOf = (id: string): string => nodes.get(id)?.baseUrl ?? '';
  const statusOf = async (id: string, path: string): Promise<number> => (await fetch(`${urlOf(id)}${path}`)).status;
  const call = async (id: string, action: string, params: Record<string, string | string[]>): Promise<ZegoAnswer> =>
    (await (await fetch(`${urlOf(id)}${signedPath(TEST_APP, action, params, Date.now())}`)).json()) as ZegoAnswer;

  /** A user of the room, connected to one node. */
  async function enter(id: string, userId: string) {
    const client = await RawClient.open(urlOf(id));
    const { ticket, epoch } = await client.login(TEST_APP.appId, room, userId, { members: true });
    let isClosed = false;
    void client.closed.then(() => (isClosed = true));
    const heard = (): readonly string[] =>
      client.events.flatMap((event) => (event.event === 'message' ? String(event.text) : []));
    return { client, ticket, epoch, isClosed: () => isClosed, heard };
  }

  /** Opens a room whose owner is node `a`, with a user at each node. */
  async function openRoom() {
    rooms += 1;
    room = `room-${rooms}`;
    const ann = await enter('a', 'ann');
    return { ann, ben: await enter('b', 'ben'), cem: await enter('c', 'cem') };
  }

  type User = Awaited<ReturnType<typeof enter>>;
  /** Sends until a message was accepted. Returns how long that took, in milliseconds. */
  async function sendUntilAccepted({ client }: User, text: string): Promise<number> {
    const beganAt = performance.now();
    await expect
      .poll(async () => (await client.request('send', { kind: 'broadcast', text })).error, PATIENCE)
      .toBeUndefined();
    return performance.now() - beganAt;
  }
  const expectHeard = (user: User, text: string) => expect.poll(user.heard, PATIENCE).toContain(text);

  test('a kick at a node that does not own the room reaches a victim at a third one, and holds everywhere (CLUS-1)', async () => {
    const { ann, ben, cem } = await openRoom();
    expect((await call('b', 'KickoutUser', { RoomId: room, 'UserId[]': ['cem'] })).Code).toBe(0);
    expect(await cem.client.closed).toMatchObject({ code: 4500 });
    for (const id of ['a', 'b', 'c']) {
      const again = await RawClient.open(urlOf(id));
      expect((await again.request('resume', { ticket: cem.ticket, lastSeq: 0 })).error).toMatchObject({
        code: 'resume.refused',
        details: { cause: 'kicked' },
      });
    }
    await sendUntilAccepted(ben, 'after the kick');
    await expectHeard(ann, 'after the kick');
  });

  test('a restart of NATS ends no room and no connection (CLUS-6)', async () => {
    const { ann, ben, cem } = await openRoom();
    await nats.stop();
    await expect.poll(() => statusOf('b', '/readyz'), PATIENCE).toBe(503);
    expect(await statusOf('b', '/healthz')).toBe(200);
    const { error } = await ben.client.request('send', { kind: 'broadcast', text: 'lost' });
    expect(error).toMatchObject({ code: 'server.node-unavailable' });
    await nats.restart();
    await sendUntilAccepted(ben, 'nats is back');
    for (const user of [ann, cem]) await expectHeard(user, 'nats is back');
    await expect.poll(() => statusOf('b', '/readyz'), PATIENCE).toBe(200);
    expect([ann, ben, cem].map((user) => user.isClosed())).toEqual([false, false, false]);
    expect((await enter('c', 'dan')).epoch).toBe(ann.epoch);
  });

  test('a restart of PostgreSQL ends no room and no connection (CLUS-6)', async () => {
    const { ann, ben, cem } = await openRoom();
    await postgres.restart();
    await sendUntilAccepted(ben, 'postgres is back');
    for (const user of [ann, cem]) await expectHeard(user, 'postgres is back');
    expect([ann, ben, cem].map((user) => user.isClosed())).toEqual([false, false, false]);
    expect((await enter('c', 'dan')).epoch).toBe(ann.epoch);
  });

  test('a second process with the id of a live node does not start, and says why (CLUS-2)', async () => {
    const twin = await startProcess('a', 'twin');
    expect(await twin.exited).toBe(1);
    expect(twin.output()).toContain('another process runs as node "a": give each node its own id (cluster.node)');
    expect(await statusOf('a', '/readyz')).toBe(200);
  });

  test('a node that is stopped sends no media when its lease is over for 5 s: its workers have ended by themselves (CLUS-5)', async () => {
    const { pid } = (nodes.get('a') as ServerProcess).child;
    const workers = childrenOf(pid as number);
    expect(workers.filter(isRunning)).toHaveLength(1);
    const owner = nodes.get('a')?.child;
    owner?.kill('SIGSTOP');
    await expect
      .poll(() => workers.filter(isRunning), { timeout: LEASE_MS + 5000 + SLACK_MS, interval: 50 })
      .toEqual([]);
    owner?.kill('SIGCONT');
    await expect.poll(() => statusOf('a', '/readyz'), PATIENCE).toBe(200);
    // It takes rooms over when its lease has been valid for a while.
    await new Promise((resolve) => setTimeout(resolve, HEALTHY_MS));
  });

  test('the owner sleeps past its lease: others go on, and on waking it decides nothing (CLUS-2, CLUS-3)', async () => {
    const { ann, ben, cem } = await openRoom();
    nodes.get('a')?.child.kill('SIGSTOP');
    await sendUntilAccepted(ben, 'while it sleeps');
    await expectHeard(cem, 'while it sleeps');
    expect((await call('c', 'KickoutUser', { RoomId: room, 'UserId[]': ['ann'] })).Code).toBe(0);
    nodes.get('a')?.child.kill('SIGCONT');
    expect((await ann.client.closed).code).toBeGreaterThan(0);
    await expect.poll(() => statusOf('a', '/readyz'), PATIENCE).toBe(200);
    await sendUntilAccepted(cem, 'after it woke');
    await expectHeard(ben, 'after it woke');
    const again = await RawClient.open(urlOf('a'));
    const { error } = await again.request('resume', { ticket: ann.ticket, lastSeq: 0 });
    expect(error).toMatchObject({ code: 'resume.refused', details: { cause: 'kicked' } });
    const dan = await enter('a', 'dan');
    expect(dan.epoch).toBe(ben.epoch);
    expect([ben, cem].map((user) => user.isClosed())).toEqual([false, false]);
  });

  test('kill -9 of the owner: clients of the other nodes keep their connection and the room (CLUS-3)', async () => {
    await expect.poll(() => statusOf('a', '/readyz'), PATIENCE).toBe(200);
    const { ann, ben, cem } = await openRoom();
    await sendUntilAccepted(cem, 'before');
    await expectHeard(ben, 'before');
    const owner = nodes.get('a') as ServerProcess;
    owner.child.kill('SIGKILL');
    await owner.exited;
    const tookMs = await sendUntilAccepted(ben, 'after');
    console.log(`the room was back ${Math.round(tookMs)} ms after kill -9 of its owner`);
    await expectHeard(cem, 'after');
    for (const user of [ben, cem]) {
      expect(user.isClosed()).toBe(false);
      expect(user.client.events).toContainEqual({ event: 'mediaLost' });
    }
    // The client of the dead node resumes at another one.
    const again = await RawClient.open(urlOf('c'));
    // The third node may still ask the one that has died; it is corrected by that.
    await vi.waitFor(async () => {
      const { error } = await again.request('resume', { ticket: ann.ticket, lastSeq: 0 });
      expect(error).toBeUndefined();
    }, PATIENCE);
    expect((await enter('b', 'dan')).epoch).toBe(ann.epoch);
    expect((await call('b', 'KickoutUser', { RoomId: room, 'UserId[]': ['ann'] })).Code).toBe(0);
    expect(await again.closed).toMatchObject({ code: 4500 });
  });

  test('SIGTERM of an owner hands its rooms over, and the node is not ready at once; it ends within its deadline (CLUS-9)', async () => {
    await startNode('a');
    const { ann, ben, cem } = await openRoom();
    const owner = nodes.get('a') as ServerProcess;
    owner.child.kill('SIGTERM');
    await owner.printed('this node has handed its rooms over');
    expect(await statusOf('a', '/readyz')).toBe(503);
    // Its clients go on, and a new room begins at another node.
    await sendUntilAccepted(ann, 'while it drains');
    for (const user of [ben, cem]) await expectHeard(user, 'while it drains');
    const before = room;
    room = 'begins-while-it-drains';
    await enter('a', 'eve');
    room = before;
    expect(await ann.client.closed).toMatchObject({ code: 4000 });
    expect(await owner.exited).toBe(0);
    await sendUntilAccepted(ben, 'after');
    await expectHeard(cem, 'after');
    expect([ben, cem].map((user) => user.isClosed())).toEqual([false, false]);
    expect((await enter('c', 'dan')).epoch).toBe(ben.epoch);
    room = 'begins-while-it-drains';
    await enter('b', 'fay');
  });

  test('the admin API lists the nodes, and drains one from another (CLUS-9)', async () => {
    await startNode('a');
    const admin = async (method: 'GET' | 'POST', path: string, body?: object) =>
      fetch(`${urlOf('b')}/admin/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${TEST_API_TOKEN}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      });
    const listed = async () => ((await (await admin('GET', '/nodes')).json()) as { nodes: object[] }).nodes;
    await expect
      .poll(listed, PATIENCE)
      .toMatchObject(['a', 'b', 'c'].map((node) => ({ node, cluster: { leaseRemainingMs: expect.any(Number) } })));
    expect((await admin('POST', '/nodes/nobody/drain', {})).status).toBe(404);
    expect((await admin('POST', '/nodes/a/drain', { deadlineMs: 100 })).status).toBe(200);
    expect(await nodes.get('a')?.exited).toBe(0);
    await expect.poll(listed, PATIENCE).toMatchObject([{ node: 'b' }, { node: 'c' }]);
  });
});
