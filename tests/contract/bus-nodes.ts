/**
 * The nodes under test of the contract suites of buses: owners of rooms, each with a bus to all.
 *
 * @module
 */

import type { RoomKey } from '@gavel/protocol';
import { type Bus, ClusterBus, ClusterPeers } from '@gavel/server';
import type { ClusterMember } from '@gavel/testkit';
import { expect } from 'vitest';
import { LocalBus } from '../../packages/server/src/bus/local-bus.ts';
import { Publisher } from '../../packages/server/src/bus/publisher.ts';
import { NO_MEDIA } from '../../packages/server/src/bus/testing.ts';
import { Rooms } from '../../packages/server/src/owner/rooms.ts';
import { testSettings } from '../../packages/server/src/rooms/testing.ts';
import type { BusUnderTest } from './bus-contract.ts';

/** An owner of rooms whose commands can be made to fail. */
export function openOwner(): Omit<BusUnderTest, 'nodes'> & { readonly bus: Bus } {
  const publisher = new Publisher();
  const rooms = new Rooms(testSettings(), { first: [], after: [publisher] });
  let failure: Error | undefined;
  const execute = rooms.execute.bind(rooms);
  rooms.execute = async (key, command, origin, terms) => {
    const error = failure;
    failure = undefined;
    if (error) throw error;
    return execute(key, command, origin, terms);
  };
  return {
    bus: new LocalBus({ rooms, media: NO_MEDIA, publisher }),
    notify: (notice) => publisher.notify(notice),
    failNext(error) {
      failure = error;
    },
  };
}

/** Opens a node of each member of a cluster. @param indexOf returns the index of the owner of a room */
export function openNodes(members: readonly ClusterMember[], indexOf: (key: RoomKey) => number): BusUnderTest {
  const owners = members.map(openOwner);
  const nodes = members.map(({ link, ownership }, index) => {
    const peers = new ClusterPeers(link);
    const report = (error: unknown): void => expect.fail(String(error));
    const bus = new ClusterBus({ peers, ownership, own: ownerAt(owners, index).bus, report });
    peers.start();
    return bus;
  });
  return {
    nodes,
    notify: (notice) => ownerAt(owners, indexOf(notice.key)).notify(notice),
    // The next command fails, whichever owner gets it.
    failNext(error) {
      for (const owner of owners) owner.failNext(error);
    },
  };
}

type TestOwner = ReturnType<typeof openOwner>;

const ownerAt = (owners: readonly TestOwner[], index: number): TestOwner => owners[index] as TestOwner;
