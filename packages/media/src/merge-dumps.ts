/**
 * The engine's dump from those of its workers.
 *
 * @module
 */

import type { EngineDump, PacketCounters, PeerDump, StreamDump } from './engine.ts';
import type { EngineRegistry, PeerEntry, StreamEntry } from './engine-registry.ts';
import type { WorkerDump, WorkerStreamDump } from './ipc.ts';
import { MEDIA_KINDS } from './sdp/codecs.ts';
import type { WorkerProcess } from './worker-process.ts';

const MAX_CLOSED = 1_000;
const NONE: PacketCounters = {
  packets: 0,
  bytes: 0,
  lost: 0,
  retransmitted: 0,
  keyframeRequests: 0,
  lastPacketAtMs: 0,
};

/** Merges dumps; peers and streams that no worker has are listed as lost. */
export function mergeDumps(
  workers: readonly WorkerProcess[],
  dumps: readonly WorkerDump[],
  registry: Pick<EngineRegistry, 'peers' | 'streams'>,
): EngineDump {
  const peers = dumps.flatMap((dump) => dump.peers);
  const streams = mergeStreams(dumps.flatMap((dump) => dump.streams));
  const presentPeers = new Set(peers.map(({ peer }) => peer));
  const presentStreams = new Set(streams.map(({ stream }) => stream));
  for (const entry of registry.peers.values()) {
    if (entry.answers > 0 && !presentPeers.has(entry.name)) peers.push(createLostPeer(entry));
  }
  for (const entry of registry.streams.values()) {
    if (entry.shape !== undefined && !presentStreams.has(entry.name)) streams.push(createLostStream(entry));
  }
  return {
    workers: workers.map(({ config, pid, restarts }, index) => {
      const { transport, totals, droppedPipeFrames, probes } = dumps[index] ?? {};
      return {
        worker: config.worker,
        pid,
        port: config.portMin,
        restarts,
        ...(transport && { transport }),
        ...(totals && { totals }),
        ...(droppedPipeFrames !== undefined && { droppedPipeFrames }),
        ...(probes && { probes }),
      };
    }),
    peers,
    streams,
    closed: dumps
      .flatMap((dump) => dump.closed)
      .sort((a, b) => a.closedAtMs - b.closedAtMs)
      .slice(-MAX_CLOSED),
  };
}

/** Joins the dumps of a stream that is piped: those of the other workers have only its further subscriptions. */
function mergeStreams(dumps: readonly WorkerStreamDump[]): StreamDump[] {
  const merged = new Map<string, StreamDump>();
  // The publisher's worker comes first.
  for (const dump of dumps.toSorted((a, b) => Number(a.isPiped ?? false) - Number(b.isPiped ?? false))) {
    const { isPiped, ...stream } = dump;
    const known = merged.get(stream.stream);
    if (known === undefined) {
      merged.set(stream.stream, isPiped ? { ...stream, publisher: NONE, state: 'lost' } : stream);
      continue;
    }
    merged.set(stream.stream, {
      ...known,
      forwardedPackets: known.forwardedPackets + stream.forwardedPackets,
      subscriptions: [...known.subscriptions, ...stream.subscriptions],
    });
  }
  return [...merged.values()];
}

function createLostPeer({ name, group, worker }: PeerEntry): PeerDump {
  return { peer: name, group, worker: worker.config.worker, state: 'lost', received: NONE, sent: NONE };
}

function createLostStream({ name, group, worker, shape }: StreamEntry): StreamDump {
  return {
    stream: name,
    group,
    worker: worker.config.worker,
    state: 'lost',
    tracks: MEDIA_KINDS.flatMap((kind) => {
      const codec = shape?.[kind];
      return codec === undefined ? [] : [{ kind, codec: codec.name, layers: [] }];
    }),
    publisher: NONE,
    forwardedPackets: 0,
    subscriptions: [],
  };
}
