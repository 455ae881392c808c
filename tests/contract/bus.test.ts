import type { Bus } from '@gavel/server';
import { LocalBus } from '../../packages/server/src/bus/local-bus.ts';
import { Publisher } from '../../packages/server/src/bus/publisher.ts';
import { NO_MEDIA } from '../../packages/server/src/bus/testing.ts';
import { Rooms } from '../../packages/server/src/rooms/rooms.ts';
import { testSettings } from '../../packages/server/src/rooms/testing.ts';
import { SerialisingBus } from '../../packages/testkit/src/serialising-bus.ts';
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
