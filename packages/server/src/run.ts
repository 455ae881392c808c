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
import { logProcessTo } from './startup/process-log.ts';
import { signedPath } from './zego/signed-path.ts';

/** The process exits after this time even if the server has not closed. */
const STOP_TIMEOUT_MS = 5000;
/** How long a node of a cluster goes on for its clients while it ends. */
const DRAIN_TIMEOUT_MS = 10_000;

const readConfig = (): Config => loadConfig({ argv: process.argv.slice(2), env: process.env });

/** Prints the base URL, the address of media and a signed call that can be pasted into a shell. */
function greetDeveloper(config: Config, server: GavelServer, media: readonly string[]): void {
  const lines = [`Gavel is ready at ${server.baseUrl}`, ...media];
  const app = config.apps.at(-1);
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

/** Says where the server listens: in dev mode as text, in production as lines of the log. */
function greet(config: Config, server: GavelServer): void {
  const ports = server.engine.health().map(({ port }) => port);
  const media = describeMediaAddress(config, ports, networkInterfaces());
  if (config.mode === 'dev') return greetDeveloper(config, server, media);
  for (const line of media) server.log.info(line);
  server.log.info({ baseUrl: server.baseUrl, pid: process.pid }, 'Gavel is ready');
}

/** Returns the function that ends the process once: it drains a node of a cluster, and closes the server. */
function createStop(): { stop(drainMs: number): void; begin(server: GavelServer): void } {
  const started = Promise.withResolvers<GavelServer>();
  let isStopping = false;
  const end = async (drainMs: number): Promise<void> => {
    const server = await started.promise;
    await server.drain(drainMs);
    await server.close();
  };
  return {
    begin: (server) => started.resolve(server),
    stop(drainMs) {
      if (isStopping) return;
      isStopping = true;
      setTimeout(() => process.exit(1), STOP_TIMEOUT_MS + drainMs).unref();
      end(drainMs).then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`stopping failed: ${messageOf(error)}\n`);
          process.exit(1);
        },
      );
    },
  };
}

/** Reads the configuration again at each SIGHUP. A configuration that is refused changes nothing (START-4). */
function reloadOnSignal(server: GavelServer): void {
  const reload = async (): Promise<void> => {
    try {
      const { reloaded, needRestart } = await server.reload(readConfig());
      server.log.info({ reloaded, needRestart }, 'configuration reloaded');
      if (needRestart.length > 0) server.log.warn({ needRestart }, 'these keys have changed and need a restart');
    } catch (error) {
      server.log.error(
        { problem: messageOf(error) },
        'the configuration was not reloaded; the server goes on as before',
      );
    }
  };
  let last = Promise.resolve();
  process.on('SIGHUP', () => {
    last = last.then(reload);
  });
}

/** Claims the port and the folder first: if either is in use, nothing is changed, not even the dev credentials. */
async function start(read: Config): Promise<void> {
  const claim = await claimResources(read);
  const config = read.mode === 'dev' ? withDevApp(read, loadDevCredentials(read.dataDir, claim.baseUrl)) : read;
  const { stop, begin } = createStop();
  const server = await startServer(config, { claim, requestDrain: stop });
  begin(server);
  const drainMs = config.cluster ? (config.cluster.drainTimeoutMs ?? DRAIN_TIMEOUT_MS) : 0;
  const stopOn = (signals: readonly NodeJS.Signals[]): void => {
    for (const signal of signals) process.on(signal, () => stop(drainMs));
  };
  if (config.mode === 'production') {
    logProcessTo(server.log);
    stopOn(['SIGTERM', 'SIGINT']);
    reloadOnSignal(server);
  } else {
    // SIGHUP is sent when the terminal closes.
    stopOn(['SIGTERM', 'SIGINT', 'SIGHUP']);
  }
  greet(config, server);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

// A closed output pipe or a full disk must not end the server.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
try {
  await start(readConfig());
} catch (error) {
  const isRefused = error instanceof ConfigError;
  process.stderr.write(isRefused ? `${error.message}\n` : `Gavel could not start: ${messageOf(error)}\n`);
  process.exit(isRefused ? 2 : 1);
}
