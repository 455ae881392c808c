/**
 * Functions that the scripts share: the repository's root and files, and running commands.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder, absolute. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** A file of the repository with its text; the path is from the root, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const SKIPPED = new Set(['node_modules', 'dist', 'data', 'coverage', '.git']);

/** Lists the files below a folder of the repository whose path matches, sorted. A missing folder has no files. */
export function listFiles(folder: string, pattern: RegExp): string[] {
  const absolute = join(root, folder);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { withFileTypes: true })
    .flatMap((entry) => {
      const path = relative(root, join(absolute, entry.name)).replaceAll('\\', '/');
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : listFiles(path, pattern);
      return pattern.test(path) ? [path] : [];
    })
    .sort();
}

/** Reads a file of the repository. */
export function readSource(path: string): SourceFile {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

/** Reads the files below a folder whose path matches. */
export function readSources(folder: string, pattern: RegExp): SourceFile[] {
  return listFiles(folder, pattern).map(readSource);
}

/** Returns whether a file contains tests, or is used only by tests (`testing.ts`, a `testing` or `tests` folder, the testkit). */
export function isTestFile(path: string): boolean {
  return /\.test\.tsx?$|(^|\/)(tests|testing)\/|\/testing\.ts$/.test(path) || path.startsWith('packages/testkit/');
}

/** Replaces comments with blanks; strings and line numbers do not change. */
export function stripComments(text: string): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g;
  return text.replace(token, (found) => (/^\/[/*]/.test(found) ? found.replace(/[^\n]/g, ' ') : found));
}

/** Returns the 1-based line of an offset in a text. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Runs a command that writes directly to the terminal; returns its exit status. It is killed after `timeoutMs`. */
export function runInherited(command: string, args: readonly string[], timeoutMs: number): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
    const softLimit = setTimeout(() => child.kill('SIGTERM'), timeoutMs);
    const hardLimit = setTimeout(() => child.kill('SIGKILL'), timeoutMs + 10_000);
    const finish = (status: number): void => {
      clearTimeout(softLimit);
      clearTimeout(hardLimit);
      resolve(status);
    };
    child.on('error', () => finish(1));
    child.on('close', (status) => finish(status ?? 1));
  });
}

/** Runs a command and captures its output, stdout and stderr together. */
export function runQuiet(command: string, args: readonly string[]): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => resolve({ status: 1, output: error.message }));
    child.on('close', (status) => resolve({ status: status ?? 1, output: Buffer.concat(chunks).toString() }));
  });
}
