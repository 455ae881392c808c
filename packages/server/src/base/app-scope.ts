/**
 * The scope of an App's rules, limits and stream ids: one environment of the App. Nothing of one environment applies in
 * the other.
 *
 * @module
 */

import type { AppId, Environment } from '@gavel/protocol';

/** One environment of an App. */
export interface AppScope {
  readonly appId: AppId;
  readonly environment: Environment;
}

/** Returns a scope as a string key for maps. */
export const scopeText = ({ appId, environment }: AppScope): string => `${appId}/${environment}`;
