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

test('datagrams of the media ports are counted by worker and outcome', async () => {
  const engine = new FakeMediaEngine();
  const dump = engine.dump.bind(engine);
  const datagrams = { received: 7, sent: 5, blocked: 0, failed: 1, dropped: 2, forged: 3, refused: 4, unsent: 0 };
  engine.dump = async () => ({
    ...(await dump()),
    workers: [{ worker: 1, pid: 1, port: 7701, restarts: 0, transport: { kind: 'openssl', datagrams } }],
  });
  const metrics = new Metrics();
  metrics.observe({ engine, roomCount: () => 0, connectionCount: () => 0 });
  await metrics.text();
  const text = await metrics.text();
  expect(text).toContain('gavel_media_datagrams_total{worker="1",outcome="received"} 7');
  expect(text).toContain('gavel_media_datagrams_total{worker="1",outcome="forged"} 3');
});
