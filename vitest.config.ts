/**
 * The tiers of tests as projects: `unit`, `conformance`, `bus`, `nodes`, `chaos`, `e2e`. `npm test -- unit` runs one of them.
 *
 * Tests run in child processes, never in worker threads: the WebRTC binding ends a process that loads it in a thread.
 */

import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { findChromium, findCoturn, findHeadlessShell, findNatsServer, findPostgres } from './scripts/find-programs.mjs';

/** A timeout ends a test that hangs; it judges no speed, so that a busy machine fails none. */
const PATIENCE = { testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 30_000 } } };

/** Conformance tests that start processes, or ask nothing of rooms. */
const OF_ONE_PROCESS = [
  '**/{process,reload,locked-database,sdk,sdk-install,playground,console,release,admin-apps,strictness}.test.ts',
  '**/conformance/{cli,deploy}/**',
];

const [POSTGRES = '', NATS_SERVER = ''] = [findPostgres(), findNatsServer()];

export default defineConfig({
  // The workspace uses the client's sources; its package exports what is built for others.
  resolve: { tsconfigPaths: true },
  test: {
    passWithNoTests: true,
    pool: 'forks',
    // As many as cores, also where there are two; Vitest leaves one core free.
    maxWorkers: availableParallelism(),
    // A file shares its process with others: most of the time of a file with its own process is spent on imports.
    isolate: false,
    // So that no file leaves its stubs to the next one.
    unstubGlobals: true,
    // Empty where there is none: tests that need it are then skipped.
    env: { GAVEL_TEST_POSTGRES: POSTGRES, GAVEL_TEST_NATS: NATS_SERVER },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.{ts,tsx}',
            'scripts/**/*.test.ts',
            'bench/**/*.test.ts',
            'tests/contract/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', '**/*.e2e.test.ts'],
          ...PATIENCE,
        },
      },
      {
        extends: true,
        test: {
          name: 'conformance',
          include: ['tests/conformance/**/*.test.ts'],
          ...PATIENCE,
        },
      },
      {
        // The same tests, with servers that are two nodes and whose bus delays every message (BUS-4).
        extends: true,
        test: {
          name: 'bus',
          include: ['tests/conformance/**/*.test.ts'],
          exclude: OF_ONE_PROCESS,
          env: { GAVEL_TEST_BUS: process.env.GAVEL_TEST_BUS ?? 'nodes' },
          ...PATIENCE,
        },
      },
      {
        // The same tests on three nodes, joined by a NATS server and a PostgreSQL database (CLUS-1).
        extends: true,
        test: {
          name: 'nodes',
          include: POSTGRES && NATS_SERVER ? ['tests/conformance/**/*.test.ts'] : [],
          exclude: OF_ONE_PROCESS,
          env: { GAVEL_TEST_BUS: 'cluster' },
          ...PATIENCE,
        },
      },
      {
        extends: true,
        test: {
          name: 'chaos',
          include: ['tests/chaos/**/*.test.ts', 'tests/cluster/**/*.test.ts'],
          fileParallelism: false,
          ...PATIENCE,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts', 'packages/**/*.e2e.test.ts'],
          exclude: ['**/node_modules/**'],
          globalSetup: 'tests/e2e/build.ts',
          // Empty where there is none: tests that need it are then skipped.
          env: {
            GAVEL_TEST_CHROMIUM: findChromium() ?? '',
            GAVEL_TEST_HEADLESS_SHELL: findHeadlessShell() ?? '',
            GAVEL_TEST_COTURN: findCoturn() ?? '',
          },
          ...PATIENCE,
          // One file at a time: they share the machine's cores, and some of them measure.
          fileParallelism: false,
        },
      },
    ],
  },
});
