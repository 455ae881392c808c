/**
 * Nodes as processes, on a NATS server and a PostgreSQL of their own, each behind proxies that can be cut.
 *
 * @module
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { signedPath } from '@gavel/server';
import {
  type CallbackReceiver,
  type ServerProcess,
  startCallbackReceiver,
  startServerProcess,
  TEST_API_TOKEN,
  TEST_APP,
  type ZegoAnswer,
} from '@gavel/testkit';
import { NatsServer } from '@gavel/testkit/nats-server';
import { type PostgresServer, startPostgres } from '@gavel/testkit/postgres';
import { expect, vi } from 'vitest';
import { CutProxy } from './cut-proxy.ts';

/** A node may take over rooms when its lease has been valid for two lease times. */
export const HEALTHY_MS = 6000;
/** How long a test waits for what must happen at last. */
export const PATIENCE = { timeout: 60_000, interval: 50 };

const SHIFTED_CLOCK = fileURLToPath(new URL('shifted-clock.mjs', import.meta.url));

/** A node: its process, and its ways to the services. */
export interface TestNode {
  readonly id: string;
  process: ServerProcess;
  /** What its earlier processes have printed. */
  earlierOutput: string;
  readonly toNats: CutProxy;
  readonly toPostgres: CutProxy;
  /** How wrong its wall clock is, in milliseconds. */
  readonly clockShiftMs: number;
}

/** What a node differs in. */
export interface NodeOptions {
  readonly clockShiftMs?: number;
}

/** The nodes and their services. */
export class TestCluster {
  readonly nats: NatsServer;
  readonly postgres: PostgresServer;
  readonly receiver: CallbackReceiver;
  readonly nodes = new Map<string, TestNode>();
  readonly #folder = mkdtempSync(join(tmpdir(), 'gavel-cluster-'));
  readonly #storeUrl: URL;

  private constructor(nats: NatsServer, postgres: PostgresServer, receiver: CallbackReceiver, storeUrl: string) {
    this.nats = nats;
    this.postgres = postgres;
    this.receiver = receiver;
    this.#storeUrl = new URL(storeUrl);
  }

  /** Starts the services, and nodes that may take over rooms. */
  static async start(nodes: Readonly<Record<string, NodeOptions>>): Promise<TestCluster> {
    // One after another: the first one blocks this process for a while, and the second one has a deadline.
    const postgres = await startPostgres();
    const [nats, receiver] = await Promise.all([NatsServer.start(), startCallbackReceiver()]);
    const cluster = new TestCluster(nats, postgres, receiver, await postgres.createDatabase());
    for (const [id, options] of Object.entries(nodes)) await cluster.add(id, options);
    await cluster.becomeHealthy();
    return cluster;
  }

