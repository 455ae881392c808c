import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lockFolder } from './folder-lock.ts';

let parent: string;
let folder: string;
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'gavel-lock-'));
  folder = join(parent, 'data');
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

test('a folder is locked once, also within one process, until it is released (START-2)', () => {
  const lock = lockFolder(folder);
  expect(() => lockFolder(folder)).toThrow(`another Gavel process uses the data folder ${folder}`);
  // A refused attempt does not end the lock.
  expect(() => lockFolder(folder)).toThrow('another Gavel process');
  lock.release();
  lockFolder(folder).release();
  expect(statSync(join(folder, 'gavel.lock')).mode & 0o777).toBe(0o600);
});

test('the lock of a process that was killed is free (START-2)', async () => {
  const source = new URL('./folder-lock.ts', import.meta.url).href;
  const script = `const { lockFolder } = await import(${JSON.stringify(source)});
    lockFolder(${JSON.stringify(folder)});
    gc();
    console.log('locked');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  expect(() => lockFolder(folder)).toThrow('another Gavel process');
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  lockFolder(folder).release();
});
