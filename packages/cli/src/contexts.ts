/**
 * Contexts: the servers that the user works with, in a file that only the user may read.
 *
 * @module
 */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { CliError, usageError } from './errors.ts';
import type { CliIo } from './io.ts';

/** A server with the keys for it. */
export interface Context {
  /** Without a slash at the end. */
  readonly url: string;
  /** The key of the admin API. */
  readonly key?: string;
  /** A token of the RealtimeKit API, for the commands that use it. */
  readonly apiToken?: string;
}

/** The contexts of a user. */
export interface Contexts {
  readonly current?: string;
  readonly contexts: Readonly<Record<string, Context>>;
}

/** Returns the path of the file: in the user's configuration folder (XDG). */
export function contextsPath({ env }: Pick<CliIo, 'env'>): string {
  const folder = env.XDG_CONFIG_HOME || join(env.HOME ?? homedir(), '.config');
  return join(folder, 'gavel', 'contexts.json');
}

/** Reads the contexts; without a file there are none. @throws CliError if the file is not one of contexts */
export function readContexts(io: Pick<CliIo, 'env'>): Contexts {
  const text = readText(contextsPath(io));
  if (text === undefined) return { contexts: {} };
  try {
    const read = JSON.parse(text) as Contexts;
    if (typeof read.contexts === 'object' && read.contexts !== null) return read;
  } catch {
    // The same error as for another content.
  }
  throw usageError(`${contextsPath(io)} is not a file of contexts; correct or delete it`);
}

/** Writes the contexts. The file is replaced as a whole, so that it is never half written. */
export function writeContexts(io: Pick<CliIo, 'env'>, contexts: Contexts): void {
  const path = contextsPath(io);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** What the command line and the environment say about the server. */
export interface ServerChoice {
  readonly context?: string | undefined;
  readonly url?: string | undefined;
}

/**
 * Returns the server to call: of the options, else of `GAVEL_CLI_*` variables, else the named or current context, else the
 * server of dev mode that has its data in `./data`.
 *
 * @throws CliError if none is set, or the named context does not exist
 */
export function findContext(io: CliIo, choice: ServerChoice): Context {
  const { GAVEL_CLI_URL, GAVEL_CLI_KEY, GAVEL_CLI_API_TOKEN, GAVEL_CLI_CONTEXT } = io.env;
  const { current, contexts } = readContexts(io);
  const name = choice.context ?? (GAVEL_CLI_CONTEXT || current);
  const named = name === undefined ? undefined : contexts[name];
  if (choice.context !== undefined && !named) throw usageError(`there is no context ${choice.context}`);
  const url = choice.url ?? (GAVEL_CLI_URL || undefined);
  const base = url === undefined ? (named ?? readDevContext(io)) : { ...named, url: requireUrl(url) };
  if (!base) {
    throw new CliError('usage', 'no server is chosen: `gavel context set NAME --url URL`, or --url, or GAVEL_CLI_URL');
  }
  const keys = {
    ...(GAVEL_CLI_KEY && { key: GAVEL_CLI_KEY }),
    ...(GAVEL_CLI_API_TOKEN && { apiToken: GAVEL_CLI_API_TOKEN }),
  };
  return { ...base, ...keys };
}

/** Returns a server's URL without a slash at its end. @throws CliError if it is not one */
export function requireUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:/.test(text))
    throw usageError(`"${text}" is not an http:// or https:// address`);
  return text.replace(/\/+$/, '');
}

/** Returns the server of dev mode whose data is in `./data`. */
function readDevContext({ cwd }: CliIo): Context | undefined {
  const text = readText(join(cwd, 'data', 'dev-credentials.json'));
  if (text === undefined) return undefined;
  const { baseUrl, apiToken } = JSON.parse(text) as { readonly baseUrl: string; readonly apiToken: string };
  return { url: baseUrl, key: apiToken, apiToken };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
