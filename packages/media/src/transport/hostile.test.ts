import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHandPacket, HAND_OFFER, HandClient } from '../../tests/hand-client.ts';
import { createRequest } from '../../tests/stun-request.ts';
import { waitFor } from '../../tests/synthetic-peer.ts';
import { isRtcp } from '../rtp/rtp-packet.ts';
import { OpenSslEndpoint } from './openssl-endpoint.ts';
import { ADDRESS_USE_MS, HANDSHAKE_TIMEOUT_MS } from './openssl-transport.ts';
import type { Transport } from './transport.ts';

let nowMs = 0;
let endpoint: OpenSslEndpoint;
const errors: unknown[] = [];
const clients: HandClient[] = [];

beforeEach(() => {
  nowMs = 0;
  endpoint = new OpenSslEndpoint(
    { portMin: 0, listenAddress: '127.0.0.1', announcedAddress: undefined },
    () => nowMs,
    (_where, error) => errors.push(error),
  );
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  endpoint.close();
  expect(errors.splice(0)).toEqual([]);
});

function createPeer(): { transport: Transport; log: string[] } {
  const log: string[] = [];
  const transport = endpoint.create(HAND_OFFER, {
    handleOpen: () => log.push('open'),
    handlePacket: (packet) => log.push(isRtcp(packet) ? 'report' : `packet ${packet.readUInt16BE(2)}`),
    handleLost: () => log.push('lost'),
    handleError: (error) => errors.push(error),
  });
  return { transport, log };
}

async function add(client: Promise<HandClient>): Promise<HandClient> {
  clients.push(await client);
  return client;
}

/** Creates a client that knows a transport's credentials, and whose address the server does not know. */
async function addStranger(transport: Transport): Promise<HandClient> {
  const stranger = await add(HandClient.create(endpoint, transport));
  await stranger.openSocket();
  return stranger;
}

/** Records the datagrams that a client sends. */
function record(client: HandClient): Buffer[] {
  const sent: Buffer[] = [];
  client.intercept = (datagram) => {
    sent.push(datagram);
    return [datagram];
  };
  return sent;
}

test('a second ClientHello from another address is not answered, during the handshake and after it', async () => {
  const { transport, log } = createPeer();
  const stranger = await addStranger(transport);
  const client = await add(HandClient.check(endpoint, transport));
  const sent = record(client);
  client.startHandshake();
  const [hello] = sent as [Buffer];
  stranger.sendRaw(hello);
  await waitFor(() => client.hasKeys && transport.isOpen);
  stranger.sendRaw(hello);
  await waitFor(() => endpoint.counters.unknown === 2);
  // From the client's own address it changes nothing either.
  client.sendRaw(hello);
  client.sendRaw(client.protect(1));
  await waitFor(() => log.includes('packet 1'));
  expect(stranger.receivedBytes).toBe(0);
  expect(log).toEqual(['open', 'packet 1']);
});

test('media before the handshake is done is dropped, and the handshake goes on', async () => {
  const { transport, log } = createPeer();
  const client = await add(HandClient.check(endpoint, transport));
  const early = [createHandPacket(1), Buffer.from('80c9000100000001', 'hex'), Buffer.alloc(1_200, 0x80)];
  client.intercept = (datagram) => [...early, datagram, ...early];
  client.startHandshake();
  await waitFor(() => client.hasKeys && transport.isOpen);
  client.intercept = (datagram) => [datagram];
  client.sendRaw(client.protect(2));
  await waitFor(() => log.includes('packet 2'));
  expect(log).toEqual(['open', 'packet 2']);
});

test('a handshake whose every record arrives cut first is finished; cut media is refused', async () => {
  const { transport, log } = createPeer();
  const client = await add(HandClient.check(endpoint, transport));
  const cut = (datagram: Buffer): Buffer[] =>
    Array.from({ length: Math.min(60, datagram.length) }, (_, index, count = Math.min(60, datagram.length)) =>
      datagram.subarray(0, Math.floor((index * datagram.length) / count)),
    );
  client.intercept = (datagram) => [...cut(datagram), datagram];
  client.startHandshake();
  await waitFor(() => {
    client.tick();
    return client.hasKeys && transport.isOpen;
  });
  client.sendRaw(client.protect(1));
  client.sendRaw(client.protectReport());
  await waitFor(() => log.length === 3);
  expect(log).toEqual(['open', 'packet 1', 'report']);
  expect(endpoint.counters.refused).toBeGreaterThan(20);
});

