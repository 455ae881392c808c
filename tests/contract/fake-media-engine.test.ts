import { FakeMediaEngine } from '@gavel/testkit';
import { describeEngineContract } from '../../packages/media/tests/engine-contract.ts';
import { createStaticTransport } from '../../packages/media/tests/offer-builder.ts';

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
