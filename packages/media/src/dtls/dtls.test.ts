import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { waitFor } from '../../tests/synthetic-peer.ts';
import { allocatePermanent } from '../ffi/memory.ts';
import type { SrtpKeys } from '../srtp/srtp-session.ts';
import { createCertificate } from './certificate.ts';
import { DTLS_MTU, DtlsContext, type DtlsRole } from './dtls-context.ts';
import { DtlsSession } from './dtls-session.ts';
import { type Fingerprint, parseFingerprint } from './fingerprint.ts';

const contexts = { client: new DtlsContext(), server: new DtlsContext() };
const memory = allocatePermanent(4_096);

function fingerprintOf(role: DtlsRole): Fingerprint {
  const parsed = parseFingerprint(contexts[role].certificate.fingerprint);
  if (parsed === undefined) throw new Error('the certificate has no fingerprint');
  return parsed;
}

/** Two sessions, connected by a link whose datagrams a test can drop and change. */
class Link {
  readonly ended: Partial<Record<DtlsRole, string>> = {};
  readonly keys: Partial<Record<DtlsRole, SrtpKeys>> = {};
  readonly sent: [DtlsRole, Buffer][] = [];
  readonly lengths: number[] = [];
  readonly history: [DtlsRole, Buffer][] = [];
  readonly sessions: Readonly<Record<DtlsRole, DtlsSession>>;

  constructor(expected: { client: Fingerprint; server: Fingerprint }) {
    const create = (role: DtlsRole, fingerprint: Fingerprint): DtlsSession =>
      new DtlsSession(contexts[role], role, fingerprint, {
        sendDatagram: (datagram) => {
          this.lengths.push(datagram.length);
          this.sent.push([role, Buffer.from(datagram)]);
          this.history.push([role, Buffer.from(datagram)]);
        },
        handleKeys: (keys) => {
          this.keys[role] = keys;
        },
        handleEnd: (reason) => {
          this.ended[role] = reason;
        },
      });
    this.sessions = { client: create('client', expected.server), server: create('server', expected.client) };
    this.sessions.server.start();
    this.sessions.client.start();
  }

  deliver(to: DtlsRole, datagram: Buffer): void {
    memory.bytes.set(datagram);
    this.sessions[to].receive(memory, datagram.length);
  }

  /** Delivers what was sent until nobody sends any more. */
  run(isLost: (role: DtlsRole, index: number) => boolean = () => false): void {
    let index = 0;
    for (let next = this.sent.shift(); next !== undefined; next = this.sent.shift()) {
      const [from, datagram] = next;
      if (!isLost(from, index)) this.deliver(from === 'client' ? 'server' : 'client', datagram);
      index += 1;
    }
  }
}

const right = { client: fingerprintOf('client'), server: fingerprintOf('server') };

test('the certificate is what X.509 readers expect', () => {
  const { certificate, fingerprint } = createCertificate(Date.UTC(2026, 0, 10));
  const parsed = new X509Certificate(certificate);
  expect(parsed.subject).toBe('CN=gavel');
  expect(parsed.verify(parsed.publicKey)).toBe(true);
  expect(parsed.validFromDate.toISOString()).toBe('2026-01-09T00:00:00.000Z');
  expect(`sha-256 ${parsed.fingerprint256}`).toBe(fingerprint);
});