test('an address that made no check gets no byte; a check gets at most its own size back', async () => {
  const { transport } = createPeer();
  const { iceUfrag, icePwd } = await transport.describe();
  const client = await add(HandClient.check(endpoint, transport));
  const sent = record(client);
  client.startHandshake();
  await waitFor(() => client.hasKeys && transport.isOpen);
  const stranger = await addStranger(transport);
  for (const datagram of [...sent, client.protect(1), client.protectReport()]) stranger.sendRaw(datagram);
  for (const request of [createRequest(iceUfrag, 'wrong'), createRequest('nobody', icePwd)]) stranger.sendRaw(request);
  const request = createRequest(iceUfrag, icePwd);
  const { received } = endpoint.socket.counters;
  stranger.sendRaw(request.subarray(0, request.length - 8));
  await waitFor(() => endpoint.socket.counters.received > received);
  expect(stranger.receivedBytes).toBe(0);
  await stranger.check();
  expect(stranger.receivedBytes).toBeLessThanOrEqual(request.length);
});

test('a client that begins a handshake and falls silent is dropped after 10 s, and gets nothing more', async () => {
  const { transport, log } = createPeer();
  const client = await add(HandClient.check(endpoint, transport));
  let isFirst = true;
  client.intercept = (datagram) => {
    const isPassed = isFirst;
    isFirst = false;
    return isPassed ? [datagram] : [];
  };
  client.startHandshake();
  const checkBytes = client.receivedBytes;
  await waitFor(() => client.receivedBytes > checkBytes);
  nowMs += HANDSHAKE_TIMEOUT_MS;
  endpoint.checkTimeouts();
  expect(log).toEqual([]);
  nowMs += 1;
  endpoint.checkTimeouts();
  expect(log).toEqual(['lost']);
  expect(endpoint.addressCount).toBe(0);
  const { sent } = endpoint.socket.counters;
  // The session is gone, and with it the timer that would repeat the server's flight, after 50 ms for the first time.
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(endpoint.socket.counters.sent).toBe(sent);
});

test('peers that came and went leave no address and no timer', async () => {
  const timerCount = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timerCount();
  for (let i = 0; i < 20; i += 1) {
    const { transport } = createPeer();
    // Some leave before their handshake is done.
    const client = await (i % 2 === 0 ? HandClient.connect : HandClient.check)(endpoint, transport);
    transport.close();
    client.close();
  }
  expect(endpoint.addressCount).toBe(0);
  await waitFor(() => timerCount() <= before);
});

test('a member that forges the address of another does not cut it off', async () => {
  const victim = createPeer();
  const attacker = createPeer();
  const client = await add(HandClient.connect(endpoint, victim.transport));
  const { credentials } = client;
  client.credentials = await attacker.transport.describe();
  client.sendCheck();
  await waitFor(() => endpoint.counters.forged === 1);
  client.sendRaw(client.protect(1));
  victim.transport.send(createHandPacket(2));
  await waitFor(() => victim.log.includes('packet 1') && client.media.length === 1);
  // An address whose owner is silent for longer than clients are may be another peer's: a NAT assigns it again.
  nowMs += ADDRESS_USE_MS + 1;
  await client.check();
  expect(attacker.transport.isOpen).toBe(false);
  client.credentials = credentials;
  client.sendCheck();
  await waitFor(() => endpoint.counters.forged === 2);
});

test("one member's forged requests do not keep the requests of others from being answered", async () => {
  const attacker = createPeer();
  const { iceUfrag } = await attacker.transport.describe();
  const stranger = await addStranger(attacker.transport);
  for (let i = 0; i < 3_000; i += 1) {
    stranger.sendRaw(createRequest(iceUfrag, 'wrong'));
    if (i % 100 === 99) await waitFor(() => endpoint.counters.forged === i + 1);
  }
  await add(HandClient.connect(endpoint, createPeer().transport));
  // The attacker itself is answered again in the next second.
  endpoint.checkTimeouts();
  await stranger.check();
});
