/**
 * A TURN server for tests: Debian's coturn on free ports of this machine.
 *
 * @module
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort as findFreeTcpPort } from './server-process.ts';

/** The path of `turnserver`, as the test runner found it; empty if there is none: tests that need it are then skipped. */
export const COTURN: string = process.env.GAVEL_TEST_COTURN ?? '';

/** A running TURN server. */
export interface TurnServer {
  /** Its address for the configuration, over UDP, TCP and TLS. Its certificate is signed by itself. */
  readonly urls: { readonly udp: string; readonly tcp: string; readonly tls: string };
  /** What it has logged. */
  log(): string;
  /** Ends its process. */
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 15_000;
/** A STUN binding request (RFC 8489). */
const BINDING_REQUEST = Buffer.from('000100002112a442676176656c2d746573742d31', 'hex');

/**
 * Starts coturn on a free port of 127.0.0.1 with `use-auth-secret`.
 *
 * @throws Error with its log if it does not answer within 15 s
 */
export async function startTurnServer(secret: string): Promise<TurnServer> {
  const folder = mkdtempSync(join(tmpdir(), 'gavel-coturn-'));
  const port = await findFreePort();
  const child = spawn(COTURN, createArguments(secret, port, folder), { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const close = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilAnswered(child, port);
  } catch (error) {
    await close();
    throw new Error(`coturn did not start: ${text}`, { cause: error });
  }
  // It tells plain and encrypted connections to one port apart.
  const urlOf = (scheme: string, transport: string) => `${scheme}:127.0.0.1:${port}?transport=${transport}`;
  const urls = { udp: urlOf('turn', 'udp'), tcp: urlOf('turn', 'tcp'), tls: urlOf('turns', 'tcp') };
  return { urls, log: () => text, close };
}

function createArguments(secret: string, port: number, folder: string): string[] {
  return [
    ...['-n', '-L', '127.0.0.1', '-E', '127.0.0.1', '-p', String(port)],
    ...['--use-auth-secret', `--static-auth-secret=${secret}`, '--realm=gavel.test'],
    // The media port is on this machine too.
    '--allow-loopback-peers',
    ...['--no-dtls', '--no-cli', ...createCertificate(folder)],
    // Relays to this machine and to nothing else, as the production guide has it.
    ...['--denied-peer-ip=0.0.0.0-255.255.255.255', ...allowedPeers()],
    ...['--log-file=stdout', '--simple-log', '--verbose'],
    ...[`--userdb=${join(folder, 'turn.db')}`, `--pidfile=${join(folder, 'turn.pid')}`],
  ];
}

/** Creates a key and a certificate with Debian's openssl, which coturn is linked against. Returns the arguments that name them. */
function createCertificate(folder: string): string[] {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
      ...['-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=127.0.0.1'],
    ],
    { stdio: 'pipe' },
  );
  return [`--pkey=${key}`, `--cert=${certificate}`];
}

function allowedPeers(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.filter(({ family }) => family === 'IPv4').map(({ address }) => `--allowed-peer-ip=${address}`);
}

/** Returns a port of 127.0.0.1 that was free a moment ago, for UDP and for TCP. */
async function findFreePort(): Promise<number> {
  for (;;) {
    const port = await findFreeTcpPort();
    const socket = createSocket('udp4').bind(port, '127.0.0.1');
    const isFree = await once(socket, 'listening').then(
      () => true,
      () => false,
    );
    socket.close();
    if (isFree) return port;
  }
}

/** Sends binding requests until one is answered. */
async function untilAnswered(child: ChildProcess, port: number): Promise<void> {
  const socket = createSocket('udp4');
  const ask = setInterval(() => socket.send(BINDING_REQUEST, port, '127.0.0.1'), 100);
  // The system reports the port as unreachable until coturn has bound it.
  socket.on('error', () => {});
  try {
    await Promise.race([
      once(socket, 'message', { signal: AbortSignal.timeout(START_TIMEOUT_MS) }),
      once(child, 'exit').then(() => Promise.reject(new Error('coturn has ended'))),
    ]);
  } finally {
    clearInterval(ask);
    socket.close();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await exited;
  clearTimeout(timer);
}
