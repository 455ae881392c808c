import { EventEmitter } from 'node:events';
import type { Pool } from 'pg';
import { expect, test } from 'vitest';
import { createDialect } from './driver.ts';

/** A connection that is in use. */
class FakeClient extends EventEmitter {
  /** Whether it was closed when it was given back. */
  readonly released: unknown[] = [];

  release(isBroken: boolean): void {
    this.released.push(isBroken);
  }
}

test('a connection that fails between two queries ends neither the process nor a later call: it is not used again (CLUS-6)', async () => {
  const client = new FakeClient();
  const driver = createDialect({ connect: async () => client } as never as Pool).createDriver();
  const connection = await driver.acquireConnection();
  client.emit('error', new Error('write EPIPE'));
  await driver.releaseConnection(connection);
  const next = await driver.acquireConnection();
  await driver.releaseConnection(next);
  expect([client.released, client.listenerCount('error')]).toEqual([[true, false], 0]);
});
