import { FakeMediaEngine } from '@gavel/testkit';
import { expect, test } from 'vitest';
import { describeEngineContract } from '../../packages/media/tests/engine-contract.ts';
import { createStaticTransport, writeOffer } from '../../packages/media/tests/offer-builder.ts';

let clients = 0;

// The fake engine connects its peers itself.
describeEngineContract({
  async createEngine() {
    const engine = new FakeMediaEngine();
    await engine.start();
    return engine;
  },
  createClient() {
    clients += 1;
    const transport = createStaticTransport((clients % 256).toString(16).toUpperCase().padStart(2, '0'));
    return { transport, accept: () => {}, close: () => {} };
  },
  losePeer: (engine, peer) => (engine as FakeMediaEngine).losePeer(peer),
});

test('the fake reports sound as an engine does: of published streams that are not blocked, and silence once', async () => {
  const engine = new FakeMediaEngine();
  const reports: unknown[] = [];
  engine.on('soundLevels', (levels) => reports.push(levels));
  const fields = { mid: '0', kind: 'audio', direction: 'sendonly' } as const;
  const publish = [{ stream: 'a', mids: { audio: '0' }, allowed: { audio: true, video: true } }];
  await engine.negotiate({ group: 'room', peer: 'p', offer: writeOffer([fields]), publish, subscribe: [] });
  const [loud, silent, unknown] = [
    { stream: 'a', level: 30 },
    { stream: 'a', level: 127 },
    { stream: 'b', level: 30 },
  ];
  engine.reportSound([silent, unknown]);
  engine.reportSound([loud, unknown]);
  engine.reportSound([silent]);
  engine.reportSound([silent]);
  await engine.restrict('a', { audio: true, video: false });
  engine.reportSound([loud]);
  expect(reports).toEqual([[loud], [silent]]);
});
