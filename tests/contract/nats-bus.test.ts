/** The contract of the bus on nodes that send each other messages over a real NATS server. */

import { type RoomKey, roomKeyText } from '@gavel/protocol';
import { nodeFor } from '@gavel/server';
import { type ClusterMember, createHashOwnership, FakeClock } from '@gavel/testkit';
import { NATS_SERVER, NatsServer } from '@gavel/testkit/nats-server';
import { afterAll, beforeAll, describe } from 'vitest';
import { NatsClient } from '../../packages/server/src/cluster/nats/nats-client.ts';
import { NatsLink } from '../../packages/server/src/cluster/nats/nats-link.ts';
import { createLog } from '../../packages/server/src/telemetry/log.ts';
import { describeBus } from './bus-contract.ts';
import { openNodes } from './bus-nodes.ts';

const IDS = ['a', 'b', 'c'];
const indexOf = (key: RoomKey): number => IDS.indexOf(nodeFor(roomKeyText(key), IDS));

describe.skipIf(NATS_SERVER === '')('the bus over NATS (needs nats-server)', () => {
  let server: NatsServer;
  let clusters = 0;
  beforeAll(async () => {
    server = await NatsServer.start();
  });
  afterAll(() => server.close());

  describeBus('three nodes on a NATS server (BUS-4)', async () => {
    clusters += 1;
    const clients = await Promise.all(IDS.map((id) => NatsClient.open({ url: server.url }, id, createLog('silent'))));
    const membership = { nodes: () => IDS, refresh: async () => true, onNodesChanged: () => () => {} };
    const join = async (id: string, client: NatsClient): Promise<ClusterMember> => ({
      link: await NatsLink.open({ client, membership, clock: new FakeClock(), id, prefix: `contract${clusters}` }),
      ownership: createHashOwnership(IDS, id),
    });
    const members = await Promise.all(clients.map((client, index) => join(IDS[index] ?? '', client)));
    const close = async (): Promise<void> => void (await Promise.all(clients.map((client) => client.close())));
    return { ...openNodes(members, indexOf), close };
  });
});
