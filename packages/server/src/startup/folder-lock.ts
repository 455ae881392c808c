/**
 * The lock on a data folder: only one server process at a time uses it.
 *
 * @module
 */

import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The lowest byte of SQLite's result codes if another connection holds the lock. */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;

/** The databases whose locks are held. Without a reference, the garbage collector would close them. */
const LOCKED = new Set<DatabaseSync>();

/** A held lock. */
export interface FolderLock {
  release(): void;
}

/**
 * Locks a data folder until `release` is called or the process ends for any reason. Creates the folder if it is missing.
 *
 * The lock is an exclusive transaction on a small SQLite file next to the database, so it works wherever the database
 * does, and the system releases it when the process dies. It writes nothing to the database.
 *
 * @throws Error if another process has the lock, or the file cannot be opened
 */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'gavel.lock');
  createPrivateFile(path);
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isHeldByAnother(error)) throw error;
    throw new Error(`another Gavel process uses the data folder ${folder}; stop it, or set another dataDir`);
  }
  LOCKED.add(database);
  return {
    release() {
      LOCKED.delete(database);
      database.close();
    },
  };
}

/**
 * Creates a file that only its owner may read, if there is none. An existing one must not be opened: closing it
 * would end a lock that this process holds on it (POSIX).
 */
function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function isHeldByAnother(error: unknown): boolean {
  const code = ((error as { readonly errcode?: number }).errcode ?? 0) & 0xff;
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
}
