/**
 * The page's settings from the server.
 *
 * @module
 */

import type { Fetch } from './signing.ts';

/** The page's settings from the server. */
export interface PageConfig {
  /** In `dev` mode the server signs moderation calls for the page. */
  readonly mode: 'dev' | 'production';
  /** The App to use; null if the user has to enter it. */
  readonly appId: number | null;
  /** Whether users can join without a token. */
  readonly allowNoToken: boolean;
}

/**
 * Reads `/playground/config.json`.
 *
 * @throws Error with a user-facing message if the server returns no settings
 */
export async function loadConfig(fetch: Fetch): Promise<PageConfig> {
  const response = await fetch('/playground/config.json', { cache: 'no-store' });
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok || typeof body !== 'object' || body === null) {
    throw new Error(`The page could not load its settings from the server (HTTP ${response.status}).`);
  }
  const given = body as Partial<Record<keyof PageConfig, unknown>>;
  return {
    mode: given.mode === 'dev' ? 'dev' : 'production',
    appId: typeof given.appId === 'number' ? given.appId : null,
    allowNoToken: given.allowNoToken === true,
  };
}
