/**
 * The key of the admin API, and whether anybody can use a server without one.
 *
 * @module
 */

import type { Config } from '../config.ts';

/** Returns the key of the admin API. In dev mode, the default is the API token of the dev App. */
export function adminKeyOf({ mode, adminKey, apiTokens }: Config): string | undefined {
  return adminKey ?? (mode === 'dev' ? apiTokens.at(-1)?.token : undefined);
}

/** @throws Error if there is no App and no key that can create one */
export function requireUsable({ mode, apiTokens, adminKey }: Config, apps: { readonly size: number }): void {
  if (mode === 'dev' || apps.size > 0 || apiTokens.length > 0 || adminKey !== undefined) return;
  throw new Error(
    'no App exists, and no key is set that could create one. Add an App to "apps" or an API token to "apiTokens", or start dev mode with --dev',
  );
}
