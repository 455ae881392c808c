/**
 * Prepares a checkout before npm's own scripts run. Plain JavaScript for Node 20 and later, without dependencies,
 * because a clean clone has nothing else installed.
 *
 *   node scripts/bootstrap.mjs             installs dependencies when they are missing or differ from the lockfile
 *   node scripts/bootstrap.mjs --page      also builds the console page and the client SDK when they are missing or
 *                                          older than their sources
 *   node scripts/bootstrap.mjs --sdk       builds the client SDK alone
 *   node scripts/bootstrap.mjs --cli       builds the command line for its package; a checkout runs its sources
 *   node scripts/bootstrap.mjs --page --production
 *                                          installs no development packages; builds only if those are installed
 *   node scripts/bootstrap.mjs --browser   also makes sure that the programs of the tests are installed: a Chromium, a TURN
 *                                          server (coturn), a NATS server
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium, findCoturn, findHeadlessShell, findNatsServer, findPostgres } from './find-programs.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const modules = join(root, 'node_modules');
const installStamp = join(modules, '.gavel-install');
const isWindows = process.platform === 'win32';
const localNode = join(modules, 'node', 'bin', isWindows ? 'node.exe' : 'node');

const printLine = (text) => console.log(`gavel: ${text}`);

/** Prints the output of the failed command and an error message, and ends the process. */
function fail(text, output = '') {
  if (output) process.stderr.write(output.endsWith('\n') ? output : `${output}\n`);
  console.error(`gavel: ${text}`);
  process.exit(1);
}

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Runs a command without printing; returns its output. */
function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26, ...options });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ? `${result.error.message}\n` : ''}`;
  return { ok: result.status === 0, output };
}

/** Runs the npm that started this script, or else the one on PATH. */
function runNpm(args) {
  const cli = process.env.npm_execpath;
  if (cli && /\.[cm]?js$/.test(cli)) return run(process.env.npm_node_execpath ?? process.execPath, [cli, ...args]);
  return run(isWindows ? 'npm.cmd' : 'npm', args, { shell: isWindows });
}

/** Returns whether the installed packages have the versions of the lockfile. */
function isInstalled(lockfile, needsDev) {
  const installed = readText(join(modules, '.package-lock.json'));
  if (installed === undefined || !existsSync(localNode)) return false;
  const have = JSON.parse(installed).packages;
  return Object.entries(JSON.parse(lockfile).packages).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') || entry.link || (entry.dev && !needsDev)) return true;
    const found = have[path];
    return found === undefined ? Boolean(entry.optional || entry.devOptional) : found.version === entry.version;
  });
}

function install(needsDev) {
  const lockfile = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const withDev = sha256(lockfile, process.platform, process.arch);
  const withoutDev = sha256(withDev, 'production');
  const stamp = readText(installStamp);
  if (existsSync(localNode) && (stamp === withDev || (stamp === withoutDev && !needsDev))) return;
  if (!isInstalled(lockfile, needsDev)) {
    printLine('installing dependencies ...');
    const began = Date.now();
    // Errors only: some packages require a newer Node than the one that runs npm; they run under the Node installed here.
    const flags = [needsDev ? '--include=dev' : '--omit=dev', '--loglevel=error', '--no-progress'];
    let { ok, output } = runNpm(['ci', ...flags]);
    // `npm ci` refuses a lockfile that lacks an optional package of another platform; `npm install` ignores this. It
    // still installs the locked versions, and with --no-save it does not change the lockfile.
    if (!ok && /EUSAGE/.test(output)) ({ ok, output } = runNpm(['install', '--no-save', ...flags]));
    if (!ok) fail('npm failed to install the dependencies; see the output above.', output);
    if (!existsSync(localNode)) {
      fail('npm did not install the Node runtime. Are install scripts disabled (ignore-scripts)?', output);
    }
    printLine(`dependencies installed in ${Math.round((Date.now() - began) / 1000)} s.`);
  }
  writeFileSync(installStamp, isInstalled(lockfile, true) ? withDev : withoutDev);
}

/** Lists the files that the page is built from. */
function listSources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['dist', 'node_modules'].includes(entry.name) ? [] : listSources(path);
    return entry.name.includes('.test.') ? [] : [path];
  });
}

/** Builds a package, and runs what is to follow, unless its sources, those of the packages that it bundles and the lockfile are as at the last build. */
function build(what, name, bundled, command, follow) {
  const folder = join(root, 'packages', name);
  const stamp = join(folder, 'dist', '.gavel-sources');
  const sources = [name, ...bundled].flatMap((each) => listSources(join(root, 'packages', each))).sort();
  const wanted = sha256(
    ...sources.flatMap((path) => [relative(root, path), readFileSync(path)]),
    readFileSync(join(root, 'package-lock.json')),
  );
  if (readText(stamp) === wanted) return;
  printLine(`building the ${what} ...`);
  // Also when tests start it, whose environment is that of tests.
  const env = { ...process.env, NODE_ENV: 'production' };
  const { ok, output } = run(localNode, command, { cwd: folder, env });
  if (!ok) fail(`the build of the ${what} failed; see the output above.`, output);
  follow?.(folder);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** Returns whether a build tool is installed. Without it, the server offers what was built before. */
function isInstalledTool(what, name, tool) {
  if (existsSync(tool)) return true;
  if (!existsSync(join(root, 'packages', name, 'dist'))) {
    printLine(`the ${what} is not built, and the server does not offer it; \`npm run build\` builds it.`);
  }
  return false;
}

