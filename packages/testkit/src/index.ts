/**
 * Tools for tests of Gavel, and of programs that use it.
 *
 * @module
 */

export {
  type CallbackReceiver,
  type ReceivedCallback,
  type ReceiverAnswer,
  type ReceiverBehaviour,
  startCallbackReceiver,
} from './callback-receiver.ts';
export { FakeClock } from './fake-clock.ts';
export { FakeMediaEngine } from './fake-media-engine.ts';
export { type ClusterMember, createHashOwnership, MemoryCluster } from './memory-cluster.ts';
export { MemoryNetwork } from './memory-network.ts';
export { createOffer, type OfferSection, type SectionDirection } from './offers.ts';
export { type RawAnswer, RawClient } from './raw-client.ts';
export { type RawItemAnswer, type RawItemOptions, RawMedia } from './raw-media.ts';
export type { LinkConditions, LinkCounts } from './relay-link.ts';
export { SerialisingBus } from './serialising-bus.ts';
export { findFreePort, type ServerProcess, startServerProcess } from './server-process.ts';
export { type LinkOptions, SimulatedLink, type Transit } from './simulated-link.ts';
export { TestRooms } from './test-rooms.ts';
export {
  startTestServer,
  TEST_API_TOKEN,
  TEST_APP,
  type TestServer,
  type TestServerOptions,
  type ZegoAnswer,
} from './test-server.ts';
export { type RelayConditions, UdpRelay } from './udp-relay.ts';
