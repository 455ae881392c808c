/**
 * For the suites of what every store promises: runs them on each kind of database.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { POSTGRES } from '@gavel/testkit/postgres';
import { afterEach, describe } from 'vitest';
import { openPostgresStore } from './postgres/open.ts';
import { borrowDatabase, returnDatabase, startPostgresBefore } from './postgres/testing.ts';
import { openThreadedStore } from './sqlite/threaded-store.ts';
import type { Store } from './store.ts';

/** A database of one test, empty at its beginning. */
export interface TestDatabase {
  /** Opens a store on it, as another process would. @param node its node in a cluster */
  open(node?: string): Promise<Store>;
  /** Closes the stores that are open; the data stays. */
  close(): Promise<void>;
}

/** A kind of database. */
interface Kind {
  readonly name: string;
  readonly isAvailable: boolean;
  /** Prepares what all tests of a suite need. */
  readonly prepare?: () => void;
  create(): Promise<{ open(node?: string): Promise<Store>; remove(): Promise<void> }>;
}

const SQLITE: Kind = {
  name: 'SQLite',
  isAvailable: true,
  async create() {
    const folder = mkdtempSync(join(tmpdir(), 'gavel-store-'));
    return {
      open: (node) => openThreadedStore({ path: join(folder, 'gavel.db'), ...(node !== undefined && { node }) }),
      remove: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

const IN_POSTGRES: Kind = {
  name: 'PostgreSQL',
  isAvailable: POSTGRES !== '',
  prepare: startPostgresBefore,
  async create() {
    const database = await borrowDatabase();
    return {
      open: (node) => openPostgresStore({ url: database.url, maxConnections: 4, ...(node !== undefined && { node }) }),
      remove: () => returnDatabase(database),
    };
  },
};

/**
 * Defines a suite for each kind of database. Where there is no PostgreSQL, its tests are skipped.
 *
 * @example describeStores('used nonces', (createDatabase) => it('are there', async () => (await createDatabase()).open()));
 */
export function describeStores(what: string, define: (createDatabase: () => Promise<TestDatabase>) => void): void {
  for (const kind of [SQLITE, IN_POSTGRES]) {
    describe.skipIf(!kind.isAvailable)(`${what} in ${kind.name}`, () => {
      kind.prepare?.();
      const endings: (() => Promise<void>)[] = [];
      afterEach(async () => {
        for (const end of endings.splice(0)) await end();
      });
      define(async () => {
        const { open, remove } = await kind.create();
        const stores: Store[] = [];
        const close = async (): Promise<void> => {
          for (const store of stores.splice(0)) await store.close();
        };
        endings.push(async () => {
          await close();
          await remove();
        });
        return {
          async open(node) {
            const store = await open(node);
            stores.push(store);
            return store;
          },
          close,
        };
      });
    });
  }
}