function buildPage() {
  const vite = join(modules, 'vite', 'bin', 'vite.js');
  if (isInstalledTool('page', 'console', vite))
    build('page', 'console', ['client', 'protocol'], [vite, 'build', '--logLevel', 'warn']);
}

function buildSdk() {
  const tsdown = join(modules, 'tsdown', 'dist', 'run.mjs');
  if (isInstalledTool('client SDK', 'client', tsdown))
    build('client SDK', 'client', ['protocol'], [tsdown, '--log-level', 'warn'], packSdk);
}

function buildCli() {
  const tsdown = join(modules, 'tsdown', 'dist', 'run.mjs');
  build('command line', 'cli', ['protocol', 'server'], [tsdown, '--log-level', 'error']);
}

/** Packs the built client SDK into its own `dist`, from where the server offers it for `npm install`. */
function packSdk(folder) {
  const { ok, output } = runNpm([
    'pack',
    folder,
    '--ignore-scripts',
    '--silent',
    '--pack-destination',
    join(folder, 'dist'),
  ]);
  if (!ok) fail('npm failed to pack the client SDK; see the output above.', output);
}

/**
 * Makes sure that a program for tests is installed; without it, the tests that need it are skipped. A
 * program that only makes them faster is optional.
 */
function ensureProgram({ name, find, packageName, service, variable, hint, skipped, isOptional = false }) {
  if (find() !== undefined) return;
  const isRoot = process.getuid?.() === 0;
  const isDebian = /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readText('/etc/os-release') ?? '');
  let output = '';
  if (isRoot && isDebian && !process.env[variable]) {
    printLine(`installing ${name} for the tests (apt-get) ...`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const update = run('apt-get', ['update', '-qq'], { env });
    const result = run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', packageName], { env });
    // A package with a service starts it; the tests start their own.
    if (result.ok && service && existsSync('/run/systemd/system')) run('systemctl', ['disable', '--now', service]);
    if (result.ok && find() !== undefined) return;
    output = update.output + result.output;
  }
  if (isOptional) return;
  const line = `no ${name} found; tests need one: \`apt-get install ${packageName}\` (or ${hint} in ${variable}).`;
  if (process.env.CI === 'true') fail(line, output);
  if (output) process.stderr.write(output);
  printLine(`${line} ${skipped}`);
}

function ensureTestPrograms() {
  ensureProgram({
    name: 'Chromium',
    find: findChromium,
    packageName: 'chromium',
    variable: 'GAVEL_TEST_CHROMIUM',
    hint: 'any Chrome on PATH, or its path',
    skipped: 'The end-to-end tests are skipped.',
  });
  ensureProgram({
    name: "Chromium's headless shell",
    find: () => (findHeadlessShell() === findChromium() ? undefined : findHeadlessShell()),
    packageName: 'chromium-headless-shell',
    variable: 'GAVEL_TEST_CHROMIUM',
    isOptional: true,
  });
  ensureProgram({
    name: 'TURN server',
    find: findCoturn,
    packageName: 'coturn',
    service: 'coturn',
    variable: 'GAVEL_TEST_COTURN',
    hint: 'the path of turnserver',
    skipped: 'The tests of TURN are skipped.',
  });
  ensureProgram({
    name: 'NATS server',
    find: findNatsServer,
    packageName: 'nats-server',
    service: 'nats-server',
    variable: 'GAVEL_TEST_NATS',
    hint: 'the path of nats-server',
    skipped: 'The tests of several machines are skipped.',
  });
  ensureProgram({
    name: 'PostgreSQL server',
    find: findPostgres,
    packageName: 'postgresql',
    service: 'postgresql',
    variable: 'GAVEL_TEST_POSTGRES',
    hint: 'the folder of initdb and postgres',
    skipped: 'The tests of stores in PostgreSQL and of several machines are skipped.',
  });
}

const wanted = new Set(process.argv.slice(2));
install(!wanted.has('--production'));
if (wanted.has('--page')) buildPage();
if (wanted.has('--page') || wanted.has('--sdk')) buildSdk();
if (wanted.has('--cli')) buildCli();
if (wanted.has('--browser')) ensureTestPrograms();
