import { FakeClock, MemoryNetwork } from '@gavel/testkit';
import { expect, test } from 'vitest';
import { ClusterPeers } from '../cluster/peers.ts';
import { SharedSessions } from './shared-sessions.ts';

test('a session that begins at one node is found and ended at every node (CON-1)', async () => {
  const network = new MemoryNetwork({ seed: 1, maxMs: 1 });
  const clock = new FakeClock();
  const [one, other] = ['a', 'b'].map((id) => {
    const peers = new ClusterPeers(network.join(id));
    const sessions = new SharedSessions(clock, peers);
    peers.start();
    return sessions;
  }) as [SharedSessions, SharedSessions];
  const session = await one.begin('hash');
  expect(await other.find(session.id)).toEqual(session);
  await other.end(session.id);
  expect(await one.find(session.id)).toBeUndefined();
});
