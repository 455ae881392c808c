/**
 * What the server tells the page about itself.
 *
 * @module
 */

import type { Fetch } from './signing.ts';

/** What the server tells the page about itself. */
export interface PageConfig {
  /** In `dev` the server signs moderation calls for the page. */
  readonly mode: 'dev' | 'production';
  /** The App to use; null where the user has to say. */
  readonly appId: number | null;
  /** Whether users get in without a token. */
  readonly allowNoToken: boolean;
}

/**
 * Reads `/playground/config.json`.
 *
 * @throws Error with a message for people if the server gives none
 */
export async function loadConfig(fetch: Fetch): Promise<PageConfig> {
  const response = await fetch('/playground/config.json', { cache: 'no-store' });
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok || typeof body !== 'object' || body === null) {
    throw new Error(`The server did not tell the page its settings (HTTP ${response.status}).`);
  }
  const given = body as Partial<Record<keyof PageConfig, unknown>>;
  return {
    mode: given.mode === 'dev' ? 'dev' : 'production',
    appId: typeof given.appId === 'number' ? given.appId : null,
    allowNoToken: given.allowNoToken === true,
  };
}
