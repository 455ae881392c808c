/**
 * The composition root: builds the parts, starts and stops them in order.
 *
 * @module
 */

import { join } from 'node:path';
import type { MediaEngine } from '@gavel/media';
import type { RoomKey } from '@gavel/protocol';
import manifest from '../package.json' with { type: 'json' };
import { AppRegistry } from './apps/app-registry.ts';
import { type Clock, createIdSource, systemClock } from './base/clock.ts';
import type { Bus } from './bus/bus.ts';
import { LocalBus } from './bus/local-bus.ts';
import { Publisher } from './bus/publisher.ts';
import { TimedBus } from './bus/timed-bus.ts';
import { Callbacks } from './callbacks/callbacks.ts';
import type { Poster } from './callbacks/post.ts';
import { ClusterClaims } from './cluster/cluster-claims.ts';
import type { ClusterNode } from './cluster/cluster-node.ts';
import { type ClusterParts, connectRooms } from './cluster/cluster-rooms.ts';
import { DeliveryGate } from './cluster/delivery-gate.ts';
import { OwnedDuties } from './cluster/duties.ts';
import { NO_LINK } from './cluster/node-link.ts';
import { createOwnerRetention } from './cluster/owner-retention.ts';
import { ClusterPeers } from './cluster/peers.ts';
import { numberOfNode } from './cluster/rendezvous.ts';
import { readWhenUntold, SharedCaches } from './cluster/shared-caches.ts';
import { type ConfigChanges, compareConfigs } from './config/reload.ts';
import type { Config } from './config.ts';
import { Entry } from './entry/entry.ts';
import { Leave } from './entry/leave.ts';
import { SharedFiles } from './files/shared-files.ts';
import { registerHttpDoors } from './http-doors.ts';
import { IceServers } from './ice/ice-servers.ts';
import { BatchJournal } from './journal/batch-journal.ts';
import { CommandLog } from './journal/command-log.ts';
import { createJournalRetention } from './journal/journal-retention.ts';
import { createRuleKeeper, createTicketKeeper } from './journal/journalled-store.ts';
import { MediaEnforcer } from './media-control/enforcer.ts';
import { MediaResender } from './media-control/media-resender.ts';
import { MediaState } from './media-control/media-state.ts';
import { SoundMonitor } from './media-control/sound-monitor.ts';
import { startMedia } from './media-control/start-media.ts';
import { UnconnectedReports } from './media-control/unconnected-media.ts';
import { Rooms } from './owner/rooms.ts';
import { Policies } from './policy/policies.ts';
import { PolicyService } from './policy/policy-service.ts';
import { AdmissionGuard } from './realtimekit/admission-guard.ts';
import { ApiTokenRegistry } from './realtimekit/api-tokens.ts';
import { createParticipantTokenAuthenticator } from './realtimekit/authenticator.ts';
import { ChatLinks } from './realtimekit/chat/chat-links.ts';
import { SessionRecorder } from './realtimekit/sessions/session-recorder.ts';
import { createSessionRetention } from './realtimekit/sessions/session-retention.ts';
import { STOCK_PRESETS } from './realtimekit/stock-presets.ts';
import { ParticipantTokens } from './realtimekit/tokens.ts';
import { Webhooks } from './realtimekit/webhooks/webhooks.ts';
import type { Origin, RoomCommand } from './rooms/commands.ts';
import { EndedTickets } from './rooms/ended-tickets.ts';
import { createFindAddress } from './signalling/client-address.ts';
import { SignallingDoor } from './signalling/door.ts';
import { FanOut } from './signalling/fan-out.ts';
import { isSignallingUpgrade } from './signalling/upgrade.ts';
import { adminKeyOf, requireUsable } from './startup/admin-key.ts';
import { readCertificates, replaceCertificates } from './startup/certificates.ts';
import { type Claim, claimResources } from './startup/claim.ts';
import { createHttpServer } from './startup/http-server.ts';
import { createEngine, startEngine } from './startup/media-engine.ts';
import { createOpenedStore, openStore } from './startup/open-store.ts';
import { findUnready } from './startup/readiness.ts';
import type { Store } from './store/store.ts';
import { AuditLog } from './telemetry/audit.ts';
import type { CountCall } from './telemetry/call-metrics.ts';
import { createLog, type Logger, setLogLevel } from './telemetry/log.ts';
import { Metrics } from './telemetry/metrics.ts';
import { findRootPage } from './web/root-page.ts';
import { createAppTokenAuthenticator } from './zego/authenticator.ts';
import { createZegoCallbacks } from './zego/callback-dialect.ts';
import { ZegoDoor } from './zego/door.ts';
import { Replays } from './zego/replays.ts';

