/**
 * A Janus process with the VideoRoom plugin and the WebSocket API, set up for speed as its documentation advises: two
 * event loops, next to no log.
 *
 * @module
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../tests/chaos/processes.ts';
import { debianVersion, startOnServerCore } from '../harness/processes.ts';
import { JanusSession } from './janus-session.ts';

const EVENT_LOOPS = 2;
/** Only fatal errors, errors and warnings. */
const LOG_LEVEL = 3;
/** The plugin's name. */
export const VIDEOROOM = 'janus.plugin.videoroom';
const OTHER_PLUGINS = ['audiobridge', 'duktape', 'echotest', 'lua', 'nosip', 'recordplay', 'sip', 'streaming'].concat(
  'textroom',
  'videocall',
  'voicemail',
);
const OTHER_TRANSPORTS = ['http', 'mqtt', 'nanomsg', 'pfunix', 'rabbitmq'];

/** How Janus is set up. */
export interface JanusOptions {
  /** The time without a message after which a session ends; 0 for never. */
  readonly sessionTimeoutSeconds: number;
  /** Whether rooms and participants have texts as ids, not numbers. */
  readonly stringIds?: boolean;
}

/** A running Janus. */
export interface JanusProcess {
  readonly port: number;
  readonly version: string;
  pids(): readonly number[];
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts Janus on the servers' core. */
export async function startJanusProcess(options: JanusOptions): Promise<JanusProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'janus-bench-'));
  const port = await findFreePort();
  const server = await startOnServerCore({
    command: 'janus',
    args: ['-F', writeConfig(folder, port, options), '-o'],
    isReady: () => canOpen(port),
  });
  return {
    port,
    version: debianVersion('janus') ?? 'unknown',
    pids: server.pids,
    restart: server.restart,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function canOpen(port: number): Promise<boolean> {
  (await JanusSession.open(port)).drop();
  return true;
}

function writeConfig(folder: string, port: number, options: JanusOptions): string {
  const config = join(folder, 'config');
  mkdirSync(config);
  const write = (name: string, text: string): void => writeFileSync(join(config, `${name}.jcfg`), `${text}\n`);
  write(
    'janus',
    `general: {
  configs_folder = "${config}"
  debug_level = ${LOG_LEVEL}
  event_loops = ${EVENT_LOOPS}
  session_timeout = ${options.sessionTimeoutSeconds}
}
plugins: { disable = "${OTHER_PLUGINS.map((name) => `libjanus_${name}.so`).join(',')}" }
transports: { disable = "${OTHER_TRANSPORTS.map((name) => `libjanus_${name}.so`).join(',')}" }`,
  );
  write(
    'janus.transport.websockets',
    `general: { ws = true\n ws_port = ${port}\n ws_ip = "127.0.0.1"\n json = "compact" }`,
  );
  write(VIDEOROOM, `general: { string_ids = ${options.stringIds ?? false} }`);
  return config;
}
