import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRequest } from '../../tests/stun-request.ts';
import { waitFor } from '../../tests/synthetic-peer.ts';
import type { OfferTransport } from '../sdp/offer.ts';
import { OpenSslEndpoint } from './openssl-endpoint.ts';
import { CONSENT_TIMEOUT_MS, HANDSHAKE_TIMEOUT_MS } from './openssl-transport.ts';
import { CONNECT_TIMEOUT_MS, type Transport } from './transport.ts';

const OFFER: OfferTransport = {
  iceUfrag: 'client',
  icePwd: 'client-password-of-22-chars',
  fingerprint: `sha-256 ${new Array(32).fill('AB').join(':')}`,
  setup: 'actpass',
  candidates: [],
};

let nowMs = 0;
let endpoint: OpenSslEndpoint;
const sockets: Socket[] = [];
const errors: unknown[] = [];

beforeEach(() => {
  nowMs = 1_000;
  errors.length = 0;
  endpoint = new OpenSslEndpoint(
    { portMin: 0, listenAddress: undefined, announcedAddress: undefined },
    () => nowMs,
    (_where, error) => errors.push(error),
  );
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
  endpoint.close();
  expect(errors).toEqual([]);
});

/** A client's socket, and the datagrams that it got. */
async function openClient(
  type: 'udp4' | 'udp6' = 'udp4',
): Promise<{ socket: Socket; got: Buffer[]; send(bytes: Buffer): void }> {
  const socket = createSocket(type);
  const got: Buffer[] = [];
  socket.on('message', (message) => got.push(message));
  socket.bind(0, type === 'udp4' ? '127.0.0.1' : '::1');
  await once(socket, 'listening');
  sockets.push(socket);
  const address = type === 'udp4' ? '127.0.0.1' : '::1';
  return { socket, got, send: (bytes) => socket.send(bytes, endpoint.socket.port, address) };
}

function createTransport(offer: OfferTransport = OFFER): { transport: Transport; log: string[] } {
  const log: string[] = [];
  const transport = endpoint.create(offer, {
    handleOpen: () => log.push('open'),
    handlePacket: () => log.push('packet'),
    handleLost: () => log.push('lost'),
    handleError: (error) => errors.push(error),
  });
  return { transport, log };
}

