import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHandPacket, frame, HAND_OFFER, HandClient } from '../../tests/hand-client.ts';
import { createRandom } from '../../tests/random.ts';
import { createRequest } from '../../tests/stun-request.ts';
import { waitFor } from '../../tests/synthetic-peer.ts';
import { MAX_FRAME_BYTES } from '../tcp/frame-reader.ts';
import { MAX_QUEUED_BYTES, MAX_UNCHECKED_BYTES } from '../tcp/tcp-connection.ts';
import {
  MAX_UNCHECKED,
  MAX_UNCHECKED_PER_ADDRESS,
  type TcpListener,
  UNCHECKED_TIMEOUT_MS,
} from '../tcp/tcp-listener.ts';
import { OpenSslEndpoint } from './openssl-endpoint.ts';
import { CONSENT_TIMEOUT_MS } from './openssl-transport.ts';
import type { Transport } from './transport.ts';

const HOST = '127.0.0.1';

let nowMs = 0;
let endpoint: OpenSslEndpoint;
let listener: TcpListener;
let transport: Transport;
let log: string[];
const clients: HandClient[] = [];
const strangers: Socket[] = [];

async function connect(network: 'udp' | 'tcp' = 'tcp'): Promise<HandClient> {
  const client = await HandClient.connect(endpoint, transport, network === 'tcp' ? listener.port : undefined);
  clients.push(client);
  return client;
}

/** A connection that has no client behind it yet. */
function dial(localAddress = HOST): Socket {
  const socket = connectSocket({ port: listener.port, host: HOST, localAddress });
  strangers.push(socket);
  socket.on('error', () => undefined);
  return socket;
}

async function openStranger(): Promise<Socket> {
  const socket = dial();
  await once(socket, 'connect');
  return socket;
}

function createTransport(): Transport {
  return endpoint.create(HAND_OFFER, {
    handleOpen: () => log.push('open'),
    handlePacket: (packet) => log.push(`packet ${packet.readUInt16BE(2)}`),
    handleLost: () => log.push('lost'),
    handleError: (error) => log.push(String(error)),
  });
}

beforeEach(async () => {
  nowMs = 0;
  log = [];
  endpoint = new OpenSslEndpoint(
    { portMin: 0, listenAddress: HOST, announcedAddress: undefined },
    () => nowMs,
    (where, error) => log.push(`${where}: ${String(error)}`),
  );
  listener = await endpoint.openTcp(0);
  transport = createTransport();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  for (const socket of strangers.splice(0)) socket.destroy();
  endpoint.close();
});

