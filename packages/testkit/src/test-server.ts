/**
 * A server in the test's process, with one App, a data folder of its own and free ports.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CallParams,
  type Clock,
  type Config,
  type GavelServer,
  loadConfig,
  type ServerParts,
  signedPath,
  startServer,
  systemClock,
} from '@gavel/server';
import { FakeMediaEngine } from './fake-media-engine.ts';
import { RawClient } from './raw-client.ts';
import { IS_ON_POSTGRES, readTestNodes, USES_POSTGRES, wrapTestBus } from './test-bus.ts';
import { type NodesSettings, startNodes, type TestNodes } from './test-nodes.ts';
import { TestRooms } from './test-rooms.ts';

/** Differences from the default test server. */
export interface TestServerOptions extends ServerParts {
  /** `fake` (default) answers offers without media; `real` starts a worker. */
  readonly media?: 'fake' | 'real';
  /** Overrides of the App's settings. */
  readonly app?: Partial<Config['apps'][number]>;
  /** All Apps, instead of the one; the first one signs calls. */
  readonly apps?: Config['apps'];
  /** All API tokens, instead of the one. */
  readonly apiTokens?: Config['apiTokens'];
  readonly realtimekit?: Partial<Config['realtimekit']>;
  readonly rooms?: Partial<Config['rooms']>;
  readonly signalling?: Partial<Config['signalling']>;
  readonly http?: Partial<Config['http']>;
  readonly chat?: Partial<Config['chat']>;
  /** TCP port; a free one by default. */
  readonly port?: number;
  readonly callbacks?: Partial<Config['callbacks']>;
  readonly turn?: Partial<Config['turn']>;
  /** Changes of the media settings; the ports are free ones by default. */
  readonly mediaSettings?: Partial<Config['media']>;
  readonly trustedProxies?: Config['trustedProxies'];
  /** A folder that is not deleted at the end, for tests of restarts. */
  readonly dataDir?: string;
  readonly mode?: Config['mode'];
  readonly playground?: boolean;
  /** Several nodes that are one server; by default those of the bus that is tested. */
  readonly nodes?: NodesSettings;
  /** The address of a PostgreSQL database; an SQLite file by default. */
  readonly storeUrl?: string;
  /** The key of the admin API; in dev mode, the API token by default. */
  readonly adminKey?: string;
}

/** The answer to a signed call. */
export interface ZegoAnswer {
  readonly Code: number;
  readonly Message: string;
  readonly RequestId: string;
  readonly Data?: never;
}

/** The App that every test server has. */
export const TEST_APP = {
  name: 'test',
  appId: 1234567890,
  serverSecret: '0123456789abcdef0123456789abcdef',
  callbackSecret: 'fedcba9876543210fedcba9876543210',
  accountId: 'a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5',
  rtkAppId: '3f2b1c9e-7a54-4c1d-9e61-0c6f2a8d5b70',
  allowNoToken: true,
  rejectReplays: false,
} as const;

/** The API token of every test server; in dev mode it is also the admin key. */
export const TEST_API_TOKEN = 'test-api-token-0123456789';

/** A running test server, with helpers to call it. */
export interface TestServer {
  readonly server: GavelServer;
  readonly baseUrl: string;
  /** The address of each node, of which `baseUrl` is any; that of the server if it is one process. */
  readonly nodeUrls: readonly string[];
  readonly rooms: TestRooms;
  readonly app: Config['apps'][number];
  readonly engine: GavelServer['engine'];
  /** Makes a signed call of the ZEGO API by GET. */
  call(action: string, params?: CallParams): Promise<ZegoAnswer>;
  /** Opens a signalling connection. */
  connect(): Promise<RawClient>;
  /** Closes the server and deletes its data. A second call does nothing but wait for the first. */
  close(): Promise<void>;
}

/** Returns the database of a data folder, if servers are tested with PostgreSQL and the test has no store of its own. */
async function findStoreUrl(dataDir: string, { store, nodes }: TestServerOptions): Promise<string | undefined> {
  if (!IS_ON_POSTGRES || store || nodes) return undefined;
  return (await import('./postgres.ts')).databaseFor(dataDir);
}

/** Gives up the database of a data folder, if it has one. */
async function releaseDatabaseOf(dataDir: string): Promise<void> {
  if (USES_POSTGRES) await (await import('./postgres.ts')).releaseDatabase(dataDir);
}

/** Starts a server on the bus that is tested, or on the one that the test supplies. */
async function startOn(config: Config, parts: ServerParts, wanted?: NodesSettings): Promise<TestNodes> {
  const isAlone = parts.wrapBus !== undefined || parts.cluster !== undefined;
  const nodes = wanted ?? (isAlone ? undefined : readTestNodes());
  // A store of the test is one that the nodes of several machines cannot have.
  const isPossible = nodes?.joinedBy !== 'services' || parts.store === undefined;
  if (nodes && isPossible) return startNodes(config, { wrapBus: wrapTestBus, ...parts }, nodes);
  const server = await startServer(config, { ...(!parts.cluster && { wrapBus: wrapTestBus }), ...parts });
  return { ...server, nodeUrls: [server.baseUrl] };
}

/** Starts a server. Close it at the end of the test. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'gavel-test-'));
  const { apps = [{ ...TEST_APP, ...options.app }] } = options;
  const [app] = apps;
  const storeUrl = options.storeUrl ?? (await findStoreUrl(dataDir, options));
  if (!app) throw new Error('a test server has at least one App');
  const defaults = loadConfig({ argv: [], env: { GAVEL_MODE: options.mode ?? 'dev', GAVEL_DATA_DIR: dataDir } });
  const config: Config = {
    ...defaults,
    host: '127.0.0.1',
    port: options.port ?? 0,
    logLevel: 'silent',
    apps,
    apiTokens: options.apiTokens ?? [{ name: 'test', accountId: app.accountId, token: TEST_API_TOKEN }],
    realtimekit: { ...defaults.realtimekit, ...options.realtimekit },
    rooms: { ...defaults.rooms, ...options.rooms },
    signalling: { ...defaults.signalling, ...options.signalling },
    http: { ...defaults.http, ...options.http },
    chat: { ...defaults.chat, ...options.chat },
    callbacks: { ...defaults.callbacks, ...options.callbacks },
    playground: options.playground ?? defaults.playground,
    ...(options.adminKey !== undefined && { adminKey: options.adminKey }),
    trustedProxies: options.trustedProxies ?? defaults.trustedProxies,
    turn: { ...defaults.turn, ...options.turn },
    store: { ...defaults.store, ...(storeUrl !== undefined && { url: storeUrl }) },
    media: { ...defaults.media, port: 0, ...options.mediaSettings },
  };
  const engine = options.engine ?? (options.media === 'real' ? undefined : new FakeMediaEngine());
  const clock: Clock = options.clock ?? systemClock;
  const server = await startOn(config, { ...options, clock, ...(engine && { engine }) }, options.nodes);
  const { baseUrl, nodeUrls } = server;
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    try {
      await server.close();
    } finally {
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    }
    if (options.dataDir === undefined) await releaseDatabaseOf(dataDir);
  };
  return {
    server,
    baseUrl,
    nodeUrls,
    rooms: new TestRooms(server.bus),
    app,
    engine: server.engine,
    async call(action, params = {}) {
      const response = await fetch(`${baseUrl}${signedPath(app, action, params, clock.now())}`);
      return (await response.json()) as ZegoAnswer;
    },
    connect: () => RawClient.open(baseUrl),
    close() {
      closing ??= close();
      return closing;
    },
  };
}
