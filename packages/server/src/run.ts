/**
 * The process: handles arguments, environment and signals.
 *
 * @module
 */

import { networkInterfaces } from 'node:os';
import { type Config, ConfigError, loadConfig } from './config.ts';
import { loadDevCredentials, withDevApp } from './dev/dev-app.ts';
import { type GavelServer, startServer } from './server.ts';
import { claimResources } from './startup/claim.ts';
import { describeMediaAddress } from './startup/media-address.ts';
import { signedPath } from './zego/signed-path.ts';

/** The process exits after this time even if the server has not closed. */
const STOP_TIMEOUT_MS = 5000;

function readConfig(): Config {
  try {
    return loadConfig({ argv: process.argv.slice(2), env: process.env });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}

/** Prints the base URL, the address of media and, in dev mode, a signed call that can be pasted into a shell. */
function greet(config: Config, server: GavelServer): void {
  const ports = server.engine.health().map(({ port }) => port);
  const lines = [`Gavel is ready at ${server.baseUrl}`, ...describeMediaAddress(config, ports, networkInterfaces())];
  const app = config.mode === 'dev' ? config.apps.at(-1) : undefined;
  if (app) {
    const call = signedPath(app, 'DescribeUserNum', { 'RoomId[]': ['lobby'] }, Date.now());
    lines.push(
      '',
      `Open ${server.baseUrl}/?room=lobby in two tabs.`,
      'Dev mode: logins need no token, and the page can sign calls. Do not expose this server to the internet.',
      `Credentials: ${config.dataDir}/dev-credentials.json`,
      '',
      'A signed call, good for ten minutes:',
      `  curl '${server.baseUrl}${call}'`,
    );
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

function stopOnSignal(server: GavelServer): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`stopping failed: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exit(1);
      },
    );
  };
  // SIGHUP is sent when the terminal closes; it does not reload the configuration.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
}

/** Claims the port and the folder first: if either is in use, nothing is changed, not even the dev credentials. */
async function start(read: Config): Promise<void> {
  const claim = await claimResources(read);
  const config = read.mode === 'dev' ? withDevApp(read, loadDevCredentials(read.dataDir, claim.baseUrl)) : read;
  const server = await startServer(config, { claim });
  stopOnSignal(server);
  greet(config, server);
}

// A closed output pipe or a full disk must not end the server.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
try {
  await start(readConfig());
} catch (error) {
  process.stderr.write(`Gavel could not start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
