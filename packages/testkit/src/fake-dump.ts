/**
 * The dump of the fake media engine: its real state, without any packets.
 *
 * @module
 */

import type { EngineDump, MediaKind, PacketCounters, WorkerHealth } from '@gavel/media';
import type { FakePeer, FakeStream } from './fake-media-engine.ts';

const NO_PACKETS: PacketCounters = {
  packets: 0,
  bytes: 0,
  lost: 0,
  retransmitted: 0,
  keyframeRequests: 0,
  lastPacketAtMs: 0,
};

/** Describes peers and streams as `MediaEngine.dump` does. */
export function dumpFake(
  { worker, port }: WorkerHealth,
  peers: Iterable<FakePeer>,
  streams: Iterable<FakeStream>,
): EngineDump {
  const states = new Map([...peers].map((peer) => [peer.peer, peer]));
  return {
    workers: [{ worker, pid: undefined, port, restarts: 0 }],
    peers: [...states.values()].map(({ peer, group, state }) => ({
      ...{ peer, group, worker, state },
      received: NO_PACKETS,
      sent: NO_PACKETS,
    })),
    streams: [...streams].map(({ stream, group, peer, codecs, subscribers }) => ({
      ...{ stream, group, worker, state: peer?.state ?? 'lost' },
      ...(peer && { peer: peer.peer }),
      tracks: Object.entries(codecs).map(([kind, codec]) => ({
        kind: kind as MediaKind,
        codec,
        layers: [{ layer: 0, bitrate: 0, counters: NO_PACKETS }],
      })),
      publisher: NO_PACKETS,
      forwardedPackets: 0,
      subscriptions: [...subscribers].map(([subscriber, { preferences, isPaused }]) => ({
        peer: subscriber,
        state: states.get(subscriber)?.state ?? 'lost',
        ...preferences,
        ...(isPaused && { isPaused }),
        counters: NO_PACKETS,
      })),
    })),
    closed: [],
  };
}
