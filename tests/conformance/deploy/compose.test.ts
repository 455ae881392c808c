/**
 * The compose files of `deploy/`: the server accepts the variables that they set, what they name exists, and they conform to the
 * schema of compose files where a program that knows it is installed.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '@gavel/server';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly stop_grace_period?: string;
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets?: Readonly<Record<string, unknown>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

const DEPLOY = fileURLToPath(new URL('../../../deploy/', import.meta.url));
const FILES = globSync('**/compose*.yaml', { cwd: DEPLOY });
const HAS_COMPOSE = spawnSync('docker-compose', ['--version']).error === undefined;

/** What an operator sets; other variables get a text. */
const VALUES: Readonly<Record<string, string>> = { DOMAIN: 'rooms.example.org', PUBLIC_ADDRESS: '203.0.113.7' };
const readValue = (name: string): string => VALUES[name] ?? 'a-value';
const VARIABLE = /\$\{(\w+)(?::?[-?][^}]*)?\}/g;
const fill = (text: string): string => text.replace(VARIABLE, (_, name: string) => readValue(name));

/** The content of a secret's file. */
function readSecret(path: string): string {
  if (basename(path) === 'apps') return '[]';
  return /url/.test(path)
    ? 'postgres://gavel:a-password@database:5432/gavel'
    : 'a-secret-0123456789-0123456789-0123456789';
}

describe.each(FILES)('%s', (path) => {
  const text = readFileSync(join(DEPLOY, path), 'utf8');
  const { services, secrets = {}, volumes = {} } = parse(text, { merge: true }) as ComposeFile;
  const folder = dirname(join(DEPLOY, path));
  const servers = Object.values(services).filter(({ image }) => image === 'gavel');

  test('sets variables that the server accepts, and leaves a stop enough time', () => {
    expect(servers.length).toBeGreaterThan(0);
    for (const { environment = {}, stop_grace_period = '' } of servers) {
      const env = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, fill(value)]));
      const config = loadConfig({ argv: [], env, readFile: readSecret });
      expect(config).toMatchObject({ mode: 'production', publicUrl: `https://${VALUES.DOMAIN}` });
      expect(config.media.announcedAddress).toBeDefined();
      expect(config.turn.urls).toContain(`turn:${VALUES.DOMAIN}:3478?transport=udp`);
      // A stop with a locked database takes 30 s.
      expect(Number.parseInt(stop_grace_period, 10)).toBeGreaterThanOrEqual(35);
    }
  });

  test('names files, secrets and volumes that exist', () => {
    for (const { build, volumes: mounts = [], secrets: used = [] } of Object.values(services)) {
      for (const secret of used) expect(Object.keys(secrets)).toContain(secret);
      if (build) expect(existsSync(join(folder, build.context, build.dockerfile))).toBe(true);
      for (const source of mounts.map((mount) => mount.split(':')[0] ?? '')) {
        if (source.startsWith('.')) expect(existsSync(join(folder, source))).toBe(true);
        else expect(Object.keys(volumes)).toContain(source);
      }
    }
  });

  test.skipIf(!HAS_COMPOSE)('conforms to the schema of compose files', () => {
    const names = [...text.matchAll(VARIABLE)].map(([, name = '']) => name);
    const env = { PATH: process.env.PATH, ...Object.fromEntries(names.map((name) => [name, readValue(name)])) };
    const { status, stderr } = spawnSync('docker-compose', ['-f', join(DEPLOY, path), 'config', '-q'], {
      encoding: 'utf8',
      env,
    });
    expect([stderr, status]).toEqual(['', 0]);
  });
});
