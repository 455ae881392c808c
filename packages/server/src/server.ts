/**
 * The composition root: builds the parts, starts and stops them in order.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createMediaEngine, type MediaEngine } from '@gavel/media';
import Fastify, { type FastifyInstance } from 'fastify';
import manifest from '../package.json' with { type: 'json' };
import { registerAdminDoor } from './admin/door.ts';
import { AppRegistry } from './apps/app-registry.ts';
import { Callbacks } from './callbacks/callbacks.ts';
import type { Poster } from './callbacks/post.ts';
import type { Config } from './config.ts';
import { MediaControl } from './media-control/media-control.ts';
import { AdmissionGuard } from './realtimekit/admission-guard.ts';
import { createParticipantTokenAuthenticator } from './realtimekit/authenticator.ts';
import { ChatLinks } from './realtimekit/chat/chat-links.ts';
import { registerRealtimeKitDoor } from './realtimekit/door.ts';
import { SessionRecorder } from './realtimekit/sessions/session-recorder.ts';
import { SessionRetention } from './realtimekit/sessions/session-retention.ts';
import { STOCK_PRESETS } from './realtimekit/stock-presets.ts';
import { ParticipantTokens } from './realtimekit/tokens.ts';
import { Webhooks } from './realtimekit/webhooks/webhooks.ts';
import { type Clock, createIdSource, systemClock } from './rooms/clock.ts';
import { Enforcement } from './rooms/enforcement.ts';
import { type EventSink, Rooms } from './rooms/rooms.ts';
import { Rules } from './rooms/rules.ts';
import { SignallingDoor } from './signalling/door.ts';
import { FanOut } from './signalling/fan-out.ts';
import { isSignallingUpgrade } from './signalling/upgrade.ts';
import { openSqliteStore } from './store/sqlite/open.ts';
import type { Store } from './store/store.ts';
import { AuditLog } from './telemetry/audit.ts';
import { registerHealth } from './telemetry/health.ts';
import { createLog, type Logger } from './telemetry/log.ts';
import { Metrics } from './telemetry/metrics.ts';
import { registerPage, sendPage } from './web/page.ts';
import { createAppTokenAuthenticator } from './zego/authenticator.ts';
import { createZegoCallbacks } from './zego/callback-dialect.ts';
import { registerZegoDoor } from './zego/door.ts';
import { Replays } from './zego/replays.ts';
import { signedPath } from './zego/signed-path.ts';

/** Parts that a caller may bring, for tests. */
export interface ServerParts {
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly engine?: MediaEngine;
  readonly store?: Store;
  /** Posts callbacks. */
  readonly poster?: Poster;
}

/** A running server. */
export interface GavelServer {
  /** Where it listens, such as `http://127.0.0.1:7700`. */
  readonly baseUrl: string;
  readonly apps: AppRegistry;
  readonly rooms: Rooms;
  readonly engine: MediaEngine;
  readonly store: Store;
  /** Ends it within 5 s: clients are told to come back, then everything is closed. */
  close(): Promise<void>;
}

/** How many events a room keeps for resuming clients. */
const KEPT_EVENTS = 500;
/** Far above what a client needs, far below what hurts. */
const MAX_REQUESTS_PER_SECOND = 100;

