/**
 * Finds the programs that tests need. Plain JavaScript for Node 20, because `bootstrap.mjs` uses it before
 * anything is installed.
 */

import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Returns the path of the first program with one of the names on PATH, or of the first other path that exists. */
function findProgram(names, otherPaths = []) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return [...folders.flatMap((folder) => names.map((name) => join(folder, name))), ...otherPaths].find(isExecutable);
}

/** Returns the path of a Chromium, or undefined. If GAVEL_TEST_CHROMIUM is set, only that path is used. */
export function findChromium() {
  const named = process.env.GAVEL_TEST_CHROMIUM;
  if (named) return isExecutable(named) ? named : undefined;
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome.exe'];
  return findProgram(names, [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  ]);
}

/**
 * Returns the path of Chromium's headless shell, else that of a Chromium, or undefined. The shell has the same engine
 * without the desktop browser around it, and opens pages faster.
 */
export function findHeadlessShell() {
  if (process.env.GAVEL_TEST_CHROMIUM) return findChromium();
  return findProgram(['chromium-headless-shell', 'chrome-headless-shell']) ?? findChromium();
}

/** Returns the path of coturn's server, or undefined. If GAVEL_TEST_COTURN is set, only that path is used. */
export function findCoturn() {
  const named = process.env.GAVEL_TEST_COTURN;
  if (named) return isExecutable(named) ? named : undefined;
  return findProgram(['turnserver'], ['/usr/sbin/turnserver', '/opt/homebrew/bin/turnserver']);
}

/** Returns the path of a NATS server, or undefined. If GAVEL_TEST_NATS is set, only that path is used. */
export function findNatsServer() {
  const named = process.env.GAVEL_TEST_NATS;
  if (named) return isExecutable(named) ? named : undefined;
  return findProgram(['nats-server'], ['/usr/sbin/nats-server', '/usr/local/bin/nats-server']);
}

/**
 * Returns the folder with PostgreSQL's `initdb` and `postgres`, or undefined: of the newest version where several are
 * installed. If GAVEL_TEST_POSTGRES is set, only that folder is used.
 */
export function findPostgres() {
  const named = process.env.GAVEL_TEST_POSTGRES;
  const folders = named
    ? [named]
    : [...listVersions('/usr/lib/postgresql'), '/opt/homebrew/opt/postgresql/bin', '/usr/local/bin'];
  return folders.find((folder) => ['initdb', 'postgres'].every((name) => isExecutable(join(folder, name))));
}

/** Lists Debian's folders of versions, newest first. */
function listVersions(folder) {
  if (!existsSync(folder)) return [];
  const versions = readdirSync(folder).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(folder, version, 'bin'));
}