describe('ICE', () => {
  test.each(['udp4', 'udp6'] as const)(
    'an authentic request over %s is answered with its own address',
    async (type) => {
      const { transport } = createTransport();
      const { iceUfrag, icePwd, isIceLite } = await transport.describe();
      expect(isIceLite).toBe(true);
      const client = await openClient(type);
      client.send(createRequest(iceUfrag, icePwd));
      await waitFor(() => client.got.length === 1);
      const [response] = client.got;
      expect(response?.readUInt16BE(0)).toBe(0x0101);
      expect((response?.readUInt16BE(26) ?? 0) ^ 0x2112).toBe(client.socket.address().port);
    },
  );

  test.each(['udp4', 'udp6'] as const)(
    'over %s, checks come through a socket of their own, and all else through the other',
    async (type) => {
      const { transport } = createTransport();
      const { iceUfrag, icePwd } = await transport.describe();
      const client = await openClient(type);
      for (const first of [4, 22, 0x80, 0xc8, 0xff]) client.send(Buffer.from([first, 1, 0, 0]));
      client.send(Buffer.alloc(0));
      for (const first of [0, 1, 2, 3]) client.send(Buffer.from([first, 1, 0, 0]));
      client.send(createRequest(iceUfrag, icePwd));
      await waitFor(() => endpoint.socket.counters.received === 11 && client.got.length === 1);
      expect(endpoint.socket.counters).toMatchObject({ received: 11, checks: 5 });
    },
  );

  test('a check of a client is answered also when no client is expected to connect', async () => {
    const { transport } = createTransport();
    const { iceUfrag, icePwd } = await transport.describe();
    nowMs += 9_000;
    const client = await openClient();
    for (let count = 1; count <= 5; count += 1) {
      client.send(createRequest(iceUfrag, icePwd));
      await waitFor(() => client.got.length === count);
    }
  });

  test('forged requests, unknown fragments and garbage are not answered', async () => {
    const { transport } = createTransport();
    const { iceUfrag, icePwd } = await transport.describe();
    const client = await openClient();
    client.send(createRequest(iceUfrag, 'wrong'));
    client.send(createRequest('nobody', icePwd));
    client.send(Buffer.from([0, 1, 0, 0]));
    client.send(Buffer.from([0x80, 200, 0, 1]));
    client.send(Buffer.alloc(0));
    client.send(Buffer.alloc(9_000, 0x80));
    client.send(createRequest(iceUfrag, icePwd));
    await waitFor(() => endpoint.socket.counters.received === 7 && client.got.length > 0);
    expect(client.got).toHaveLength(1);
    const { buffers, ...dump } = endpoint.dump();
    expect(Math.min(buffers?.receive ?? 0, buffers?.send ?? 0)).toBeGreaterThan(100_000);
    expect(buffers?.receive).toBeLessThanOrEqual(buffers?.wanted ?? 0);
    expect(dump).toEqual({
      kind: 'openssl',
      datagrams: { received: 7, sent: 1, blocked: 0, failed: 0, dropped: 2, forged: 3, refused: 0, unsent: 0 },
    });
  });

  test('a peer that uses ever new ports keeps a bounded number of them', async () => {
    const { transport, log } = createTransport();
    const { iceUfrag, icePwd } = await transport.describe();
    for (let i = 0; i < 40; i += 1) {
      const client = await openClient();
      client.send(createRequest(iceUfrag, icePwd, i === 0));
      await waitFor(() => client.got.length === 1);
    }
    expect(endpoint.addressCount).toBeLessThanOrEqual(17);
    expect(log).toEqual([]);
  });

  test('a closed transport is no more answered, and its addresses are free', async () => {
    const { transport, log } = createTransport();
    const { iceUfrag, icePwd } = await transport.describe();
    const client = await openClient();
    client.send(createRequest(iceUfrag, icePwd));
    await waitFor(() => client.got.length === 1);
    transport.close();
    expect(endpoint.addressCount).toBe(0);
    const other = createTransport();
    const theirs = await other.transport.describe();
    client.send(createRequest(iceUfrag, icePwd));
    client.send(createRequest(theirs.iceUfrag, theirs.icePwd));
    await waitFor(() => client.got.length === 2);
    expect(endpoint.counters.forged).toBe(1);
    expect(transport.isOpen).toBe(false);
    expect(transport.send(Buffer.from([0x80, 96, 0, 1]))).toBe(false);
    expect(log).toEqual([]);
    await expect(transport.describe()).rejects.toThrow('closed');
  });
});

describe('timeouts', () => {
  test('a transport that nobody connects to is lost after its time', () => {
    const { log } = createTransport();
    nowMs += CONNECT_TIMEOUT_MS;
    endpoint.checkTimeouts();
    expect(log).toEqual([]);
    nowMs += 1;
    endpoint.checkTimeouts();
    expect(log).toEqual(['lost']);
  });

  test('a handshake that does not finish is dropped', async () => {
    const { transport, log } = createTransport();
    const { iceUfrag, icePwd } = await transport.describe();
    const client = await openClient();
    client.send(createRequest(iceUfrag, icePwd));
    await waitFor(() => client.got.length === 1);
    nowMs += HANDSHAKE_TIMEOUT_MS + 1;
    endpoint.checkTimeouts();
    expect(log).toEqual(['lost']);
    expect(CONSENT_TIMEOUT_MS).toBe(30_000);
  });
});

test('an offer whose fingerprint cannot be checked is a bad offer', () => {
  const fingerprint = `sha-1 ${new Array(20).fill('AB').join(':')}`;
  expect(() => createTransport({ ...OFFER, fingerprint })).toThrow('sha-256');
});
