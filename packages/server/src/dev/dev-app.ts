/**
 * Dev mode's App: created with random secrets at the first start, and stored in a file that only its owner may read.
 *
 * @module
 */

import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type DevCredentials, devCredentialsPath } from '../config/dev-credentials.ts';
import type { Config } from '../config/schema.ts';

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

/** Reads the dev credentials of a data folder, or creates them if there are none. */
export function loadDevCredentials(dataDir: string, baseUrl: string): DevCredentials {
  const path = devCredentialsPath(dataDir);
  const known = readCredentials(path);
  const credentials: DevCredentials = known
    ? { ...known, baseUrl }
    : {
        dev: true,
        baseUrl,
        appId: randomInt(1_000_000_000, 0xffff_ffff),
        serverSecret: hex(16),
        callbackSecret: hex(16),
        accountId: hex(16),
        rtkAppId: randomUUID(),
        apiToken: hex(20),
      };
  if (known?.baseUrl !== baseUrl) {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(path, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
  }
  return credentials;
}

function readCredentials(path: string): DevCredentials | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text) as DevCredentials;
  } catch {
    throw new Error(`${path} is not JSON; delete it and restart to create new dev credentials`);
  }
}

/** Adds the dev App and its API token to a configuration. */
export function withDevApp(config: Config, credentials: DevCredentials): Config {
  const { appId, serverSecret, callbackSecret, accountId, rtkAppId, apiToken } = credentials;
  const app = { name: 'dev', appId, serverSecret, callbackSecret, accountId, rtkAppId };
  return {
    ...config,
    apps: [...config.apps, { ...app, allowNoToken: true, rejectReplays: false }],
    apiTokens: [...config.apiTokens, { name: 'dev', accountId, token: apiToken }],
  };
}