  /** Waits until every node may take over rooms. */
  async becomeHealthy(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, HEALTHY_MS + 1000));
  }

  /** Starts a node with a new id. */
  async add(id: string, { clockShiftMs = 0 }: NodeOptions = {}): Promise<TestNode> {
    const path = join(this.#storeUrl.searchParams.get('host') ?? '', '.s.PGSQL.5432');
    const [toNats, toPostgres] = await Promise.all([
      CutProxy.start({ port: Number(new URL(this.nats.url).port) }),
      CutProxy.start({ path }),
    ]);
    const node = { id, toNats, toPostgres, clockShiftMs, earlierOutput: '' };
    const started = { ...node, process: await this.#startProcess(node) };
    this.nodes.set(id, started);
    await this.awaitReady(id);
    return started;
  }

  /** Starts the process of a node again that has ended. */
  async restart(id: string): Promise<void> {
    const node = this.node(id);
    node.earlierOutput += node.process.output();
    node.process = await this.#startProcess(node);
    await this.awaitReady(id);
  }

  /** Waits until a node is ready. */
  async awaitReady(id: string): Promise<void> {
    await vi.waitFor(async () => expect(await this.statusOf(id, '/readyz')).toBe(200), PATIENCE);
  }

  /** Kills a node as a power failure does. */
  async kill(id: string): Promise<void> {
    const { process: killed } = this.node(id);
    killed.child.kill('SIGKILL');
    await killed.exited;
  }

  /** @throws Error if there is no such node */
  node(id: string): TestNode {
    const node = this.nodes.get(id);
    if (!node) throw new Error(`there is no node ${id}`);
    return node;
  }

  /** The URL of a node. */
  urlOf(id: string): string {
    return this.node(id).process.baseUrl;
  }

  /** Returns the HTTP status of a path. */
  async statusOf(id: string, path: string): Promise<number> {
    return (await fetch(`${this.urlOf(id)}${path}`)).status;
  }

  /** Makes a signed call at a node; the signature has the node's time. */
  async call(id: string, action: string, params: Readonly<Record<string, string | string[]>>): Promise<ZegoAnswer> {
    const nowMs = Date.now() + this.node(id).clockShiftMs;
    const response = await fetch(`${this.urlOf(id)}${signedPath(TEST_APP, action, params, nowMs)}`, {
      signal: AbortSignal.timeout(30_000),
    });
    return (await response.json()) as ZegoAnswer;
  }

  /** Makes a call of the admin API at a node. */
  async admin(id: string, method: 'GET' | 'POST', path: string, body?: object) {
    const response = await fetch(`${this.urlOf(id)}/admin/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${TEST_API_TOKEN}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    return { status: response.status, body: (await response.json()) as Readonly<Record<string, unknown>> };
  }

  /** Writes every node's log to a folder that stays, and returns the folder. */
  saveLogs(name: string): string {
    const folder = mkdtempSync(join(tmpdir(), `gavel-logs-${name}-`));
    for (const [id, node] of this.nodes)
      writeFileSync(join(folder, `${id}.log`), node.earlierOutput + node.process.output());
    return folder;
  }

  /** Ends everything and deletes its data. */
  async close(): Promise<void> {
    for (const { process: each } of this.nodes.values()) each.child.kill('SIGKILL');
    await Promise.all([...this.nodes.values()].map(({ process: each }) => each.exited));
    const proxies = [...this.nodes.values()].flatMap(({ toNats, toPostgres }) => [toNats, toPostgres]);
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await Promise.all([this.nats.close(), this.postgres.close(), this.receiver.close()]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #startProcess({ id, toNats, toPostgres, clockShiftMs }: Omit<TestNode, 'process'>): Promise<ServerProcess> {
    const url = this.receiver.url('/hook');
    const database = this.#storeUrl.pathname;
    const started = await startServerProcess([], join(this.#folder, id), {
      GAVEL_HOST: '127.0.0.1',
      GAVEL_APPS: JSON.stringify([{ ...TEST_APP, callbacks: { roomUrl: url, userUrl: url, streamUrl: url } }]),
      GAVEL_CALLBACKS_ALLOW_PRIVATE_TARGETS: 'true',
      GAVEL_ADMIN_KEY: TEST_API_TOKEN,
      GAVEL_STORE_URL: `postgres://postgres@127.0.0.1:${toPostgres.port}${database}`,
      GAVEL_MEDIA_WORKERS: '1',
      GAVEL_CLUSTER_NODE: id,
      GAVEL_CLUSTER_DRAIN_TIMEOUT_MS: '500',
      GAVEL_CLUSTER_NATS_URL: `nats://127.0.0.1:${toNats.port}`,
      ...(clockShiftMs !== 0 && {
        NODE_OPTIONS: `--import ${SHIFTED_CLOCK}`,
        TEST_CLOCK_SHIFT_MS: String(clockShiftMs),
      }),
    });
    if (started.child.exitCode !== null) throw new Error(`node ${id} did not start: ${started.output()}`);
    return started;
  }
}
