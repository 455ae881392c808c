/**
 * The sources of a configuration: a YAML file, the environment, the command line. Each source has its values by key, their
 * origins, and its syntax errors.
 *
 * @module
 */

import { isCollection, isMap as isYamlMap, LineCounter, parseDocument } from 'yaml';
import { type ConfigKey, listKeys, type SchemaNode } from './keys.ts';
import { type ConfigProblem, showValue } from './problems.ts';
import { suggest } from './suggest.ts';
import { isMap, type Untrusted } from './validate.ts';

/** The content of a source. */
export interface Source {
  readonly values: Untrusted;
  /** Origins by path; a path without one has the origin of the nearest path above it. */
  readonly origins: ReadonlyMap<string, string>;
  readonly problems: readonly ConfigProblem[];
}

/** Variables that start with GAVEL_ and are not keys: the path of the file, and those of tests, benchmarks and the command line. */
const OTHER_VARIABLES = ['GAVEL_CONFIG'];
const OTHER_PROGRAMS = /^GAVEL_(TEST|BENCH|CLI)_/;

/** Parses a YAML file; `file` is its name as the user gave it. */
export function parseYamlSource(text: string, file: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true, uniqueKeys: true });
  const fault = document.errors[0];
  if (fault !== undefined) return refuse(file, fault.message.split('\n')[0] ?? 'is not YAML');
  if (document.contents === null) return { values: {}, origins: new Map(), problems: [] };
  const origins = new Map<string, string>();

  function addOrigins(node: unknown, path: string): void {
    if (!isCollection(node)) return;
    if (isYamlMap(node)) {
      for (const pair of node.items) {
        const child = path === '' ? String(pair.key) : `${path}.${String(pair.key)}`;
        const start = (pair.key as { range?: readonly number[] | null }).range?.[0];
        if (start !== undefined) origins.set(child, `${file}:${lines.linePos(start).line}`);
        addOrigins(pair.value, child);
      }
      return;
    }
    for (const [index, item] of node.items.entries()) addOrigins(item, `${path}[${index}]`);
  }

  let values: unknown;
  try {
    // Limited, so that nested aliases cannot exhaust the memory.
    values = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return refuse(file, error instanceof Error ? error.message : 'cannot be read');
  }
  if (!isMap(values)) return refuse(file, `is not a map of keys but ${showValue(values, false)}`);
  addOrigins(document.contents, '');
  return { values, origins, problems: [] };
}

function refuse(key: string, message: string): Source {
  return { values: {}, origins: new Map(), problems: [{ key, message }] };
}

/** The environment of a process. */
export type Env = Readonly<Record<string, string | undefined>>;

/**
 * Parses the environment. Empty variables count as absent. A variable with `_FILE` after its name contains the path of a
 * file with the value, such as a secret that a container gets as a file.
 *
 * @param readFile reads a text file; throws if it cannot be read
 */
export function parseEnvSource(env: Env, readFile: (path: string) => string): Source {
  const keys = new Map(listKeys().map((key) => [key.env, key]));
  const values: Untrusted = {};
  const origins = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('GAVEL_') || text === undefined || text === '') continue;
    if (OTHER_VARIABLES.includes(name) || OTHER_PROGRAMS.test(name)) continue;
    const fileKey = keys.has(name) ? undefined : keys.get(name.replace(/_FILE$/, ''));
    const key = keys.get(name) ?? fileKey;
    if (key === undefined) {
      problems.push({ key: name, message: `unknown variable${suggest(name, [...keys.keys()])}` });
      continue;
    }
    if (origins.has(key.path)) {
      problems.push({ key: key.path, message: `is set by both ${key.env} and ${key.env}_FILE` });
      continue;
    }
    origins.set(key.path, name);
    const value = fileKey ? readValue(name, text, readFile) : { text };
    if ('text' in value) setAt(values, key.path, parseText(key.node, value.text));
    else problems.push(value);
  }
  return { values, origins, problems };
}

/** Reads the file that a variable names. The line break at its end, which most editors write, is not part of the value. */
function readValue(name: string, path: string, readFile: (path: string) => string): { text: string } | ConfigProblem {
  try {
    return { text: readFile(path).replace(/\r?\n$/, '') };
  } catch (error) {
    return { key: name, message: `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Converts a variable's text to its key's type; a text that cannot be converted stays a text and is refused later. */
function parseText(node: SchemaNode, text: string): unknown {
  switch (node.type) {
    case 'integer':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'array':
    case 'object':
      try {
        return JSON.parse(text);
      } catch {
        return text;
      }
    default:
      return text;
  }
}

/** Sets the value at a path such as `media.portRange.min`; creates missing maps. */
function setAt(target: Untrusted, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? '';
  let map = target;
  for (const name of names) {
    const next = map[name];
    const child: Untrusted = isMap(next) ? next : {};
    map[name] = child;
    map = child;
  }
  map[last] = value;
}

/** The content of the command line. */
export interface Arguments extends Source {
  /** The configuration file, if one is named. */
  readonly file?: string;
}

const WITH_VALUE: Readonly<Record<string, ConfigKey['path'] | undefined>> = { '--config': undefined, '--port': 'port' };

/** Parses the command line: `--dev`, `--port N`, `--config FILE`; values also as `--port=N`. */
export function parseArguments(argv: readonly string[]): Arguments {
  const values: Untrusted = {};
  const origins = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  let file: string | undefined;
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    const [name = '', inline] = argument.split(/=(.*)/s);
    if (argument === '--dev') {
      values.mode = 'dev';
      origins.set('mode', '--dev');
    } else if (Object.hasOwn(WITH_VALUE, name)) {
      const value = inline ?? argv[++index];
      const path = WITH_VALUE[name];
      if (value === undefined || value === '') problems.push({ key: name, message: 'needs a value' });
      else if (path === undefined) file = value;
      else {
        values[path] = /^\d{1,15}$/.test(value) ? Number(value) : value;
        origins.set(path, name);
      }
    } else {
      const known = ['--dev', ...Object.keys(WITH_VALUE)];
      problems.push({ key: name, message: `unknown argument${suggest(name, known)}` });
    }
  }
  return { values, origins, problems, ...(file === undefined ? {} : { file }) };
}
