import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { codesOfAction } from './actions/action.ts';
import { NOT_ENABLED } from './actions/not-enabled.ts';
import { ACTIONS } from './actions/registry.ts';
import { CODES } from './codes.ts';
import { printReturnCodeReference } from './reference.ts';

const page = (name: string) => readFileSync(new URL(`../../../../docs/reference/${name}`, import.meta.url), 'utf8');

test('no number stands for two codes', () => {
  const numbers = Object.values(CODES).map(({ code }) => code);
  expect(new Set(numbers).size).toBe(numbers.length);
});

test('the page of return codes is what the code prints', () => {
  expect(page('zego-return-codes.md')).toBe(printReturnCodeReference());
});

describe('the page of the API', () => {
  const sections = new Map(
    page('zego-api.md')
      .split(/^## /m)
      .map((section) => [section.slice(0, section.indexOf('\n')), section]),
  );

  test.each(ACTIONS)('tells the parameters, rates and codes of $name', (action) => {
    const section = sections.get(action.name) ?? '';
    expect(section).toContain(`Rate: ${action.rate.production}/s, test environment ${action.rate.test}/s`);
    if (action.roomRate) expect(section).toContain(`${action.roomRate.calls} per ${action.roomRate.windowMs / 1000} s`);
    for (const { name, type, required, rule } of action.parameters) {
      expect(section).toContain(`| ${name} | ${type} | ${required ? 'yes' : 'no'} | ${rule}`);
    }
    const listed = [...section.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    const own = codesOfAction(action).filter((code) => code !== CODES.success);
    expect(listed).toEqual(own.map(({ code }) => code));
  });
});

test('the page of the API lists every Action of a service that is not there', () => {
  const section = page('zego-api.md').split('## Services that are not there\n')[1]?.split('\n## ', 1)[0] ?? '';
  for (const [service, names] of Object.entries(NOT_ENABLED)) {
    expect(section).toContain(`| ${service} | ${names.join(', ')} |`);
  }
});
