/**
 * Random and changed datagrams at a port that a connected pair of peers uses. `GAVEL_FUZZ=full` runs all of them, which
 * takes some minutes; otherwise a part is run.
 *
 * @module
 */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHandPacket, HAND_OFFER, HandClient } from '../../tests/hand-client.ts';
import { createRandom } from '../../tests/random.ts';
import { createRequest } from '../../tests/stun-request.ts';
import { waitFor } from '../../tests/synthetic-peer.ts';
import { OpenSslEndpoint } from './openssl-endpoint.ts';
import type { Transport } from './transport.ts';

const IS_FULL = process.env.GAVEL_FUZZ === 'full';
const COUNTS = IS_FULL
  ? { random: 1_000_000, mutations: 100_000, ports: 10_000 }
  : { random: 20_000, mutations: 5_000, ports: 1_000 };
const TIMEOUT_MS = IS_FULL ? 30 * 60_000 : 20_000;
const HOST = '127.0.0.1';
const MAX_DATAGRAM_BYTES = 65_507;
/** Growth of the process over one test: buffers of the test itself, and garbage that is not collected yet. */
const MAX_GROWTH_BYTES = 100 << 20;

const random = createRandom(7);
const randomBelow = (limit: number): number => Math.floor(random() * limit);
const errors: unknown[] = [];
let endpoint: OpenSslEndpoint;
let pair: { sender: HandClient; receiver: HandClient; sent: number };
let rssBefore = 0;

function createTransport(handlePacket: (packet: Buffer) => void = () => undefined): Transport {
  return endpoint.create(HAND_OFFER, {
    handleOpen: () => undefined,
    handlePacket,
    handleLost: () => undefined,
    handleError: (error) => errors.push(error),
  });
}

beforeEach(async () => {
  endpoint = new OpenSslEndpoint(
    { portMin: 0, listenAddress: HOST, announcedAddress: undefined },
    () => performance.now(),
    (_where, error) => errors.push(error),
  );
  const outgoing = createTransport();
  const incoming = createTransport((packet) => void outgoing.send(packet));
  pair = {
    sender: await HandClient.connect(endpoint, incoming),
    receiver: await HandClient.connect(endpoint, outgoing),
    sent: 0,
  };
  rssBefore = process.memoryUsage.rss();
});
afterEach(() => {
  pair.sender.close();
  pair.receiver.close();
  endpoint.close();
  expect(errors.splice(0)).toEqual([]);
});

/** Sends a packet from one bystander to the other, both of whom keep their consent. It must arrive. */
async function expectUndisturbed(): Promise<void> {
  const { sender, receiver } = pair;
  sender.sendCheck();
  receiver.sendCheck();
  sender.sendRaw(sender.protect(pair.sent & 0xffff));
  pair.sent += 1;
  await waitFor(() => receiver.media.length > 0);
  expect(receiver.media).toEqual([createHandPacket((pair.sent - 1) & 0xffff)]);
  receiver.media.length = 0;
}

function expectMemoryBounded(): void {
  expect(process.memoryUsage.rss() - rssBefore).toBeLessThan(MAX_GROWTH_BYTES);
  expect(endpoint.addressCount).toBeLessThan(64);
}

