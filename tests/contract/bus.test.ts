import { MemoryCluster, SerialisingBus } from '@gavel/testkit';
import { describeBus } from './bus-contract.ts';
import { openNodes, openOwner } from './bus-nodes.ts';

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
    const members = Array.from({ length: size }, () => cluster.join());
    return openNodes(members, (key) => cluster.indexOf(key));
  });
}
