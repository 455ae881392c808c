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
