import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packRelease } from '../../../scripts/pack.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gavel-release-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a release is the packages, of one version, and a list of what production consists of', async () => {
  await packRelease(folder);
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  expect(readdirSync(folder).sort()).toEqual([
    `gavel-${version}.cdx.json`,
    `gavel-cli-${version}.tgz`,
    `gavel-client-${version}.tgz`,
  ]);
  const { components } = JSON.parse(readFileSync(join(folder, `gavel-${version}.cdx.json`), 'utf8')) as {
    components: { name: string }[];
  };
  const names = components.map(({ name }) => name);
  expect(names).toContain('fastify');
  expect(names).not.toContain('vitest');

  // The program runs from the package alone.
  execFileSync('tar', ['-xzf', join(folder, `gavel-cli-${version}.tgz`), '-C', folder]);
  const program = join(folder, 'package', 'dist', 'gavel.js');
  const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', cwd: folder });
  expect(run('config', 'check')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('valid: mode production'),
  });
  expect(run('nonsense').status).toBe(2);
  expect(run('serve')).toMatchObject({ status: 2, stderr: expect.stringContaining('has no server') });
}, 180_000);
