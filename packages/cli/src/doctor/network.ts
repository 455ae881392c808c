/**
 * Checks of ports, of the announced address, and of TURN servers.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { connect as connectTls } from 'node:tls';
import type { Config } from '@gavel/server/config';
import { type Finding, findingsOf, reasonOf } from './check.ts';

/** Time for one answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 2000;

/** Checks that the port of the server is free, or that Gavel has it. */
export async function checkHttpPort({ host, port, tls }: Config): Promise<Finding> {
  const { ok, fail } = findingsOf('HTTP port');
  const server = createServer();
  try {
    server.listen({ host, port });
    await once(server, 'listening');
    return ok(`TCP port ${port} is free`);
  } catch (error) {
    const local = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
    const url = `${tls ? 'https' : 'http'}://${isIPv6(local) ? `[${local}]` : local}:${port}/healthz`;
    if (await isGavel(url)) return ok(`a Gavel server uses TCP port ${port}`);
    return fail(`TCP port ${port} cannot be bound: ${reasonOf(error)}`);
  } finally {
    server.close();
  }
}

async function isGavel(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return ((await response.json()) as { readonly status?: string }).status === 'ok';
  } catch {
    return false;
  }
}

/**
 * Checks each UDP port of media by a datagram that goes to the announced address and comes back to the port. It proves that
 * the port can be bound and that the machine reaches itself by that address; only a client can prove more.
 */
export async function checkMediaPorts({ media }: Config): Promise<Finding[]> {
  const { warn } = findingsOf('UDP');
  if (media.portRange) return [warn('a range of ports is not checked')];
  const ports = Array.from({ length: media.workers }, (_, worker) => media.port + worker);
  const address = media.announcedAddress ?? media.listenAddress ?? '127.0.0.1';
  return Promise.all(ports.map((port) => checkMediaPort(port, address)));
}

async function checkMediaPort(port: number, address: string): Promise<Finding> {
  const { ok, warn } = findingsOf('UDP');
  const type = isIPv6(address) ? 'udp6' : 'udp4';
  const receiver = createSocket(type);
  const sender = createSocket(type);
  try {
    receiver.bind(port);
    await once(receiver, 'listening');
  } catch (error) {
    receiver.close();
    sender.close();
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    return warn(
      isTaken ? `UDP port ${port} is in use: by the running server?` : `UDP port ${port}: ${reasonOf(error)}`,
    );
  }
  const token = randomBytes(16);
  const arrived = new Promise<boolean>((resolve) => {
    receiver.on('message', (message) => message.equals(token) && resolve(true));
    sender.on('error', () => resolve(false));
    setTimeout(() => resolve(false), ANSWER_TIMEOUT_MS);
  });
  sender.send(token, receiver.address().port, address);
  const didArrive = await arrived;
  receiver.close();
  sender.close();
  if (didArrive) return ok(`a datagram to ${address}:${port} came back`);
  return warn(`a datagram to ${address}:${port} did not come back: is it forwarded to this machine, and not filtered?`);
}

/** Checks that the announced address can be right. */
export function checkAnnouncedAddress({ mode, media }: Config): Finding {
  const { ok, warn } = findingsOf('announced address');
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const usable = own
    .filter(({ internal, address }) => !internal && !/^fe80:/i.test(address))
    .map(({ address }) => address);
  const { announcedAddress } = media;
  if (announcedAddress === undefined) {
    if (mode === 'dev') return ok('not set: clients on this machine are told its own addresses');
    const isPrivate = usable.every((address) => /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd])/i.test(address));
    const text = `not set: clients are told ${usable.join(', ') || 'no address'}`;
    return isPrivate ? warn(`${text}, which the internet does not reach; set media.announcedAddress`) : ok(text);
  }
  if (own.some(({ address }) => address === announcedAddress))
    return ok(`${announcedAddress} is an address of this machine`);
  return warn(`${announcedAddress} is not an address of this machine: it must forward UDP to it (NAT)`);
}

/** Checks each STUN and TURN server: by a binding request over UDP, by a connection over TCP or TLS. */
export async function checkTurn({ turn, apps }: Config): Promise<Finding[]> {
  const { warn } = findingsOf('TURN');
  const urls = [...new Set([turn, ...apps.map((app) => app.turn)].flatMap((each) => each?.urls ?? []))];
  if (urls.length === 0)
    return [warn('no TURN server is set: clients whose network blocks UDP get no media (media.tcpPort helps some)')];
  return Promise.all(urls.map(checkTurnServer));
}

async function checkTurnServer(url: string): Promise<Finding> {
  const { ok, fail } = findingsOf('TURN');
  const [, scheme = '', host = '', portText, query = ''] =
    /^(stun|turns?):(\[[^\]]+\]|[^:?]+)(?::(\d+))?(\?.*)?$/.exec(url) ?? [];
  const port = Number(portText ?? (scheme === 'turns' ? 5349 : 3478));
  const name = host.replace(/^\[|\]$/g, '');
  try {
    if (scheme === 'turns') await tryTls(name, port);
    else if (query.includes('transport=tcp')) await tryTcp(name, port);
    else await tryBinding(name, port);
    return ok(`${url} answers`);
  } catch (error) {
    return fail(`${url} does not answer: ${reasonOf(error)}`);
  }
}

/** @throws Error if nothing accepts the connection in time */
async function tryTcp(host: string, port: number): Promise<void> {
  const socket = connect({ host, port, timeout: ANSWER_TIMEOUT_MS });
  socket.on('timeout', () => socket.destroy(new Error(`no connection within ${ANSWER_TIMEOUT_MS} ms`)));
  await once(socket, 'connect').finally(() => socket.destroy());
}

/** @throws Error if there is no TLS, or the certificate is not trusted */
async function tryTls(host: string, port: number): Promise<void> {
  const socket = connectTls({ host, port, servername: host, timeout: ANSWER_TIMEOUT_MS });
  socket.on('timeout', () => socket.destroy(new Error(`no connection within ${ANSWER_TIMEOUT_MS} ms`)));
  await once(socket, 'secureConnect').finally(() => socket.destroy());
}

/** Sends a binding request (RFC 8489, 5), which every STUN and TURN server answers. @throws Error without an answer */
async function tryBinding(host: string, port: number): Promise<void> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  const transaction = randomBytes(12);
  const request = Buffer.concat([Buffer.from([0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42]), transaction]);
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`)), ANSWER_TIMEOUT_MS);
      const settle = (error?: Error | null): void => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve();
      };
      socket.on('message', (message) => message.subarray(8, 20).equals(transaction) && settle());
      socket.on('error', settle);
      socket.send(request, port, host, (error) => error && settle(error));
    });
  } finally {
    socket.close();
  }
}
