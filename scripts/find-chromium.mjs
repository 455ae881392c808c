/**
 * Finds Chromium. Plain JavaScript for Node 20, because `bootstrap.mjs` uses it before anything is installed.
 */

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Returns the path of a Chromium, or undefined. If GAVEL_TEST_CHROMIUM is set, only that path is used. */
export function findChromium() {
  const named = process.env.GAVEL_TEST_CHROMIUM;
  if (named) return isExecutable(named) ? named : undefined;
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome.exe'];
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const usual = [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  ];
  return [...folders.flatMap((folder) => names.map((name) => join(folder, name))), ...usual].find(isExecutable);
}
