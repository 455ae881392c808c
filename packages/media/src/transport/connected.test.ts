import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHandPacket, HAND_OFFER, HandClient } from '../../tests/hand-client.ts';
import { waitFor } from '../../tests/synthetic-peer.ts';
import type { IceCredentials } from '../ice/credentials.ts';
import { OpenSslEndpoint } from './openssl-endpoint.ts';
import { CONSENT_TIMEOUT_MS, MAX_PATH_SILENCE_MS } from './openssl-transport.ts';
import { CONNECT_TIMEOUT_MS, MAX_PACKET_BYTES, type Transport } from './transport.ts';

const HOST = '127.0.0.1';

let nowMs = 0;
let endpoint: OpenSslEndpoint;
let transport: Transport;
let log: string[];
const clients: HandClient[] = [];

async function connect(): Promise<HandClient> {
  const client = await HandClient.connect(endpoint, transport);
  clients.push(client);
  return client;
}

beforeEach(() => {
  nowMs = 0;
  log = [];
  endpoint = new OpenSslEndpoint(
    { portMin: 0, listenAddress: HOST, announcedAddress: undefined },
    () => nowMs,
    (where, error) => log.push(`${where}: ${String(error)}`),
  );
  transport = endpoint.create(HAND_OFFER, {
    handleOpen: () => log.push('open'),
    handlePacket: (packet) => log.push(`packet ${packet.readUInt16BE(2)}`),
    handleLost: () => log.push('lost'),
    handleError: (error) => log.push(String(error)),
  });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  endpoint.close();
});

test('media flows both ways; repeated and altered packets are refused', async () => {
  const client = await connect();
  const packet = client.protect(7);
  const altered = Buffer.from(packet);
  altered[13] = (altered[13] as number) ^ 1;
  for (const bytes of [altered, packet, packet, client.protect(8)]) client.sendRaw(bytes);
  await waitFor(() => log.includes('packet 8'));
  expect(log).toEqual(['open', 'packet 7', 'packet 8']);
  expect(endpoint.dump().datagrams?.refused).toBe(2);
  expect(transport.send(createHandPacket(9))).toBe(true);
  await waitFor(() => client.media.length === 1);
  expect(client.media).toEqual([createHandPacket(9)]);
});

test('packets larger than the limit, and all after the close, are not sent', async () => {
  const client = await connect();
  const large = Buffer.alloc(MAX_PACKET_BYTES + 1);
  createHandPacket(1).copy(large);
  expect(transport.send(large)).toBe(false);
  expect(transport.send(createHandPacket(2))).toBe(true);
  await waitFor(() => client.media.length === 1);
  expect(client.media).toEqual([createHandPacket(2)]);
  transport.close();
  expect(transport.send(createHandPacket(3))).toBe(false);
});

test('a client whose address changes goes on, and its old address gets no more media (RFC 8445)', async () => {
  const client = await connect();
  const [old] = client.sockets;
  let arrivedAtOld = 0;
  // The handshake's last flights may have been repeated, and then wait in the socket.
  old?.on('message', ([first = 0]) => {
    if (first >= 128) arrivedAtOld += 1;
  });
  await client.useNewSocket();
  client.sendRaw(client.protect(1));
  await waitFor(() => log.includes('packet 1'));
  transport.send(createHandPacket(2));
  await waitFor(() => client.media.length === 1);
  expect(arrivedAtOld).toBe(0);
});

test('a client that gets another address from its NAT, and does not notice, gets media there (CONN-3)', async () => {
  const client = await connect();
  const [old] = client.sockets;
  let arrivedAtOld = 0;
  old?.on('message', ([first = 0]) => {
    if (first >= 128) arrivedAtOld += 1;
  });
  await client.openSocket();
  nowMs += MAX_PATH_SILENCE_MS;
  await client.check(false);
  // The other path may still be in use.
  transport.send(createHandPacket(1));
  await waitFor(() => arrivedAtOld === 1);
  nowMs += 1;
  await client.check(false);
  transport.send(createHandPacket(2));
  await waitFor(() => client.media.length === 2);
  expect(arrivedAtOld).toBe(1);
});

