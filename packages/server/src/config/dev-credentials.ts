/**
 * The credentials of dev mode: the format of their file, and the check that production does not use them.
 *
 * @module
 */

import { join } from 'node:path';
import type { ConfigProblem } from './problems.ts';
import type { Config } from './schema.ts';

/** The content of the dev credentials file. */
export interface DevCredentials {
  /** Marks the file; production refuses the values in it. */
  readonly dev: true;
  readonly baseUrl: string;
  readonly appId: number;
  readonly serverSecret: string;
  readonly callbackSecret: string;
  readonly accountId: string;
  readonly rtkAppId: string;
  readonly apiToken: string;
}

/** Returns the path of the dev credentials file in a data folder. */
export function devCredentialsPath(dataDir: string): string {
  return join(dataDir, 'dev-credentials.json');
}

/** Finds values of the dev credentials in a production configuration. The problems contain no secret. */
export function findDevCredentialProblems(
  config: Pick<Config, 'mode' | 'apps' | 'apiTokens' | 'adminKey'>,
  credentials: Partial<DevCredentials>,
): ConfigProblem[] {
  if (config.mode !== 'production') return [];
  const message = 'is the value from the dev credentials, which production refuses; create a new one';
  const problems: ConfigProblem[] = [];
  for (const [index, app] of config.apps.entries()) {
    for (const name of ['appId', 'serverSecret', 'callbackSecret', 'rtkAppId'] as const) {
      if (app[name] === credentials[name]) problems.push({ key: `apps[${index}].${name}`, message });
    }
  }
  for (const [index, token] of config.apiTokens.entries()) {
    if (token.token === credentials.apiToken) problems.push({ key: `apiTokens[${index}].token`, message });
  }
  // In dev mode the API token is also the admin key.
  if (config.adminKey !== undefined && config.adminKey === credentials.apiToken)
    problems.push({ key: 'adminKey', message });
  return problems;
}