test(
  `${COUNTS.random} random datagrams of 0 to 65,507 bytes: nothing is answered, and nobody notices`,
  async () => {
    const stranger = createSocket('udp4');
    let answers = 0;
    stranger.on('message', () => {
      answers += 1;
    });
    stranger.bind(0, HOST);
    await once(stranger, 'listening');
    const noise = Buffer.from(Array.from({ length: 2 * MAX_DATAGRAM_BYTES }, () => randomBelow(256)));
    const firstBytes = [0, 1, 3, 20, 21, 22, 23, 25, 63, 64, 128, 144, 191, 255];
    // Short ones are read, long ones are cut by the kernel and dropped.
    const isShort = () => random() < 0.8;
    let target = endpoint.socket.counters.received;
    for (let i = 1; i <= COUNTS.random; i += 1) {
      const length = isShort() ? randomBelow(2_100) : randomBelow(MAX_DATAGRAM_BYTES + 1);
      const from = randomBelow(MAX_DATAGRAM_BYTES);
      const datagram = Buffer.from(noise.subarray(from, from + length));
      if (length > 0) datagram[0] = firstBytes[randomBelow(firstBytes.length)] as number;
      // What looks like STUN gets its cookie and its length.
      if (length >= 20 && random() < 0.5)
        datagram.set([0, 1, (length - 20) >> 8, (length - 20) & 0xff, 0x21, 0x12, 0xa4, 0x42]);
      stranger.send(datagram, endpoint.socket.port, HOST);
      if (i % 50 !== 0) continue;
      // The kernel drops what does not fit into the receiver's buffer.
      target += 50;
      await waitFor(() => endpoint.socket.counters.received >= target, 5_000, 0);
      if (i % 5_000 !== 0) continue;
      await expectUndisturbed();
      target = endpoint.socket.counters.received;
    }
    expect(answers).toBe(0);
    expectMemoryBounded();
    stranger.close();
  },
  TIMEOUT_MS,
);

/** A changed copy of a datagram: some bytes altered, cut, or longer. */
function mutate(datagram: Buffer): Buffer {
  const changed = Buffer.concat([datagram, Buffer.alloc(random() < 0.1 ? randomBelow(600) : 0, randomBelow(256))]);
  for (let flips = randomBelow(5); flips >= 0; flips -= 1) changed[randomBelow(changed.length)] = randomBelow(256);
  return random() < 0.2 ? changed.subarray(0, randomBelow(changed.length + 1)) : changed;
}

test(
  `${COUNTS.mutations} changed copies of real flights from a member: nobody else notices`,
  async () => {
    const COPIES = 25;
    let mutations = 0;
    for (let member = 0; mutations < COUNTS.mutations; member += 1) {
      const transport = createTransport();
      const attacker = await HandClient.check(endpoint, transport);
      const flights: Buffer[] = [];
      const isChangingHandshake = member % 2 === 0;
      const addCopies = (datagram: Buffer): readonly Buffer[] => {
        mutations += COPIES;
        return [...Array.from({ length: COPIES }, () => mutate(datagram)), datagram];
      };
      attacker.intercept = (datagram) => {
        flights.push(datagram);
        return isChangingHandshake ? addCopies(datagram) : [datagram];
      };
      attacker.startHandshake();
      const deadlineMs = performance.now() + 100;
      await waitFor(() => {
        attacker.tick();
        const isConnected = attacker.hasKeys && transport.isOpen;
        // A changed message can end the attacker's own handshake.
        return isConnected || (isChangingHandshake && performance.now() > deadlineMs);
      });
      attacker.intercept = addCopies;
      const { iceUfrag, icePwd } = attacker.credentials;
      for (const datagram of flights) attacker.sendRaw(datagram);
      for (let sequence = 0; sequence < 10; sequence += 1) {
        attacker.sendRaw(createRequest(iceUfrag, icePwd));
        attacker.sendRaw(attacker.protect(sequence));
        attacker.sendRaw(attacker.protectReport());
      }
      await expectUndisturbed();
      if (!isChangingHandshake) expect(transport.isOpen).toBe(true);
      attacker.close();
      transport.close();
    }
    expectMemoryBounded();
  },
  TIMEOUT_MS,
);

test(
  `a peer that sends from ${COUNTS.ports} ports: it keeps a few of them, and nobody notices`,
  async () => {
    const transport = createTransport();
    const client = await HandClient.connect(endpoint, transport);
    for (let i = 1; i <= COUNTS.ports; i += 1) {
      await client.openSocket();
      client.sendCheck();
      client.sendRaw(client.protect(i & 0xffff));
      if (i % 100 !== 0) continue;
      await client.check();
      for (const socket of client.sockets.splice(0, client.sockets.length - 1)) socket.close();
      await expectUndisturbed();
    }
    expect(transport.isOpen).toBe(true);
    expectMemoryBounded();
    client.close();
  },
  TIMEOUT_MS,
);