test('media and handshake from an address that made no authentic request are dropped', async () => {
  const client = await connect();
  const stranger = createSocket('udp4');
  stranger.bind(0, HOST);
  await once(stranger, 'listening');
  const before = endpoint.dump().datagrams?.dropped ?? 0;
  stranger.send(client.protect(1), endpoint.socket.port, HOST);
  // The beginning of a ClientHello.
  stranger.send(Buffer.from('16feff000000000000000000320100002600', 'hex'), endpoint.socket.port, HOST);
  await waitFor(() => (endpoint.dump().datagrams?.dropped ?? 0) >= before + 2);
  client.sendRaw(client.protect(2));
  await waitFor(() => log.includes('packet 2'));
  expect(log).toEqual(['open', 'packet 2']);
  stranger.close();
});

test('a peer whose consent is 30 s old is lost, and is told (RFC 7675)', async () => {
  const client = await connect();
  nowMs += CONSENT_TIMEOUT_MS;
  endpoint.checkTimeouts();
  await client.check();
  nowMs += CONSENT_TIMEOUT_MS;
  endpoint.checkTimeouts();
  expect(log).toEqual(['open']);
  nowMs += 1;
  endpoint.checkTimeouts();
  expect(log).toEqual(['open', 'lost']);
  expect(transport.send(createHandPacket(1))).toBe(false);
  await waitFor(() => client.ended !== '');
  expect(client.ended).toBe('closed by the peer');
});

test('a close tells the client; nothing is sent or received after it (KICK-4)', async () => {
  const client = await connect();
  transport.send(createHandPacket(1));
  transport.close();
  const { sent } = endpoint.socket.counters;
  expect(transport.send(createHandPacket(2))).toBe(false);
  client.sendRaw(client.protect(3));
  await waitFor(() => (endpoint.dump().datagrams?.dropped ?? 0) >= 1);
  await waitFor(() => client.ended !== '');
  expect(client.media).toEqual([createHandPacket(1)]);
  expect(endpoint.socket.counters.sent).toBe(sent);
  expect(log).toEqual(['open']);
});

describe('an ICE restart', () => {
  function restart(): IceCredentials {
    const credentials = transport.restartIce();
    if (credentials === undefined) throw new Error('the transport cannot restart');
    return credentials;
  }

  test('keeps DTLS, SRTP and its replay state, and moves media to the path of the new credentials', async () => {
    const client = await connect();
    const packet = client.protect(1);
    client.sendRaw(packet);
    await waitFor(() => log.includes('packet 1'));
    const credentials = restart();
    expect(await transport.describe()).toMatchObject(credentials);
    client.credentials = credentials;
    await client.useNewSocket();
    for (const bytes of [packet, client.protect(2)]) client.sendRaw(bytes);
    await waitFor(() => log.includes('packet 2'));
    expect(log).toEqual(['open', 'packet 1', 'packet 2']);
    expect(endpoint.counters.refused).toBe(1);
    transport.send(createHandPacket(3));
    await waitFor(() => client.media.length === 1);
    expect(client.media).toEqual([createHandPacket(3)]);
  });

  test('leaves the old credentials valid until the first check under the new ones', async () => {
    const client = await connect();
    const old = client.credentials;
    const forgotten = restart();
    const next = restart();
    await client.check();
    client.credentials = forgotten;
    client.sendCheck();
    await waitFor(() => endpoint.counters.forged === 1);
    client.credentials = next;
    await client.check();
    client.credentials = old;
    client.sendCheck();
    await waitFor(() => endpoint.counters.forged === 2);
    client.credentials = next;
    await client.check();
    transport.close();
    expect(transport.restartIce()).toBeUndefined();
    client.sendCheck();
    await waitFor(() => endpoint.counters.forged === 3);
  });

  test('gives a client without a path the time to find one; nothing is sent without consent (RFC 7675)', async () => {
    const client = await connect();
    nowMs += CONSENT_TIMEOUT_MS - 1;
    client.credentials = restart();
    nowMs += 2;
    endpoint.checkTimeouts();
    expect(log).toEqual(['open']);
    expect(transport.send(createHandPacket(1))).toBe(false);
    await client.useNewSocket();
    expect(transport.send(createHandPacket(2))).toBe(true);
    await waitFor(() => client.media.length === 1);
    nowMs += CONSENT_TIMEOUT_MS - 1;
    restart();
    nowMs += CONNECT_TIMEOUT_MS + 1;
    endpoint.checkTimeouts();
    expect(log).toEqual(['open', 'lost']);
  });
});