/** Parts that a caller may supply, for tests. */
export interface ServerParts {
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly engine?: MediaEngine;
  readonly store?: Store;
  /** Posts callbacks. */
  readonly poster?: Poster;
  /** Puts another bus in front of that of this process. */
  readonly wrapBus?: (bus: Bus) => Bus;
  /** Makes the server a node of a cluster. The caller closes the link after the server. */
  readonly cluster?: ClusterParts;
  /** Drains and ends this process, if the admin API asks for it. */
  readonly requestDrain?: (deadlineMs: number) => void;
  /** The port and the folder, if the caller has already claimed them; the server releases them when it closes. */
  readonly claim?: Claim;
}

/** A running server. */
export interface GavelServer {
  /** The URL of the server, such as `http://127.0.0.1:7700`. */
  readonly baseUrl: string;
  readonly apps: AppRegistry;
  readonly bus: Bus;
  readonly engine: MediaEngine;
  readonly store: Store;
  readonly log: Logger;
  /**
   * Puts a configuration that was read again into effect, as far as that needs no restart, and reads the certificates again.
   * Returns what changed and what needs a restart (START-4).
   *
   * @throws Error if the certificates or the Apps are refused; then everything is as before
   */
  reload(read: Config): Promise<Pick<ConfigChanges, 'reloaded' | 'needRestart'>>;
  /**
   * Prepares the end of a node of a cluster: it is not ready any more, and other nodes get its rooms (CLUS-9). Resolves when no
   * client is connected, at the latest after the deadline in milliseconds. Outside a cluster it does nothing.
   */
  drain(deadlineMs: number): Promise<void>;
  /** Closes the server within 5 s, or within about 30 s while another process has locked the database: clients are told to reconnect, then everything is closed. */
  close(): Promise<void>;
}

/** Number of events that a room keeps for resuming clients. */
const KEPT_EVENTS = 500;
/** Far above the rate that a client needs, and far below the rate that harms the server. */
const MAX_REQUESTS_PER_SECOND = 100;

/**
 * Builds and starts a server. Resolves when the server accepts calls.
 *
 * @throws Error if the port or the data folder is in use (then nothing was changed), or a part cannot start
 */
export async function startServer(config: Config, parts: ServerParts = {}): Promise<GavelServer> {
  const claim = parts.claim ?? (await claimResources(config, parts.store === undefined));
  const { clock = systemClock, log = createLog(config.logLevel, config.cluster?.node) } = parts;
  let node: ClusterNode | undefined;
  try {
    // Not loaded in a single process.
    if (config.cluster) node = await (await import('./cluster/cluster-node.ts')).joinCluster(config, clock, log);
    const server = await buildServer(config, { ...parts, clock, log, ...(node && { cluster: node }) }, claim);
    return node ? { ...server, close: () => server.close().finally(() => node?.close()) } : server;
  } catch (error) {
    await node?.close();
    claim.release();
    throw error;
  }
}

type BuildParts = ServerParts & Required<Pick<ServerParts, 'clock' | 'log'>>;

