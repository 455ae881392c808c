/**
 * Compares a configuration that was read again with the one in effect: what changes now, and what needs a restart.
 *
 * @module
 */

import { isDeepStrictEqual } from 'node:util';
import { listKeys } from './keys.ts';
import type { Config } from './schema.ts';

/** The keys and groups whose changes take effect without a restart. */
const RELOADABLE = ['apps', 'apiTokens', 'adminKey', 'logLevel', 'turn', 'tls'] as const;
/** These change without a restart, but are neither added nor removed: the start decides whether they exist. */
const FIXED_PRESENCE: readonly (keyof Config)[] = ['adminKey', 'tls'];

/** The difference between two configurations. Keys are named, values are not: they may be secrets. */
export interface ConfigChanges {
  /** The configuration to be in effect: the current one with the new values of the keys that can be reloaded. */
  readonly next: Config;
  /** Keys whose new values take effect. */
  readonly reloaded: readonly string[];
  /** Keys whose new values take effect after a restart. */
  readonly needRestart: readonly string[];
}

/** Compares the configuration in effect with one that was read again (START-4). */
export function compareConfigs(current: Config, read: Config): ConfigChanges {
  const changed = listKeys()
    .map(({ path }) => path)
    .filter((path) => !isDeepStrictEqual(valueAt(current, path), valueAt(read, path)));
  const names = findReloadable(current, read);
  const isReloadable = (path: string): boolean => names.some((name) => path === name || path.startsWith(`${name}.`));
  const values = Object.fromEntries(names.map((name) => [name, read[name]]));
  return {
    next: { ...current, ...values },
    reloaded: changed.filter(isReloadable),
    needRestart: changed.filter((path) => !isReloadable(path)),
  };
}

/** Returns the keys and groups that can be reloaded from one configuration to the other. */
function findReloadable(current: Config, read: Config): readonly (keyof Config)[] {
  return RELOADABLE.filter((name) => {
    const hasStayed = current[name] !== undefined && read[name] !== undefined;
    return hasStayed || !FIXED_PRESENCE.includes(name);
  });
}

function valueAt(config: Config, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], config);
}