describe('a client over TCP (RFC 6544)', () => {
  test('is told the port, connects, and media flows both ways', async () => {
    const { candidates } = await transport.describe();
    expect(candidates.at(-1)).toMatch(new RegExp(`TCP \\d+ 127.0.0.1 ${listener.port} typ host tcptype passive$`));
    const client = await connect();
    client.sendRaw(client.protect(7));
    await waitFor(() => log.includes('packet 7'));
    expect(transport.send(createHandPacket(9))).toBe(true);
    await waitFor(() => client.media.length === 1);
    expect(client.media).toEqual([createHandPacket(9)]);
    expect(endpoint.socket.counters.received).toBe(0);
    expect(endpoint.dump().tcp).toMatchObject({
      port: listener.port,
      connections: 1,
      counts: { accepted: 1, blocked: 0 },
    });
  });

  test('moves from UDP to TCP and back, with the same keys', async () => {
    const client = await connect('udp');
    client.sendRaw(client.protect(1));
    await waitFor(() => log.includes('packet 1'));
    await client.useTcp(listener.port);
    client.sendRaw(client.protect(2));
    await waitFor(() => log.includes('packet 2'));
    const { sent } = endpoint.socket.counters;
    transport.send(createHandPacket(10));
    await waitFor(() => client.media.length === 1);
    expect(endpoint.socket.counters.sent).toBe(sent);
    await client.useNewSocket();
    transport.send(createHandPacket(11));
    await waitFor(() => client.media.length === 2);
    expect(endpoint.socket.counters.sent).toBe(sent + 2);
    expect(log).toEqual(['open', 'packet 1', 'packet 2']);
  });

  test('goes on over a new connection when its connection breaks, and is lost without one (RFC 7675)', async () => {
    const client = await connect();
    client.tcpSockets[0]?.destroy();
    await waitFor(() => listener.connectionCount === 0);
    expect(transport.send(createHandPacket(1))).toBe(false);
    expect(listener.counters.blocked).toBe(1);
    await client.useTcp(listener.port);
    expect(transport.send(createHandPacket(2))).toBe(true);
    await waitFor(() => client.media.length === 1);
    client.tcpSockets[1]?.destroy();
    await waitFor(() => listener.connectionCount === 0);
    nowMs += CONSENT_TIMEOUT_MS + 1;
    endpoint.checkTimeouts();
    expect(log).toEqual(['open', 'lost']);
    expect(endpoint.addressCount).toBe(0);
  });

  test('that reads too slowly loses packets, and the queue for it is bounded', async () => {
    const client = await connect();
    client.tcpSockets[0]?.pause();
    const packet = Buffer.concat([createHandPacket(0), Buffer.alloc(1_200)]);
    // More than the system's own buffers take.
    for (let sequence = 1; sequence <= 20_000 && listener.counters.blocked < 10; sequence += 1) {
      packet.writeUInt16BE(sequence, 2);
      transport.send(packet);
      if (sequence % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(listener.counters.blocked).toBe(10);
    expect(listener.counters.sent * packet.length).toBeGreaterThan(MAX_QUEUED_BYTES);
    expect(transport.isOpen).toBe(true);
  });

  test('gets and gives nothing after a close, not even from the queue of a slow reader (KICK-4)', async () => {
    const client = await connect();
    client.tcpSockets[0]?.pause();
    const packet = Buffer.concat([createHandPacket(0), Buffer.alloc(1_200)]);
    for (let sequence = 1; listener.counters.blocked === 0; sequence += 1) {
      packet.writeUInt16BE(sequence, 2);
      transport.send(packet);
      if (sequence % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    client.sendRaw(client.protect(1));
    transport.close();
    const { sent } = listener.counters;
    expect(listener.connectionCount).toBe(0);
    expect(transport.send(packet)).toBe(false);
    client.tcpSockets[0]?.resume();
    // The system has forgotten what it had not delivered: the client gets a reset.
    await waitFor(() => client.tcpSockets[0]?.destroyed === true);
    expect(client.media.length).toBeLessThan(sent);
    expect(listener.counters.sent).toBe(sent);
    expect(log).toEqual(['open']);
  });

  test('cannot use its connection for another peer, and keeps a bounded number of them', async () => {
    const client = await connect();
    const other = await createTransport().describe();
    client.sendRaw(createRequest(other.iceUfrag, other.icePwd));
    await waitFor(() => endpoint.counters.forged === 1);
    for (let i = 0; i < 20; i += 1) await client.useTcp(listener.port);
    expect(listener.connectionCount).toBe(16);
    transport.send(createHandPacket(1));
    await waitFor(() => client.media.length === 1);
  });
});

describe('a stranger over TCP', () => {
  test('is ended when it makes no authentic check in time', async () => {
    const client = await connect();
    const stranger = await openStranger();
    stranger.write(frame(createRequest('nobody', 'wrong')));
    await waitFor(() => endpoint.counters.forged === 1);
    nowMs += UNCHECKED_TIMEOUT_MS;
    endpoint.checkTimeouts();
    expect(listener.connectionCount).toBe(2);
    nowMs += 1;
    endpoint.checkTimeouts();
    expect(listener.connectionCount).toBe(1);
    expect(listener.counters.expired).toBe(1);
    await client.check();
  });

  test('is ended when it sends too much before an authentic check', async () => {
    const stranger = await openStranger();
    for (let bytes = 0; bytes <= MAX_UNCHECKED_BYTES; bytes += 102) stranger.write(frame(Buffer.alloc(100, 0x80)));
    await waitFor(() => listener.counters.expired === 1);
    expect(listener.connectionCount).toBe(0);
  });

  test('is ended by a packet that is too long, and a client too', async () => {
    const client = await connect();
    const stranger = await openStranger();
    for (const socket of [stranger, client.tcpSockets[0]]) socket?.write(Buffer.from([0xff, 0xff, 0]));
    await waitFor(() => listener.counters.malformed === 2);
    expect(MAX_FRAME_BYTES).toBeLessThan(0xffff);
    expect(listener.connectionCount).toBe(0);
  });

  test('is refused when its address has too many connections; clients of that address go on', async () => {
    const client = await connect();
    for (let i = 0; i < MAX_UNCHECKED_PER_ADDRESS + 5; i += 1) dial();
    await waitFor(() => listener.counters.refused === 5);
    expect(listener.connectionCount).toBe(MAX_UNCHECKED_PER_ADDRESS + 1);
    await client.check();
  });

  test('is ended for a newer one when there are too many from many addresses; clients go on', async () => {
    const client = await connect();
    const first = await openStranger();
    const addresses = MAX_UNCHECKED / MAX_UNCHECKED_PER_ADDRESS;
    for (let address = 0; address < addresses; address += 1) {
      for (let i = 0; i < MAX_UNCHECKED_PER_ADDRESS; i += 1) dial(`127.0.1.${address + 1}`);
    }
    await waitFor(() => listener.counters.accepted === MAX_UNCHECKED + 2);
    expect(listener.counters).toMatchObject({ expired: 1, refused: 0 });
    expect(listener.connectionCount).toBe(MAX_UNCHECKED + 1);
    await waitFor(() => first.destroyed);
    await client.check();
  });

  test('does no harm with random packets and random bytes, before and after an authentic check', async () => {
    const random = createRandom(3);
    const client = await connect();
    const garbage = (): Buffer => {
      const bytes = Buffer.alloc(Math.floor(random() * 300), Math.floor(random() * 256));
      if (bytes.length > 0) bytes[0] = [0, 20, 22, 63, 128, 191, 255][Math.floor(random() * 7)] ?? 0;
      return random() < 0.9 ? frame(bytes) : bytes;
    };
    for (let round = 0; round < 20; round += 1) {
      const stranger = await openStranger();
      for (let i = 0; i < 30; i += 1) stranger.write(garbage());
      stranger.end();
    }
    await waitFor(() => listener.connectionCount === 1);
    for (let i = 0; i < 500; i += 1) client.sendRaw(Buffer.alloc(1 + Math.floor(random() * 300), 128 + (i % 64)));
    client.sendRaw(client.protect(5));
    await waitFor(() => log.includes('packet 5'));
    expect(log).toEqual(['open', 'packet 5']);
  });
});

test.each([
  ['IPv4', HOST],
  ['IPv6', '::1'],
])('a check over TCP and %s is answered with its own address', async (_, host) => {
  const dual = new OpenSslEndpoint(
    { portMin: 0, listenAddress: undefined, announcedAddress: undefined },
    () => nowMs,
    (where, error) => log.push(`${where}: ${String(error)}`),
  );
  const { port } = await dual.openTcp(0);
  const silent = () => undefined;
  const handlers = { handleOpen: silent, handlePacket: silent, handleLost: silent, handleError: silent };
  const { iceUfrag, icePwd } = await dual.create(HAND_OFFER, handlers).describe();
  const socket = connectSocket(port, host);
  socket.write(frame(createRequest(iceUfrag, icePwd)));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  // The attribute XOR-MAPPED-ADDRESS follows the length of the frame and the header of 20 bytes.
  expect(answer.readUInt16BE(0)).toBe(answer.length - 2);
  expect(answer[27]).toBe(host === HOST ? 1 : 2);
  expect(answer.readUInt16BE(28) ^ 0x2112).toBe(socket.localPort);
  expect((answer[30] as number) ^ 0x21).toBe(host === HOST ? 127 : 0);
  socket.destroy();
  dual.close();
  expect(log).toEqual([]);
});

test('a TCP port that another process uses is reported', async () => {
  await expect(endpoint.openTcp(listener.port)).rejects.toThrow(`TCP port ${listener.port} cannot be bound`);
});