async function buildServer(config: Config, parts: BuildParts, claim: Claim): Promise<GavelServer> {
  /** The configuration with what was reloaded. */
  let current = config;
  let certificates = config.tls && readCertificates(config.tls);
  const { baseUrl } = claim;
  const { clock, log } = parts;
  const { store, journal, closeJournal } = parts.store
    ? createOpenedStore(parts.store, log)
    : await openStore(config, clock, log, parts.cluster?.link.id);
  const peers = new ClusterPeers(parts.cluster?.link ?? NO_LINK);
  const lease = parts.cluster?.lease;
  const duties = parts.cluster && new OwnedDuties(parts.cluster.ownership, peers, lease);
  const termOf = (key: RoomKey): number | undefined => parts.cluster?.ownership.termOf(key);
  const caches = new SharedCaches(peers);
  const apps = await AppRegistry.open({ store, clock, configured: config.apps, presets: STOCK_PRESETS, caches });
  requireUsable(config, apps);
  const engine = parts.engine ?? createEngine(config, log);
  const { heartbeatTimeoutMs, heartbeatIntervalMs, maxLoginsPerSecond, ...mediaLimits } = config.rooms;

  // What follows the events of rooms.
  const gate = lease && new DeliveryGate({ clock, lease });
  const fanOut = new FanOut();
  const metrics = new Metrics();
  const claims = parts.cluster && new ClusterClaims({ peers, clock, lease });
  const mediaState = new MediaState({
    clock,
    playClaims: claims?.plays,
    limits: mediaLimits,
    connectTimeoutMs: config.media.connectTimeoutMs,
    lostStreamTimeoutMs: heartbeatTimeoutMs,
  });
  const unconnected = new UnconnectedReports({ clock, log, count: (role) => metrics.media.countUnconnected(role) });
  const mediaParts = { engine, clock, log, state: mediaState, unconnected };
  const chatLinks = await ChatLinks.open({ store, clock, baseUrl: () => baseUrl });
  const webhooks = await Webhooks.open({ store, apps, clock, chatLinks, caches });
  const commands = new CommandLog({ journal, repository: store.journal, clock, log });
  const zegoCallbacks = createZegoCallbacks();
  const callbacks = new Callbacks({
    store,
    journal,
    apps,
    dialects: [zegoCallbacks, webhooks.dialect],
    clock,
    log,
    userAgent: `Gavel/${manifest.version}`,
    settings: config.callbacks,
    onDelivered: ({ appId }, ageMs) => metrics.callbacks.countDelivered(appId, ageMs),
    onFailed: ({ appId }) => metrics.callbacks.countFailed(appId),
    ...(parts.cluster && duties && { cluster: { peers, duties } }),
    ...(parts.poster && { poster: parts.poster }),
  });
  const sweeping = { store, clock, log, ...(duties && { isResponsible: () => duties.claim('retention') }) };
  const retention = [
    createSessionRetention({ ...sweeping, settings: config.realtimekit.retention }),
    createJournalRetention({ ...sweeping, auditDays: config.audit.keepDays }),
    ...(lease ? [createOwnerRetention({ ...sweeping, table: lease })] : []),
  ];
  const { outbox } = callbacks;
  const sessions = new SessionRecorder({
    store,
    clock,
    log,
    deliveriesOf: (...news) => webhooks.deliveriesOf(...news),
    append: (rows) => outbox.append(rows),
    ...(parts.cluster?.isFenced && { ownedOf: (key) => ({ owned: { key, term: termOf(key) ?? 0 } }) }),
  });
  const audit = new AuditLog(log);
  const publisher = new Publisher();
  const sounds = new SoundMonitor({ ...mediaParts, notifier: publisher });
  const resender = new MediaResender({ state: mediaState, notifier: publisher });
  const batchJournal = new BatchJournal({
    journal: outbox,
    commands,
    source: outbox,
    recorder: sessions,
    log,
    ...(parts.cluster?.isFenced && { termOf }),
  });
  // Media is first: it starts to close streams before any client receives the event.
  const sinks = {
    first: [new MediaEnforcer(mediaParts)],
    journal: batchJournal,
    after: [sessions, publisher, sounds, resender, batchJournal.rest, audit, metrics.rooms],
    ...(gate && { begin: (key: RoomKey) => gate.begin(key) }),
  };

  // The rooms, and the bus to them.
  const policies = await Policies.open({
    repository: store.rules,
    keeper: createRuleKeeper(commands),
    clock,
    limits: config.bans,
    sinks: [audit],
    peers,
  });
  const readAgain = (): Promise<unknown> => Promise.all([caches.readAll(), policies.read()]);
  if (lease) readWhenUntold({ peers, lease, log, read: readAgain });
  const reportTickets = (error: unknown): void => log.error({ err: error }, 'ended tickets: reading or writing failed');
  const table = store.endedTickets;
  const keeper = createTicketKeeper(journal, table);
  const tickets = new EndedTickets({ issuer: await table.issuer(), keeper, report: reportTickets });
  const limits = { heartbeatTimeoutMs, keptEvents: KEPT_EVENTS, maxLoginsPerSecond, ...mediaLimits };
  const report = (error: unknown): void =>
    log.error({ err: error }, 'removing silent members or admitting users failed');
  const ids = createIdSource(clock, parts.cluster && numberOfNode(peers.self));
  const roomSettings = { clock, ids, policy: policies, tickets, commands, report, ...limits };
  const shared = claims && {
    claims,
    executeElsewhere: (key: RoomKey, command: RoomCommand, origin: Origin) => innerBus.call({ key, command, origin }),
    mayDecide: (key: RoomKey) => termOf(key) !== undefined,
  };
  const rooms = new Rooms({ ...roomSettings, ...shared }, sinks);
  const media = startMedia({
    ...mediaParts,
    rooms,
    sounds,
    notifier: publisher,
    countConnection: (outcome) => metrics.media.countConnection(outcome),
    ...(shared && { mayDecide: shared.mayDecide }),
  });
  const localBus = new LocalBus({ rooms, media, publisher });
  const clusterRooms =
    parts.cluster &&
    connectRooms({
      ...parts.cluster,
      peers,
      own: localBus,
      rooms: rooms.transfer,
      settings: roomSettings,
      media,
      log,
      records: { rooms: store.outbox, journal: store.journal, outbox, sessions },
      claims,
      execute: (key, command, origin) => rooms.execute(key, command, origin),
      store: (batch) => batchJournal.handle(batch),
      onLost(key) {
        log.warn({ app: key.appId, room: key.roomId }, 'events of a room were lost: its clients at this node resume');
        fanOut.disconnectRoom(key);
      },
      onTakeover: ({ appId, roomId }, { term }) =>
        log.warn({ app: appId, room: roomId, term }, 'this node has taken a room over: its owner is gone'),
      report: (error) => log.error({ err: error }, 'a message to another node, or a takeover, failed'),
    });
  const innerBus = clusterRooms?.bus ?? localBus;
  const bus = new TimedBus(parts.wrapBus?.(innerBus) ?? innerBus, clock, (command, durationMs) =>
    metrics.calls.recordRemoval(command, durationMs),
  );
  bus.subscribe(fanOut);
  if (parts.cluster) bus.subscribe(zegoCallbacks);

  // Parts that act on rooms in turn.
  const path = join(config.dataDir, 'files');
  const files = await SharedFiles.open({ bus, peers, store, clock, log, path, settings: config.chat });
  publisher.subscribe(new AdmissionGuard({ store, bus }));
  bus.subscribe(files);
  const policy = new PolicyService({
    policies,
    bus,
    commands,
    clock,
    peers,
    report: (error) => log.error({ err: error }, 'rule expiry failed'),
  });
  const certificateExpiresAtMs = config.tls && (() => certificates?.expiresAtMs ?? 0);
  const { version } = manifest;
  const readNodeStatus = clusterRooms?.readStatus;
  const cluster = readNodeStatus && { readStatus: readNodeStatus, liveNodes: () => peers.nodes().length };
  metrics.observe({ engine, connectionCount: () => fanOut.connectionCount, version, certificateExpiresAtMs, cluster });
  metrics.callbacks.observe(callbacks);
  const countCall: CountCall = (call) => metrics.calls.count(call);

  // The doors.
  const replays = await Replays.open(store, clock.now());
  const sendRootPage = findRootPage({ hasPlayground: config.playground, hasConsole: adminKeyOf(config) !== undefined });
  const zego = new ZegoDoor({
    apps,
    bus,
    peers,
    policy,
    replays,
    clock,
    log,
    countCall,
    hasPage: sendRootPage !== undefined,
  });
  const http = createHttpServer({
    log,
    deadlines: config.http,
    certificates,
    firstDoor: zego,
    shouldUpgrade: isSignallingUpgrade,
    findAddress: createFindAddress(config.trustedProxies),
  });
  if (sendRootPage) http.get('/', { exposeHeadRoute: false }, (_request, reply) => sendRootPage(reply));
  const tokens = new ParticipantTokens({ store, clock });
  const apiTokens = new ApiTokenRegistry(store, config.apiTokens);
  await registerHttpDoors(http, config, () => current, {
    store,
    journal,
    outbox,
    apps,
    bus,
    peers,
    engine,
    policy,
    tokens,
    apiTokens,
    webhooks,
    callbacks,
    chatLinks,
    files,
    metrics,
    countCall,
    clock,
    log,
    version,
    readNodeStatus,
    requestDrain: parts.requestDrain,
    findUnready: async () => findUnready(engine, store, clusterRooms),
  });
  const entry = new Entry({
    bus,
    authenticators: [
      createAppTokenAuthenticator({ apps, clock }),
      createParticipantTokenAuthenticator({ apps, store, tokens, sessions }),
    ],
    ticketIssuer: tickets.issuer,
  });
  const signalling = new SignallingDoor(http.server, {
    bus,
    entry,
    leave: new Leave({ bus, clock, log }),
    files,
    fanOut,
    clock,
    log,
    countCall,
    iceServers: new IceServers({ clock, apps, settings: () => current.turn }),
    heartbeatIntervalMs,
    heartbeatTimeoutMs,
    ...config.signalling,
    maxRequestsPerSecond: MAX_REQUESTS_PER_SECOND,
    trustedProxies: config.trustedProxies,
  });

  await startEngine(engine, config);
  peers.start();
  await callbacks.start();
  if (!parts.cluster?.isFenced) {
    for (const room of await store.outbox.liveRooms()) await outbox.closeLeft(room);
    for (const session of await store.sessions.open()) await sessions.endLeft(session);
  }
  sessions.start();
  await http.ready();
  await claim.listen(http.server);
  rooms.start();
  clusterRooms?.start();
  policy.start();
  for (const sweeper of retention) sweeper.start();
  files.start();

  return {
    baseUrl,
    apps,
    bus,
    engine,
    store,
    log,
    async reload(read) {
      const { next, reloaded, needRestart } = compareConfigs(current, read);
      const renewed = next.tls && readCertificates(next.tls);
      await apps.configure(next.apps);
      if (renewed) replaceCertificates(http.server, renewed);
      certificates = renewed;
      apiTokens.configure(next.apiTokens);
      setLogLevel(log, next.logLevel);
      current = next;
      return { reloaded, needRestart };
    },
    drain: async (deadlineMs) => clusterRooms?.drain.run(deadlineMs, () => fanOut.connectionCount),
    async close() {
      rooms.stop();
      await clusterRooms?.close();
      policy.stop();
      for (const sweeper of retention) await sweeper.close();
      signalling.close();
      await http.close();
      await engine.close();
      await files.close();
      await sessions.close();
      await callbacks.close();
      await tickets.settled();
      await closeJournal();
      await store.close();
      claim.release();
    },
  };
}
