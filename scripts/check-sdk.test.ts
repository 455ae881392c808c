import { expect, test } from 'vitest';
import { listModules } from './check-sdk.ts';

test('the size of an entry includes every module that it loads, once', () => {
  const modules: Record<string, string> = {
    'zego.js': 'import{a}from"./session-1.js";import"./polyfill.js";export{b}from"./capture.js"',
    'session-1.js': 'export const a=1',
    'polyfill.js': '',
    'capture.js': 'import { a } from "./session-1.js";',
  };
  const names = listModules('zego.js', (name) => modules[name] ?? '');
  expect(names.sort()).toEqual(['capture.js', 'polyfill.js', 'session-1.js', 'zego.js']);
});
