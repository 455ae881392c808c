/**
 * Import directions: what may import what, between packages and inside the server.
 *
 * Inside the server imports run downwards only: `main.js`, `run.ts`, `server.ts`, the doors, the parts (media-control, store,
 * telemetry, ...), `rooms/`, `@gavel/protocol`. Tests may import anything, by the same spelling.
 *
 * @module
 */

import { posix } from 'node:path';
import { isTestFile, lineAt, readSource, readSources, type SourceFile, stripComments } from './lib.ts';

/** Which of our packages each package may import. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  media: ['protocol'],
  client: ['protocol'],
  server: ['protocol', 'media'],
  testkit: ['protocol', 'media', 'client', 'server'],
  console: ['protocol', 'client'],
};

const DOORS = ['signalling', 'zego', 'realtimekit', 'admin', 'web'];
const FACADES = ['zego', 'liveroom', 'realtimekit'];
/** Parts of Node that do I/O or keep time: a room has neither. */
const IMPURE =
  /^node:(fs|net|http2?|https|dgram|dns|tls|child_process|worker_threads|cluster|sqlite|timers|os|process)(\/|$)/;

/** An import statement of a file. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** Finds the modules a file imports or re-exports, dynamic imports of a literal included. */
export function findImports(text: string): Import[] {
  const pattern =
    /(?:^|[;\n])\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"\n]+)['"]|(?:^|[;\n])\s*import\s*['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]/g;
  return [...stripComments(text).matchAll(pattern)].map((match) => ({
    specifier: match[1] ?? match[2] ?? match[3] ?? '',
    line: lineAt(text, match.index + match[0].length),
  }));
}

/** The first folder or file name below a package's `src`, without its ending. */
function partOf(pathInSource: string): string {
  return (pathInSource.split('/')[0] ?? '').replace(/\.(?:tsx?|js)$/, '');
}

/** How high a part of the server stands; imports go from a higher one to the same or a lower one. */
function rankOf(part: string): number {
  if (part === 'main') return 6;
  if (part === 'run') return 5;
  if (part === 'server' || part === 'index') return 4;
  if (DOORS.includes(part)) return 3;
  return part === 'rooms' ? 1 : 2;
}

function findServerProblem(from: string, to: string): string | undefined {
  if (to === 'main') return 'nothing imports main.js';
  if (from === to) return undefined;
  if (from === 'rooms') return 'rooms/ imports only @gavel/protocol and its own files';
  if (DOORS.includes(from) && DOORS.includes(to)) return 'a door never imports another door';
  return rankOf(to) > rankOf(from) ? `${to} stands above ${from}; imports run downwards only` : undefined;
}

function findClientProblem(from: string, to: string): string | undefined {
  if (from === to || !FACADES.includes(to)) return undefined;
  return FACADES.includes(from) ? 'a facade never imports another facade' : 'the core never imports a facade';
}

/** Says what is wrong with one import of one file, if anything. */
export function findImportProblem(path: string, specifier: string, declared: ReadonlySet<string>): string | undefined {
  const [, name = '', source, ...rest] = path.split('/');
  const inSource = source === 'src' ? rest.join('/') : '';
  const from = partOf(inSource);

  if (specifier.startsWith('.')) {
    if (!/\.(tsx?|json|css)(\?\w+)?$/.test(specifier)) return 'a relative import names its file with its ending';
    const target = posix.join(posix.dirname(path), specifier);
    if (!target.startsWith(`packages/${name}/`)) return 'another package is imported by its name';
    if (isTestFile(path) || source !== 'src') return undefined;
    const to = partOf(target.slice(`packages/${name}/src/`.length));
    if (name === 'server') return findServerProblem(from, to);
    return name === 'client' ? findClientProblem(from, to) : undefined;
  }
  if (specifier.startsWith('node:')) {
    const isPure = name === 'server' && from === 'rooms' && !isTestFile(path);
    return isPure && IMPURE.test(specifier) ? 'a room does no I/O and keeps no time' : undefined;
  }
  if (isTestFile(path) || source !== 'src') return undefined;

  const ours = /^@gavel\/([^/]+)/.exec(specifier)?.[1];
  if (ours !== undefined) {
    const allowed = PACKAGES[name];
    if (allowed === undefined) return 'a package that scripts/check-imports.ts does not know';
    return allowed.includes(ours) ? undefined : `${name} may not import ${ours}`;
  }
  if (name === 'server' && from === 'rooms') return 'rooms/ imports only @gavel/protocol and its own files';
  const dependency = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  return declared.has(dependency) ? undefined : `${dependency} is not among the dependencies of packages/${name}`;
}

function readDeclared(name: string): ReadonlySet<string> {
  const manifest = JSON.parse(readSource(`packages/${name}/package.json`).text);
  return new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }));
}

/** Finds every import that goes the wrong way. */
export function findImportProblems(files: readonly SourceFile[] = readSources('packages', /\.tsx?$/)): string[] {
  const declared = new Map<string, ReadonlySet<string>>();
  return files.flatMap(({ path, text }) => {
    const name = path.split('/')[1] ?? '';
    const known = declared.get(name) ?? readDeclared(name);
    declared.set(name, known);
    return findImports(text).flatMap(({ specifier, line }) => {
      const problem = findImportProblem(path, specifier, known);
      return problem === undefined ? [] : [`${path}:${line} imports '${specifier}': ${problem}`];
    });
  });
}
