/**
 * Import directions: which modules may import which, between packages and inside the server.
 *
 * Inside the server a module imports only modules of the same or a lower layer: `main.js`, `run.ts`, `server.ts`, the doors, the parts (media-control, store,
 * telemetry, ...), `bus/`, `owner/`, `rooms/`, `claims/`, `base/`, `@gavel/protocol`. Tests may import anything, with the same spelling of specifiers.
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
  cli: ['protocol', 'server'],
};

const DOORS = ['signalling', 'zego', 'realtimekit', 'admin', 'transfer', 'web'];
const FACADES = ['zego', 'liveroom', 'realtimekit'];
/** The folders below the bus, the lowest first: each imports only those before it, its own files and `@gavel/protocol`. */
const CORE = ['base', 'claims', 'rooms', 'owner'];
/** Node modules with I/O or timers, which the folders below the bus must not use. */
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

/** The first folder or file name below a package's `src`, without its extension. */
function partOf(pathInSource: string): string {
  return (pathInSource.split('/')[0] ?? '').replace(/\.(?:tsx?|js)$/, '');
}

/** Returns the layer of a part of the server; a part imports only parts of the same or a lower layer. */
function rankOf(part: string): number {
  if (part === 'main') return 6;
  if (part === 'run') return 5;
  if (part === 'server' || part === 'http-doors' || part === 'index') return 4;
  if (DOORS.includes(part)) return 3;
  if (part === 'bus') return 1;
  const depth = CORE.indexOf(part);
  return depth === -1 ? 2 : depth - CORE.length;
}

function findServerProblem(from: string, to: string): string | undefined {
  if (to === 'main') return 'no module may import main.js';
  if (from === to) return undefined;
  if (DOORS.includes(from) && DOORS.includes(to)) return 'a door must not import another door';
  return rankOf(to) > rankOf(from) ? `${to} is in a higher layer than ${from}` : undefined;
}

function findClientProblem(from: string, to: string): string | undefined {
  if (from === to || !FACADES.includes(to)) return undefined;
  return FACADES.includes(from) ? 'a facade must not import another facade' : 'the core must not import a facade';
}

/** Returns the problem of one import of one file, or undefined. */
export function findImportProblem(path: string, specifier: string, declared: ReadonlySet<string>): string | undefined {
  const [, name = '', source, ...rest] = path.split('/');
  const inSource = source === 'src' ? rest.join('/') : '';
  const from = partOf(inSource);

  if (specifier.startsWith('.')) {
    if (!/\.(tsx?|json|css)(\?\w+)?$/.test(specifier)) return 'a relative import must include the file extension';
    const target = posix.join(posix.dirname(path), specifier);
    // The configuration of a build may use the repository's scripts.
    if (/\.config\.ts$/.test(source ?? '') && target.startsWith('scripts/')) return undefined;
    if (!target.startsWith(`packages/${name}/`)) return 'another package must be imported by its package name';
    if (isTestFile(path) || source !== 'src') return undefined;
    const to = partOf(target.slice(`packages/${name}/src/`.length));
    if (name === 'server') return findServerProblem(from, to);
    return name === 'client' ? findClientProblem(from, to) : undefined;
  }
  if (specifier.startsWith('node:')) {
    const isPure = name === 'server' && CORE.includes(from) && !isTestFile(path);
    return isPure && IMPURE.test(specifier) ? `${from}/ must not use I/O or timers` : undefined;
  }
  if (isTestFile(path) || source !== 'src') return undefined;

  const ours = /^@gavel\/([^/]+)/.exec(specifier)?.[1];
  if (ours !== undefined) {
    const allowed = PACKAGES[name];
    if (allowed === undefined) return 'scripts/check-imports.ts does not know this package';
    return allowed.includes(ours) ? undefined : `${name} may not import ${ours}`;
  }
  if (name === 'server' && CORE.includes(from)) return `${from}/ imports only @gavel/protocol and what is below it`;
  const dependency = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  return declared.has(dependency) ? undefined : `${dependency} is not among the dependencies of packages/${name}`;
}

function readDeclared(name: string): ReadonlySet<string> {
  const manifest = JSON.parse(readSource(`packages/${name}/package.json`).text);
  // What a public package imports is bundled into it, and so is not a dependency of those who install it.
  const bundled = manifest.private ? {} : manifest.devDependencies;
  return new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...bundled }));
}

/** Finds every import in a forbidden direction. */
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
