import { describe, expect, it } from 'vitest';
import { findDevOnly, parseExplained } from './check-dependencies.ts';
import { findImportProblem, findImports } from './check-imports.ts';
import { countCodeLines } from './check-length.ts';
import { parseLinks } from './check-links.ts';
import { compareRules, parseRules } from './check-rules.ts';
import { findVendorWords } from './check-vendor-words.ts';
import { readEntryComments } from './generate-docs.ts';
import { stripComments } from './lib.ts';
import { countReport, countsLine, findFailures, type Report } from './test-report.ts';
import { setManifestVersion } from './versions.ts';

describe('comments', () => {
  it('are blanked, strings and line numbers kept', () => {
    expect(stripComments("a // b\n/* c\nd */ 'e // f'")).toBe("a     \n    \n     'e // f'");
  });
});

describe('imports', () => {
  it('are found in every form, but not in comments', () => {
    const text = [
      "import a, { b } from './a.ts';",
      "import type { C } from '@gavel/protocol';",
      "import './side.css';",
      "export * from './d.ts';",
      "const e = await import('node:fs');",
      "// import f from './f.ts';",
      'import {',
      '  g,',
      "} from './g.ts';",
    ].join('\n');
    expect(findImports(text)).toEqual([
      { specifier: './a.ts', line: 1 },
      { specifier: '@gavel/protocol', line: 2 },
      { specifier: './side.css', line: 3 },
      { specifier: './d.ts', line: 4 },
      { specifier: 'node:fs', line: 5 },
      { specifier: './g.ts', line: 9 },
    ]);
  });

  const declared = new Set(['fastify', '@fastify/static']);
  const problemOf = (path: string, specifier: string) => findImportProblem(`packages/${path}`, specifier, declared);

  it.each([
    ['protocol/src/ids.ts', '@gavel/media'],
    ['media/src/worker/a.ts', '@gavel/server'],
    ['client/src/core/a.ts', '@gavel/server'],
    ['client/src/core/a.ts', '../zego/engine.ts'],
    ['client/src/liveroom/a.ts', '../zego/engine.ts'],
    ['console/src/a.tsx', '../../../scripts/lib.ts'],
    ['console/src/a.tsx', '@gavel/server'],
    ['server/src/zego/door.ts', '../realtimekit/door.ts'],
    ['server/src/zego/door.ts', '../server.ts'],
    ['server/src/store/store.ts', '../zego/door.ts'],
    ['server/src/rooms/room.ts', '../store/store.ts'],
    ['server/src/rooms/room.ts', '../owner/rooms.ts'],
    ['server/src/rooms/room.ts', 'fastify'],
    ['server/src/owner/rooms.ts', '../bus/bus.ts'],
    ['server/src/base/clock.ts', '../rooms/room.ts'],
    ['server/src/rooms/room.ts', 'node:fs'],
    ['server/src/server.ts', './main.ts'],
    ['server/src/server.ts', './run.ts'],
    ['server/src/zego/door.ts', '../../../protocol/src/ids.ts'],
    ['server/src/zego/door.ts', './access'],
    ['server/src/zego/door.ts', 'kysely'],
  ])('that go the wrong way are refused: %s to %s', (path, specifier) => {
    expect(problemOf(path, specifier)).toBeTypeOf('string');
  });

  it.each([
    ['server/src/zego/actions/kickout-user.ts', '../params.ts'],
    ['server/src/zego/door.ts', '../owner/rooms.ts'],
    ['server/src/owner/rooms.ts', '../rooms/room.ts'],
    ['server/src/rooms/facts.ts', '../claims/claims.ts'],
    ['server/src/claims/claims.ts', '../base/app-scope.ts'],
    ['server/src/zego/door.ts', '../telemetry/log.ts'],
    ['server/src/media-control/a.ts', '../rooms/events.ts'],
    ['server/src/server.ts', './zego/door.ts'],
    ['server/src/main.js', './run.ts'],
    ['server/src/run.ts', './server.ts'],
    ['server/src/rooms/room.ts', '@gavel/protocol'],
    ['server/src/web/built-pages.ts', '@fastify/static'],
    ['server/src/rooms/room.test.ts', '@gavel/testkit'],
    ['server/src/rooms/testing.ts', '@gavel/testkit'],
    ['client/src/index.ts', './core/client.ts'],
    ['client/src/zego/engine.ts', '../core/client.ts'],
    ['console/src/a.tsx', '@gavel/client/zego'],
    ['console/vite.config.ts', '../../scripts/write-compressed.ts'],
  ])('that go the right way are taken: %s to %s', (path, specifier) => {
    expect(problemOf(path, specifier)).toBeUndefined();
  });
});

