/**
 * The files of `deploy/`: what they name exists, and the programs that read them accept them, where those are installed.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FakeMediaEngine } from '@gavel/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Metrics } from '../../../packages/server/src/telemetry/metrics.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const DEPLOY = join(ROOT, 'deploy');
const read = (path: string): string => readFileSync(join(DEPLOY, path), 'utf8');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gavel-deploy-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const isInstalled = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

/** Runs a program; returns what it says, and an empty text if it accepts its input silently. @throws if it refuses */
function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

/** Returns the names of metrics in queries, without the endings that Prometheus adds to histograms. */
function metricsIn(queries: readonly string[]): string[] {
  const names = queries.flatMap((query) => query.match(/\b(gavel|nodejs|process)_\w+/g) ?? []);
  return [...new Set(names.map((name) => name.replace(/_bucket$/, '')))];
}

interface Alerts {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}
interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly query: string | { readonly query: string } }[] };
}

test('every metric of the dashboard and of the alert rules exists', async () => {
  const alerts = parse(read('monitoring/alerts.yaml')) as Alerts;
  const dashboard = JSON.parse(read('monitoring/grafana-dashboard.json')) as Dashboard;
  const rules = alerts.groups.flatMap((group) => group.rules);
  const variables = dashboard.templating.list.map(({ query }) => (typeof query === 'string' ? query : query.query));
  const queries = [
    ...rules.map(({ expr }) => expr),
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...variables,
  ];
  expect(rules.length).toBeGreaterThan(5);
  expect(dashboard.panels.length).toBeGreaterThan(20);
  const metrics = new Metrics();
  const sources = { engine: new FakeMediaEngine(), connectionCount: () => 0, version: '1.2.3' };
  metrics.observe({ ...sources, certificateExpiresAtMs: () => 0 });
  metrics.callbacks.observe({ countPending: async () => 0, findOldestAgeMs: async () => 0 });
  const known = new Set([...(await metrics.text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  expect(metricsIn(queries).filter((name) => !known.has(name))).toEqual([]);
});

test.skipIf(!isInstalled('promtool'))('Prometheus accepts the alert rules', () => {
  expect(run('promtool', 'check', 'rules', join(DEPLOY, 'monitoring/alerts.yaml'))).toContain('SUCCESS');
});

test('the image runs the program that exists, as a user without rights', () => {
  const dockerfile = read('docker/Dockerfile');
  const [, program = ''] = /^ENTRYPOINT \["[^"]+", "([^"]+)"\]$/m.exec(dockerfile) ?? [];
  expect(existsSync(join(ROOT, program))).toBe(true);
  expect(dockerfile).toMatch(/^USER 10001:10001$/m);
  for (const [, script = ''] of dockerfile.matchAll(/node (scripts\/\S+)/g))
    expect(existsSync(join(ROOT, script))).toBe(true);
});

test.skipIf(!isInstalled('systemd-analyze'))('systemd accepts the unit, and finds it well confined', () => {
  const unit = join(folder, 'gavel.service');
  const text = read('systemd/gavel.service');
  const [, program = ''] = /^ExecStart=\S+ (\S+)/m.exec(text) ?? [];
  expect(existsSync(join(ROOT, program))).toBe(true);
  // A stop with a locked database takes 30 s.
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)?.[1])).toBeGreaterThanOrEqual(35);
  // The programs of the unit must exist.
  writeFileSync(unit, text.replaceAll('/opt/gavel/node_modules/.bin/node', process.execPath));
  expect(
    run('systemd-analyze', 'verify', unit)
      .split('\n')
      .filter((line) => line.includes('gavel.service')),
  ).toEqual([]);
  const report = run('systemd-analyze', 'security', '--offline=true', unit);
  const [, exposure = '10'] = /Overall exposure level for \S+: ([\d.]+)/.exec(report) ?? [];
  expect(Number(exposure)).toBeLessThan(3);
});

test.skipIf(!isInstalled('nginx'))('nginx accepts its example', () => {
  const certificate = ['-keyout', join(folder, 'privkey.pem'), '-out', join(folder, 'fullchain.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=x'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...certificate], { stdio: 'ignore' });
  const example = read('proxy/nginx.conf').replaceAll('/etc/letsencrypt/live/rooms.example.org', folder);
  const main = join(folder, 'main.conf');
  writeFileSync(main, `pid ${folder}/pid; events {} http { ${example} }`);
  expect(run('nginx', '-t', '-c', main, '-e', join(folder, 'error.log'), '-p', dirname(main))).toContain(
    'syntax is ok',
  );
});

test.skipIf(!isInstalled('caddy'))('Caddy accepts its example', () => {
  const config = ['--config', join(DEPLOY, 'proxy/Caddyfile'), '--adapter', 'caddyfile'];
  expect(run('caddy', 'validate', ...config)).toContain('Valid configuration');
});