/** Builds and starts a server. Resolves when it takes calls. */
export async function startServer(config: Config, parts: ServerParts = {}): Promise<GavelServer> {
  const clock = parts.clock ?? systemClock;
  const log = parts.log ?? createLog(config.logLevel);
  const store = parts.store ?? (await openStore(config));
  const apps = await AppRegistry.open({ store, clock, configured: config.apps, presets: STOCK_PRESETS });
  const engine = parts.engine ?? createEngine(config, log);
  const { heartbeatTimeoutMs, heartbeatIntervalMs, maxLoginsPerSecond } = config.rooms;

  const fanOut = new FanOut();
  const metrics = new Metrics();
  const media = new MediaControl({
    engine,
    clock,
    lostStreamTimeoutMs: heartbeatTimeoutMs,
    notify: (memberId, frame) => fanOut.notify(memberId, frame),
  });
  const guard = new AdmissionGuard(store);
  const http = createHttp(log);
  const baseUrl = (): string => baseUrlOf(config, http.server.address() as AddressInfo | null);
  const chatLinks = await ChatLinks.open({ store, clock, baseUrl });
  const webhooks = await Webhooks.open({ store, apps, clock, chatLinks });
  const callbacks = new Callbacks({
    repository: store.outbox,
    apps,
    dialects: [createZegoCallbacks(), webhooks.dialect],
    clock,
    log,
    userAgent: `Gavel/${manifest.version}`,
    settings: config.callbacks,
    ...(parts.poster && { poster: parts.poster }),
  });
  webhooks.attach(callbacks.outbox);
  const retention = new SessionRetention({ store, clock, log, settings: config.realtimekit.retention });
  const sessions = new SessionRecorder({ store, clock, log, tell: (session, news) => webhooks.tell(session, news) });
  const audit = new AuditLog(log);
  // Media first: its closing begins before anybody is told.
  const sinks = {
    first: [media],
    journal: bothOf(callbacks.outbox, sessions),
    after: [fanOut, audit, metrics, guard],
  };
  const rules = await Rules.open({ keeper: store.rules, clock });
  const limits = { heartbeatTimeoutMs, keptEvents: KEPT_EVENTS, maxLoginsPerSecond };
  const report = (error: unknown): void => log.error({ err: error }, 'taking out silent members failed');
  const rooms = new Rooms({ clock, ids: createIdSource(clock), rules, report, ...limits }, sinks, [
    fanOut,
    guard,
    audit,
  ]);
  const enforcement = new Enforcement({
    rules,
    rooms,
    clock,
    report: (error) => log.error({ err: error }, 'the end of a rule failed'),
  });
  media.attach(rooms);
  guard.attach(rooms);
  metrics.observe({ engine, roomCount: () => rooms.size, connectionCount: () => fanOut.connectionCount });
  metrics.observeCallbacks(callbacks);

  const tokens = new ParticipantTokens({ store, clock });
  const replays = await Replays.open(store, clock.now());
  registerZegoDoor(http, {
    ...{ apps, rooms, enforcement, replays, clock, log },
    onPage: (_request, reply) => sendPage(reply),
  });
  registerRealtimeKitDoor(http, {
    ...{ apps, rooms, store, clock, log, tokens, webhooks, chatLinks },
    apiTokens: config.apiTokens,
    allowPrivateTargets: config.callbacks.allowPrivateTargets,
    rateLimit: config.realtimekit.rateLimit,
  });
  const adminKey = adminKeyOf(config);
  if (adminKey !== undefined) {
    const { outbox, apiTokens } = store;
    const { version } = manifest;
    await registerAdminDoor(http, { adminKey, version, log, clock, apps, outbox, callbacks, apiTokens });
  }
  await registerPage(http, devPage(config, apps, clock));
  registerHealth(http, { metrics, findUnready: async () => findUnready(engine, store) });
  const signalling = new SignallingDoor(http.server, {
    rooms,
    media,
    fanOut,
    clock,
    log,
    authenticators: [
      createAppTokenAuthenticator({ apps, clock }),
      createParticipantTokenAuthenticator({ apps, store, tokens, sessions }),
    ],
    heartbeatIntervalMs,
    heartbeatTimeoutMs,
    ...config.signalling,
    maxRequestsPerSecond: MAX_REQUESTS_PER_SECOND,
    trustedProxies: config.trustedProxies,
  });

  await engine.start();
  await callbacks.start();
  await sessions.start();
  await http.listen({ host: config.host, port: config.port });
  rooms.start();
  enforcement.start();
  retention.start();

  return {
    baseUrl: baseUrl(),
    apps,
    rooms,
    engine,
    store,
    async close() {
      rooms.stop();
      enforcement.stop();
      await retention.close();
      signalling.close();
      await http.close();
      await engine.close();
      await sessions.close();
      await callbacks.close();
      await store.close();
    },
  };
}

/** A journal of two: what either of them keeps is kept before anybody hears of it. */
function bothOf(...journals: readonly EventSink[]): EventSink {
  return {
    handle(batch) {
      const kept = journals.flatMap((journal) => journal.handle(batch) ?? []);
      return kept.length === 0 ? undefined : Promise.all(kept).then(() => undefined);
    },
  };
}

async function openStore(config: Config): Promise<Store> {
  mkdirSync(config.dataDir, { recursive: true });
  return openSqliteStore(join(config.dataDir, 'gavel.db'));
}

function createEngine({ media }: Config, logger: Logger): MediaEngine {
  const { workers, port, portRange, listenAddress, announcedAddress, iceServers } = media;
  return createMediaEngine({
    workers,
    ports: port,
    ...(portRange && { portRange }),
    ...(listenAddress !== undefined && { listenAddress }),
    ...(announcedAddress !== undefined && { announcedAddress }),
    ...(iceServers && { iceServers }),
    logger,
  });
}

function createHttp(log: Logger): FastifyInstance {
  const http = Fastify({
    logger: false,
    bodyLimit: 1024 * 1024,
    forceCloseConnections: true,
    http: { shouldUpgradeCallback: isSignallingUpgrade },
    routerOptions: { maxParamLength: 256 },
    genReqId: () => randomUUID(),
  });
  // What no door has answered in its own dialect: nothing of a stack leaves the server.
  http.setErrorHandler((error: Error & { readonly statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500)
      log.error({ err: error, requestId: request.id, path: request.url.split('?', 1)[0] }, 'call failed');
    return reply.code(status).send({ error: status >= 500 ? `internal error (request ${request.id})` : error.message });
  });
  return http;
}

/** The key of the admin API; in dev mode the dev App's API token will do, so that there is nothing to set up. */
function adminKeyOf({ mode, adminKey, apiTokens }: Config): string | undefined {
  return adminKey ?? (mode === 'dev' ? apiTokens.at(-1)?.token : undefined);
}

function devPage(config: Config, apps: AppRegistry, clock: Clock): Parameters<typeof registerPage>[1] {
  const app = config.mode === 'dev' ? apps.find(config.apps.at(-1)?.appId ?? 0) : undefined;
  if (!app) return {};
  return { dev: { appId: app.appId, sign: (action, params) => signedPath(app, action, params, clock.now()) } };
}

async function findUnready(engine: MediaEngine, store: Store): Promise<string[]> {
  const unready: string[] = [];
  const { workers } = await engine.dump();
  if (workers.some((worker) => worker.pid === undefined)) unready.push('media');
  await store.ping().catch(() => unready.push('store'));
  return unready;
}

/** Where the server is reached; before it listens, by the port that it is going to. */
function baseUrlOf({ publicUrl, host, port: wantedPort }: Config, address: AddressInfo | null): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return publicUrl?.replace(/\/+$/, '') ?? `http://${name}:${address?.port ?? wantedPort}`;
}
