import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../../packages/cli/src/commands.ts';

test('a test runs every command of the table', () => {
  const folder = new URL('./', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));
  const text = files.map((name) => readFileSync(new URL(name, folder), 'utf8')).join('\n');
  const isRun = (name: string): boolean => text.includes(`['${name.replace(' ', "', '")}'`);
  expect(COMMANDS.map(({ name }) => name).filter((name) => !isRun(name))).toEqual([]);
});