describe('rules', () => {
  const spec = '| KICK-1 | One. |\n| KICK-2 | Two. (later) |\n| ACC-1 | Three. |';

  it('are read from the tables of SPEC.md', () => {
    expect(parseRules(spec)).toEqual([
      { id: 'KICK-1', isLater: false },
      { id: 'KICK-2', isLater: true },
      { id: 'ACC-1', isLater: false },
    ]);
  });

  it('need a test, unless they are for later; a test needs its rule', () => {
    const tests = [{ path: 'a.test.ts', text: 'it kicks (KICK-1), in UTF-8, see KICK-9' }];
    expect(compareRules(parseRules(spec), tests)).toEqual([
      'a.test.ts cites KICK-9, which is not in SPEC.md',
      'no test cites: ACC-1',
    ]);
  });
});

describe("vendors' words", () => {
  const wordsOf = (text: string) => findVendorWords({ path: 'a.ts', text });

  it('are refused in code', () => {
    expect(wordsOf("const a = 'zego';\nif (code === 1002055) call('KickoutUser');")).toHaveLength(3);
  });

  it('are free in comments, and plain numbers are no codes', () => {
    expect(wordsOf('/** Reference zego 4.7. */\nconst limit = 1_000_000 + 1000000 + 100000; // RealtimeKit')).toEqual(
      [],
    );
  });
});

describe('the rest', () => {
  it('counts lines of code without blanks and comments', () => {
    expect(countCodeLines('/**\n * a\n */\n\nconst b = 1; // c\n')).toBe(1);
  });

  it('reads the explained dependencies from the first column', () => {
    expect([...parseExplained('| `ws` | server | instead of `own` |\n| Package |')]).toEqual(['ws']);
  });

  it('finds what production needs and npm installs for development only', () => {
    const packages = { 'node_modules/ws': {}, 'node_modules/vite': { dev: true } };
    expect(findDevOnly(['ws', 'vite', 'gone'], packages)).toEqual([
      'package-lock.json: npm does not install vite for production',
      'package-lock.json: npm does not install gone for production',
    ]);
  });

  it('sets the version of a manifest and of the packages of this repository that it depends on', () => {
    const manifest = { version: '1.0.0', dependencies: { '@gavel/protocol': '1.0.0', ws: '8.0.0' } };
    setManifestVersion(manifest, '2.0.0');
    expect(manifest).toEqual({ version: '2.0.0', dependencies: { '@gavel/protocol': '2.0.0', ws: '8.0.0' } });
  });

  it('finds relative links, without pictures and addresses', () => {
    const text = '[a](b.md)\n![c](d.png) [e](https://f.example) [g](#h) [i](j.md#k)';
    expect(parseLinks(text)).toEqual([
      { target: 'b.md', line: 1 },
      { target: 'j.md', line: 2 },
    ]);
  });

  it('reads the doc comment of each entry', () => {
    expect(readEntryComments('{\n  /** One. */\n  a: 1,\n}').get('a')).toBe('One.');
  });

  it('counts a file that failed as a whole as one failure', () => {
    const report: Report = {
      numPassedTests: 3,
      numFailedTests: 1,
      numPendingTests: 2,
      testResults: [
        { name: '/a.test.ts', status: 'failed', message: 'Error: no module\n  at x', assertionResults: [] },
        {
          name: '/b.test.ts',
          status: 'failed',
          assertionResults: [
            { status: 'passed', fullName: 'group works' },
            { status: 'failed', fullName: 'group breaks', failureMessages: ['AssertionError: 1 is not 2\n  at y'] },
          ],
        },
        { name: '/c.test.ts', status: 'passed', assertionResults: [{ status: 'passed', fullName: 'c' }] },
      ],
    };
    const counts = countReport(report);
    expect(countsLine(counts)).toBe('3 passed, 2 failed, 2 skipped');
    expect(countsLine({ passed: 1, failed: 0, skipped: 0 })).toBe('1 passed, 0 failed');
    expect(findFailures(report)).toEqual([
      { file: '/a.test.ts', message: 'Error: no module' },
      { file: '/b.test.ts', test: 'group breaks', message: 'AssertionError: 1 is not 2' },
    ]);
  });
});
