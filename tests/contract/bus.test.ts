import type { RoomKey } from '@gavel/protocol';
import { type Bus, ClusterBus, ClusterPeers } from '@gavel/server';
import { MemoryCluster, SerialisingBus } from '@gavel/testkit';
import { expect } from 'vitest';
import { LocalBus } from '../../packages/server/src/bus/local-bus.ts';
import { Publisher } from '../../packages/server/src/bus/publisher.ts';
import { NO_MEDIA } from '../../packages/server/src/bus/testing.ts';
import { Rooms } from '../../packages/server/src/rooms/rooms.ts';
import { testSettings } from '../../packages/server/src/rooms/testing.ts';
import { type BusUnderTest, describeBus } from './bus-contract.ts';

/** An owner of rooms whose commands can be made to fail. */
function openOwner(): Omit<BusUnderTest, 'nodes'> & { readonly bus: Bus } {
  const publisher = new Publisher();
  const rooms = new Rooms(testSettings(), { first: [], after: [publisher] });
  let failure: Error | undefined;
  const execute = rooms.execute.bind(rooms);
  rooms.execute = async (key, command, origin) => {
    const error = failure;
    failure = undefined;
    if (error) throw error;
    return execute(key, command, origin);
  };
  return {
    bus: new LocalBus({ rooms, media: NO_MEDIA, publisher }),
    notify: (notice) => publisher.notify(notice),
    failNext(error) {
      failure = error;
    },
  };
}

describeBus('the bus of one process', () => {
  const { bus, ...owner } = openOwner();
  return { ...owner, nodes: [bus] };
});

for (const seed of [1, 2, 3]) {
  describeBus(`a bus that serialises and delays every message, seed ${seed} (BUS-1, BUS-4)`, () => {
    const { bus, ...owner } = openOwner();
    return { ...owner, nodes: [new SerialisingBus(bus, { seed, maxMs: 2 })] };
  });
}

for (const [size, seed] of [
  [2, 1],
  [2, 2],
  [3, 3],
] as const) {
  describeBus(`${size} nodes, on a network that serialises and delays every message, seed ${seed} (BUS-4)`, () => {
    const cluster = new MemoryCluster(size, { seed, maxMs: 2 });
    const owners = Array.from({ length: size }, openOwner);
    const nodes = owners.map(({ bus }) => {
      const { link, ownership } = cluster.join();
      const peers = new ClusterPeers(link);
      const report = (error: unknown): void => expect.fail(String(error));
      const clusterBus = new ClusterBus({ peers, ownership, own: bus, report });
      peers.start();
      return clusterBus;
    });
    const ownerOf = (key: RoomKey) => owners[cluster.indexOf(key)] as (typeof owners)[number];
    return { nodes, notify: (notice) => ownerOf(notice.key).notify(notice), failNext: failNextOf(owners) };
  });
}

/** The next command fails, whichever owner gets it. */
function failNextOf(owners: readonly Pick<BusUnderTest, 'failNext'>[]): BusUnderTest['failNext'] {
  return (error) => {
    for (const owner of owners) owner.failNext(error);
  };
}
