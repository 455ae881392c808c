/**
 * Where a configuration comes from: a YAML file, the environment, the command line. Each source gives the values it
 * sets by key, with their origin, and what is wrong with its form.
 *
 * @module
 */

import { isCollection, isMap as isYamlMap, LineCounter, parseDocument } from 'yaml';
import { type ConfigKey, listKeys, type SchemaNode } from './keys.ts';
import { type ConfigProblem, showValue } from './problems.ts';
import { suggest } from './suggest.ts';
import { isMap, type Untrusted } from './validate.ts';

/** What a source says. */
export interface Source {
  readonly values: Untrusted;
  /** Origins by path; a path without one has that of the nearest path above it. */
  readonly origins: ReadonlyMap<string, string>;
  readonly problems: readonly ConfigProblem[];
}

/** Variables that start with GAVEL_ and are no keys: the file's name, and what tests are told. */
const OTHER_VARIABLES = ['GAVEL_CONFIG'];
const TEST_VARIABLE = /^GAVEL_(TEST|BENCH)_/;

/** Reads a YAML file's text; `file` is its name as the user gave it. */
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
    // Bounded, so that a file of nested aliases cannot fill the memory.
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

/** Reads the environment. Empty variables count as absent. */
export function parseEnvSource(env: Readonly<Record<string, string | undefined>>): Source {
  const keys = new Map(listKeys().map((key) => [key.env, key]));
  const values: Untrusted = {};
  const origins = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('GAVEL_') || text === undefined || text === '') continue;
    if (OTHER_VARIABLES.includes(name) || TEST_VARIABLE.test(name)) continue;
    const key = keys.get(name);
    if (key === undefined) {
      problems.push({ key: name, message: `unknown variable${suggest(name, [...keys.keys()])}` });
      continue;
    }
    setAt(values, key.path, parseText(key.node, text));
    origins.set(key.path, name);
  }
  return { values, origins, problems };
}

/** Turns a variable's text into a value of its key's type; what cannot be turned stays a text, and is refused later. */
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

/** Sets the value at a path such as `media.portRange.min`, making the maps on the way. */
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

/** What the command line says. */
export interface Arguments extends Source {
  /** The configuration file, where one is named. */
  readonly file?: string;
}

const WITH_VALUE: Readonly<Record<string, ConfigKey['path'] | undefined>> = { '--config': undefined, '--port': 'port' };

/** Reads the command line: `--dev`, `--port N`, `--config FILE`; values also as `--port=N`. */
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
