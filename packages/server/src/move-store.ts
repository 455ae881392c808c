/**
 * The program that moves the data of a server from its SQLite file into PostgreSQL: `npm run store:move -- --config gavel.yaml`.
 * It reads `dataDir` and `store.url` of the configuration.
 *
 * @module
 */

import { loadConfig } from './config.ts';
import { lockFolder } from './startup/folder-lock.ts';
import { moveStore } from './store/move-store.ts';

async function run(): Promise<void> {
  const { dataDir, store } = loadConfig({ argv: process.argv.slice(2), env: process.env });
  if (store.url === undefined) throw new Error('store.url is not set: it names the database to move to');
  // Refuses while a server runs in the folder.
  const lock = lockFolder(dataDir);
  try {
    const counts = await moveStore(dataDir, store.url);
    for (const [table, count] of Object.entries(counts)) process.stdout.write(`${table.padEnd(16)} ${count} rows\n`);
  } finally {
    lock.release();
  }
}

run().catch((error: unknown) => {
  process.stderr.write(`nothing was moved: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
