import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const read = (url: string) => readFileSync(fileURLToPath(new URL(url, import.meta.url)), 'utf8');

test('every name that the vendor’s package exports can be imported from this one (SDK-2)', () => {
  const vendor = read('../../../../node_modules/@cloudflare/realtimekit/dist/index.d.ts');
  const exported = /^export \{ (.*) \};$/m.exec(vendor)?.[1] ?? '';
  const names = exported.split(', ').map((entry) => entry.split(' as ').at(-1) ?? '');
  expect(names.length).toBeGreaterThan(50);
  const own = read('./index.ts') + read('./type-names.ts');
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(own))).toEqual([]);
});
