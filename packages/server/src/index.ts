/**
 * The server as a library, for tests and for embedding.
 *
 * @module
 */

export { type Clock, systemClock } from './base/clock.ts';
export type { Bus, Command, Envelope, Notice, ReplyOf, Subscriber } from './bus/bus.ts';
export { ClusterBus } from './cluster/cluster-bus.ts';
export {
  type NodeHandler,
  type NodeId,
  type NodeLink,
  type NodeMessage,
  type NodeReply,
  NotDelivered,
} from './cluster/node-link.ts';
export type { Owner, Ownership } from './cluster/ownership.ts';
export { ClusterPeers } from './cluster/peers.ts';
export { nodeFor } from './cluster/rendezvous.ts';
export { type Config, ConfigError, type DevCredentials, loadConfig } from './config.ts';
export {
  type AnswerOf,
  isAboutRoom,
  type Query,
  type RoomQuery,
  type ScopeQuery,
  type SubjectOf,
} from './owner/queries.ts';
export type { EventBatch } from './owner/rooms.ts';
export { type GavelServer, type ServerParts, startServer } from './server.ts';
export { openSqliteStore } from './store/sqlite/open.ts';
export type { Store } from './store/store.ts';
export { type CallParams, signedPath } from './zego/signed-path.ts';
export { createToken04, type Token04Options } from './zego/token04.ts';
