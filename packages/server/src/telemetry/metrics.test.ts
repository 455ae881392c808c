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
  metrics.observe({ engine, roomCount: () => 3, connectionCount: () => 5 });
  const text = await metrics.text();
  for (const line of ['gavel_rooms 3', 'gavel_connections 5', 'gavel_media_streams 0', 'gavel_media_players 0']) {
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
  metrics.observe({ engine, roomCount: () => 0, connectionCount: () => 0 });
  await metrics.text();
  const text = await metrics.text();
  expect(text).toContain('gavel_media_datagrams_total{worker="1",outcome="received"} 7');
  expect(text).toContain('gavel_media_datagrams_total{worker="1",outcome="forged"} 3');
  expect(text).toContain('gavel_media_tcp_total{worker="1",outcome="expired"} 6');
  expect(text).toContain('gavel_media_tcp_connections{worker="1"} 3');
  expect(text).toContain('gavel_media_socket_buffer_bytes{worker="1",direction="send"} 2000');
});
