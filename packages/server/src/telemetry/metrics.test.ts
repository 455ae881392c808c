import type { PeerDump } from '@gavel/media';
import { FakeMediaEngine } from '@gavel/testkit/fake-media-engine';
import { expect, test } from 'vitest';
import { Metrics } from './metrics.ts';

test('one reading of the metrics asks the media engine once, and the next one asks again', async () => {
  const engine = new FakeMediaEngine();
  let dumps = 0;
  const dump = engine.dump.bind(engine);
  engine.dump = () => {
    dumps += 1;
    return dump();
  };
  const metrics = new Metrics();
  metrics.observe({ engine, connectionCount: () => 5, version: '1.2.3' });
  const text = await metrics.text();
  const media = ['gavel_media_streams{worker="0"} 0', 'gavel_media_subscriptions{worker="0"} 0'];
  for (const line of ['gavel_connections 5', ...media]) {
    expect(text).toContain(`\n${line}\n`);
  }
  expect(dumps).toBe(1);
  await metrics.text();
  expect(dumps).toBe(2);
});

test('the ports of media are counted by worker and outcome', async () => {
  const engine = new FakeMediaEngine();
  const dump = engine.dump.bind(engine);
  const datagrams = { received: 7, sent: 5, blocked: 0, failed: 1, dropped: 2, forged: 3, refused: 4, unsent: 0 };
  const buffers = { wanted: 4_000, receive: 1_000, send: 2_000 };
  const counts = { accepted: 9, refused: 0, expired: 6, malformed: 0, received: 0, sent: 8, blocked: 0 };
  const tcp = { port: 7801, connections: 3, counts };
  engine.dump = async () => ({
    ...(await dump()),
    workers: [{ worker: 1, pid: 1, port: 7701, restarts: 0, transport: { kind: 'openssl', datagrams, buffers, tcp } }],
  });
  const metrics = new Metrics();
  metrics.observe({ engine, connectionCount: () => 0, version: '1.2.3' });
  await metrics.text();
  const text = await metrics.text();
  expect(text).toContain('gavel_media_datagrams_total{worker="1",outcome="received"} 7');
  expect(text).toContain('gavel_media_datagrams_total{worker="1",outcome="forged"} 3');
  expect(text).toContain('gavel_media_tcp_total{worker="1",outcome="expired"} 6');
  expect(text).toContain('gavel_media_tcp_connections{worker="1"} 3');
  expect(text).toContain('gavel_media_socket_buffer_bytes{worker="1",direction="send"} 2000');
});

test('peers, subscriptions, layers and packets are counted by worker, with the packets of peers that ended', async () => {
  const engine = new FakeMediaEngine();
  const counters = { packets: 10, bytes: 1000, lost: 1, retransmitted: 2, keyframeRequests: 3, lastPacketAtMs: 0 };
  const subscription = { peer: 'b', state: 'connected', layer: 2, isPaused: true, counters } as const;
  const estimate = { bps: 1_200_000, roundTripMs: 20, allocatedBps: 900_000 };
  const stream = { stream: 's', group: 'g', worker: 1, peer: 'a', state: 'connected' } as const;
  const sources = { tracks: [], publisher: counters, forwardedPackets: 10, subscriptions: [subscription] };
  const peer = (name: string): PeerDump => ({
    ...{ peer: name, group: 'g', worker: 1, state: 'connected', received: counters, sent: counters, estimate },
  });
  let peers = [peer('a'), peer('b')];
  let totals = { received: { ...counters, packets: 15 }, sent: { ...counters, retransmitted: 4 } };
  const streams = [{ ...stream, ...sources }];
  const probes = { probes: 8, paddingBytes: 9_000 };
  engine.dump = async () => {
    const worker = { worker: 1, pid: 1, port: 7701, restarts: 0, totals, droppedPipeFrames: 7, probes };
    return { workers: [worker], peers, streams, closed: [] };
  };
  const metrics = new Metrics();
  metrics.observe({ engine, connectionCount: () => 0, version: '1.2.3' });
  const first = await metrics.text();
  expect(first).toContain('gavel_media_peers{worker="1",state="connected"} 2');
  expect(first).toContain('gavel_media_subscriptions{worker="1"} 1');
  expect(first).toContain('gavel_media_subscribed_layers{worker="1",layer="2"} 1');
  expect(first).toContain('gavel_media_packets_total{worker="1",direction="received"} 15');
  expect(first).toContain('gavel_media_retransmitted_total{worker="1",direction="sent"} 4');
  expect(first).toContain('gavel_media_pipe_dropped_total{worker="1"} 7');
  expect(first).toContain('gavel_media_paused_videos{worker="1"} 1');
  expect(first).toContain('gavel_media_estimated_peers{worker="1",bandwidth="1000000"} 2');
  expect(first).toContain('gavel_media_probes_total{worker="1"} 8');
  expect(first).toContain('gavel_media_probe_padding_bytes_total{worker="1"} 9000');
  peers = [peer('b')];
  totals = { ...totals, received: { ...counters, packets: 19 } };
  const second = await metrics.text();
  expect(second).toContain('gavel_media_peers{worker="1",state="connected"} 1');
  expect(second).toContain('gavel_media_packets_total{worker="1",direction="received"} 19');
});

test('a node of a cluster shows its lease, its rooms, its takeovers and the way to NATS', async () => {
  const metrics = new Metrics();
  let status = { incarnation: 1, leaseRemainingMs: 2500, ownedRooms: 7, takeovers: 2, natsRoundTripMs: 0.5 };
  const engine = new FakeMediaEngine();
  const cluster = { readStatus: async () => status, liveNodes: () => 3 };
  metrics.observe({ engine, connectionCount: () => 0, version: '1.2.3', cluster });
  const first = await metrics.text();
  expect(first).toContain('gavel_cluster_live_nodes 3');
  expect(first).toContain('gavel_cluster_lease_remaining_seconds 2.5');
  expect(first).toContain('gavel_cluster_owned_rooms 7');
  expect(first).toContain('gavel_cluster_nats_round_trip_seconds 0.0005');
  expect(first).toContain('gavel_cluster_takeovers_total 2');
  const { natsRoundTripMs: _lost, ...others } = { ...status, takeovers: 5 };
  status = others as typeof status;
  const second = await metrics.text();
  expect(second).toContain('gavel_cluster_takeovers_total 5');
  expect(second).toContain('gavel_cluster_nats_round_trip_seconds -1');
});

test('peer connections are counted by what became of them', async () => {
  const metrics = new Metrics();
  for (const outcome of ['connected', 'failed', 'connected'] as const) metrics.media.countConnection(outcome);
  const text = await metrics.text();
  expect(text).toContain('gavel_media_connections_total{outcome="connected"} 2');
  expect(text).toContain('gavel_media_connections_total{outcome="failed"} 1');
});
