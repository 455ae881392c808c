import { describe } from 'vitest';
import { describeEngineContract } from '../tests/engine-contract.ts';
import { HandmadeClient } from '../tests/handmade-client.ts';
import { createMediaEngine } from './index.ts';

for (const transport of ['openssl', 'libdatachannel'] as const) {
  describe(transport, { timeout: 20_000 }, () => {
    describeEngineContract({
      createEngine: async () => {
        const engine = createMediaEngine({ transport, ports: 0, announcedAddress: '127.0.0.1' });
        await engine.start();
        return engine;
      },
      createClient: () => new HandmadeClient(),
      losePeer: (_engine, _peer, client) => client.close(),
    });
  });
}
