/**
 * Settings that hold for every engine of a page: the static calls of the vendor's engine, and how much is logged.
 *
 * @module
 */

import { setWarnings, warnOnce } from './warnings.ts';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'report', 'disable'] as const;

/** How much is logged. This SDK prints warnings only: they appear at `debug`, `info` and `warn`. */
export interface ZegoLogConfig {
  /** Default `warn`. */
  readonly logLevel?: (typeof LOG_LEVELS)[number];
  /** Not supported, as the rest: nothing is uploaded. */
  readonly remoteLogLevel?: 'debug' | 'info' | 'warn' | 'error' | 'disable';
  readonly logURL?: string;
  readonly logCount?: number;
  readonly logSize?: number;
}

/** Sets how much is logged; returns false for an unknown level. */
export function applyLogConfig(config: ZegoLogConfig): boolean {
  // A call from JavaScript may pass anything.
  const { logLevel = 'warn' } = (config as ZegoLogConfig | undefined) ?? {};
  if (!config || !LOG_LEVELS.includes(logLevel)) return false;
  setWarnings(LOG_LEVELS.indexOf(logLevel) <= LOG_LEVELS.indexOf('warn'));
  return true;
}

/** Warns once that a setting has no effect. */
export function ignoreSetting(name: string): void {
  warnOnce(`${name} has no effect`);
}

/** Creates a call that has no effect, warns once and returns the result, if one is given. */
export function ignore<T = undefined>(name: string, result?: T) {
  return (..._args: readonly unknown[]): T => {
    ignoreSetting(name);
    return result as T;
  };
}