describe('handshake', () => {
  test('both sides have the same keys, each as its own', () => {
    const link = new Link(right);
    link.run();
    expect(link.ended).toEqual({});
    expect(link.keys.client?.profile.name).toBe('SRTP_AEAD_AES_128_GCM');
    expect(link.keys.client?.local).toEqual(link.keys.server?.remote);
    expect(link.keys.client?.remote).toEqual(link.keys.server?.local);
    expect(link.keys.client?.local).not.toEqual(link.keys.client?.remote);
  });

  test('no datagram is longer than 1,200 bytes', () => {
    const link = new Link(right);
    link.run();
    expect(link.lengths.length).toBeGreaterThanOrEqual(4);
    expect(Math.max(...link.lengths)).toBeLessThanOrEqual(DTLS_MTU);
  });

  test.each([
    ['the server sees another certificate', { ...right, client: right.server }, 'server'],
    ['the client sees another certificate', { ...right, server: right.client }, 'client'],
  ] as const)('%s: no keys, and the other side is told', (_name, expected, role) => {
    const link = new Link(expected);
    link.run();
    expect(link.keys[role]).toBeUndefined();
    expect(link.ended[role]).toContain('fingerprint');
    expect(link.ended[role === 'client' ? 'server' : 'client']).toBe('closed by the peer');
  });

  test('the first message is repeated after 1, 2, 4, 8 and 16 ms, and at once on request, until the peer answers', () => {
    const link = new Link(right);
    const { client } = link.sessions;
    const first = link.sent[0]?.[1];
    expect(link.sent).toHaveLength(1);
    client.repeatFirstFlight();
    const sentAt: number[] = [];
    for (let tick = 1; tick <= 20; tick += 1) {
      const before = link.sent.length;
      client.tick();
      if (link.sent.length > before) sentAt.push(tick);
    }
    expect(sentAt).toEqual([1, 2, 4, 8, 16]);
    expect(link.sent.map(([, datagram]) => datagram)).toEqual(Array(7).fill(first));
    client.repeatFirstFlight();
    // The server takes the copies for replays: it answers one of them.
    link.run();
    expect(link.keys.client?.local).toEqual(link.keys.server?.remote);
    const before = link.history.length;
    client.repeatFirstFlight();
    client.tick();
    expect(link.history).toHaveLength(before);
  });

  test.each([0, 1, 2, 3, 4])('the loss of datagram %i is survived by repeating its flight', async (lost) => {
    const link = new Link(right);
    link.run((_role, index) => index === lost);
    await waitFor(() => {
      link.sessions.client.tick();
      link.sessions.server.tick();
      link.run();
      return link.keys.client !== undefined && link.keys.server !== undefined;
    });
    expect(link.keys.client?.local).toEqual(link.keys.server?.remote);
  });

  test('datagrams that arrive in reverse order, twice and cut do not stop it', async () => {
    const link = new Link(right);
    for (let round = 0; round < 3; round += 1) {
      const batch = link.sent.splice(0).reverse();
      for (const [from, datagram] of batch) {
        const to = from === 'client' ? 'server' : 'client';
        link.deliver(to, datagram.subarray(0, datagram.length >> 1));
        link.deliver(to, datagram);
        link.deliver(to, datagram);
      }
    }
    await waitFor(() => {
      link.sessions.client.tick();
      link.sessions.server.tick();
      link.run();
      return link.keys.client !== undefined && link.keys.server !== undefined;
    });
    expect(link.ended).toEqual({});
  });

  test('5,000 changed copies of the real flights neither connect nor crash it', () => {
    const flights = new Link(right);
    flights.run();
    const recorded = flights.history;
    let state = 1;
    const random = (below: number): number => {
      state = (Math.imul(state, 48_271) >>> 0) % 0x7fff_ffff;
      return state % below;
    };
    for (let i = 0; i < 100; i += 1) {
      const link = new Link(right);
      link.sent.length = 0;
      for (let n = 0; n < 50; n += 1) {
        const [from, datagram] = recorded[random(recorded.length)] as [DtlsRole, Buffer];
        const changed = Buffer.from(datagram);
        for (let flips = 0; flips <= random(4); flips += 1) changed[random(changed.length)] = random(256);
        link.deliver(from === 'client' ? 'server' : 'client', changed.subarray(0, 1 + random(changed.length)));
      }
      expect(link.keys).toEqual({});
      link.sessions.client.close();
      link.sessions.server.close();
    }
  });

  test('close tells the other side', () => {
    const link = new Link(right);
    link.run();
    link.sessions.server.close();
    link.run();
    expect(link.ended).toEqual({ client: 'closed by the peer' });
    link.sessions.server.receive(memory, 100);
    link.sessions.server.close();
  });

  test('garbage and forged alerts do not end a session', () => {
    const link = new Link(right);
    // An alert in clear: level fatal, handshake failure, in the epoch of the handshake.
    const alert = Buffer.from([21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 40]);
    link.run();
    link.deliver('server', alert);
    for (let i = 0; i < 500; i += 1) {
      const datagram = Buffer.alloc(13 + (i % 100), i);
      datagram[0] = 20 + (i % 5);
      datagram.writeUInt16BE(0xfefd, 1);
      link.deliver('server', datagram);
    }
    link.run();
    expect(link.ended).toEqual({});
  });
});

test('the fingerprint of an offer is read in every supported form, and nothing else', () => {
  const digest = (bytes: number): string => new Array(bytes).fill('aB').join(':');
  expect(parseFingerprint(`SHA-256 ${digest(32)}`)?.digest).toEqual(Buffer.alloc(32, 0xab));
  expect(parseFingerprint(`sha-384 ${digest(48)}`)?.hash).toBe('sha-384');
  expect(parseFingerprint(`sha-512 ${digest(64)}`)?.hash).toBe('sha-512');
  for (const value of [
    '',
    'sha-256',
    `sha-1 ${digest(20)}`,
    `sha-256 ${digest(31)}`,
    `sha-256 ${digest(32)}:`,
    'constructor 00',
  ]) {
    expect(parseFingerprint(value)).toBeUndefined();
  }
});
