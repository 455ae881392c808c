/**
 * The configuration: defaults, then a YAML file, then the environment, then the command line; later ones win.
 *
 * ```ts
 * const config = loadConfig({ argv: process.argv.slice(2), env: process.env });
 * ```
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { devCredentialsPath, findDevCredentialProblems } from './config/dev-credentials.ts';
import { makeDefaults } from './config/keys.ts';
import { ConfigError, type ConfigProblem } from './config/problems.ts';
import type { Config } from './config/schema.ts';
import { parseArguments, parseEnvSource, parseYamlSource, type Source } from './config/sources.ts';
import { findRuleProblems, findSchemaProblems, isMap, type Untrusted } from './config/validate.ts';

export { type DevCredentials, devCredentialsPath, findDevCredentialProblems } from './config/dev-credentials.ts';
export { ConfigError, type ConfigProblem } from './config/problems.ts';
export type { ApiTokenConfig, AppConfig, Config } from './config/schema.ts';

/** Sources of a configuration. */
export interface LoadOptions {
  /** The command line after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a text file; throws if it cannot be read. Default: reads from disk. */
  readonly readFile?: (path: string) => string;
}

/**
 * Loads the configuration, deeply frozen. Reads the named file, the files of `GAVEL_*_FILE` variables and, in production,
 * the dev credentials in the data folder, whose keys are refused. It has no other side effects.
 *
 * @throws ConfigError that lists all problems
 */
export function loadConfig({ argv, env, readFile = (path) => readFileSync(path, 'utf8') }: LoadOptions): Config {
  const args = parseArguments(argv);
  const file = args.file ?? (env.GAVEL_CONFIG === '' ? undefined : env.GAVEL_CONFIG);
  const sources: Source[] = [
    ...(file === undefined ? [] : [readYamlSource(file, readFile)]),
    parseEnvSource(env, readFile),
    args,
  ];
  const values = sources.reduce<Untrusted>((merged, source) => merge(merged, source.values), makeDefaults());
  values.host ??= values.mode === 'dev' ? '127.0.0.1' : '0.0.0.0';
  // A value that is not a map is refused below.
  values.playground ??= values.mode === 'dev';
  if (isMap(values.callbacks)) values.callbacks.allowPrivateTargets ??= values.mode === 'dev';
  const originOf = (path: string): string | undefined => findOrigin(sources, path);

  const problems: ConfigProblem[] = sources.flatMap((source) => source.problems);
  problems.push(...findSchemaProblems(values, originOf));
  if (problems.length > 0) throw new ConfigError(problems);
  const config = values as Config;
  problems.push(...findRuleProblems(config, originOf), ...findDevProblems(config, readFile));
  if (problems.length > 0) throw new ConfigError(problems);
  return freeze(config);
}

function readYamlSource(file: string, readFile: (path: string) => string): Source {
  try {
    return parseYamlSource(readFile(file), file);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { values: {}, origins: new Map(), problems: [{ key: file, message: `cannot be read: ${message}` }] };
  }
}

/** Merges the values of a source over those of an earlier one. Groups are merged key by key, lists are replaced, and empty keys are ignored. */
function merge(below: Untrusted, above: Untrusted): Untrusted {
  const result = { ...below };
  for (const [name, value] of Object.entries(above)) {
    if (value === null) continue;
    const old = result[name];
    result[name] = isMap(old) && isMap(value) ? merge(old, value) : value;
  }
  return result;
}

/** Returns the origin of a value: the last source that set its path or a path above it. */
function findOrigin(sources: readonly Source[], path: string): string | undefined {
  for (let at = path; at !== ''; at = at.replace(/(^|\.)[^.[\]]+$|\[\d+\]$/, '')) {
    const origin = sources.findLast((source) => source.origins.has(at))?.origins.get(at);
    if (origin !== undefined) return origin;
  }
  return undefined;
}

function findDevProblems(config: Config, readFile: (path: string) => string): ConfigProblem[] {
  if (config.mode !== 'production') return [];
  let credentials: unknown;
  try {
    credentials = JSON.parse(readFile(devCredentialsPath(config.dataDir)));
  } catch {
    return []; // Dev mode was never run here.
  }
  return isMap(credentials) ? findDevCredentialProblems(config, credentials) : [];
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) freeze(child);
  }
  return value;
}
