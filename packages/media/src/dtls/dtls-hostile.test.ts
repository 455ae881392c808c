import { afterEach, beforeEach, expect, test } from 'vitest';
import { RAW_CLIENT_FINGERPRINT, RawDtlsClient } from '../../tests/raw-dtls-client.ts';
import { allocatePermanent } from '../ffi/memory.ts';
import { openSsl } from '../ffi/openssl.ts';
import { DtlsContext } from './dtls-context.ts';
import { DtlsSession } from './dtls-session.ts';
import { parseFingerprint } from './fingerprint.ts';

const DTLS_1_2 = 0xfefd;
const DTLS_1_3 = 0xfefcn;
const SET_MAX_PROTOCOL = 124;
const context = new DtlsContext();
const memory = allocatePermanent(8_192);

let client: RawDtlsClient;
let server: DtlsSession;
let sent: Buffer[];
let keys: number;
let ended: string | undefined;

beforeEach(() => {
  client = new RawDtlsClient();
  sent = [];
  keys = 0;
  ended = undefined;
  const fingerprint = parseFingerprint(RAW_CLIENT_FINGERPRINT);
  if (fingerprint === undefined) throw new Error('the certificate has no fingerprint');
  server = new DtlsSession(context, 'server', fingerprint, {
    sendDatagram: (datagram) => sent.push(Buffer.from(datagram)),
    handleKeys: () => {
      keys += 1;
    },
    handleEnd: (reason) => {
      ended = reason;
    },
  });
  server.start();
});
afterEach(() => {
  server.close();
  client.free();
});

function deliver(datagrams: readonly Buffer[]): void {
  for (const datagram of datagrams) {
    memory.bytes.set(datagram);
    server.receive(memory, datagram.length);
  }
}

/** Carries datagrams both ways until nobody sends any more. */
function run(first: readonly Buffer[]): void {
  for (let datagrams = first; datagrams.length > 0; datagrams = client.handshake()) {
    deliver(datagrams);
    for (const datagram of sent.splice(0)) client.receive(datagram);
  }
}

/** An alert in clear: fatal, handshake failure. */
function createForgedAlert(sequence: number): Buffer {
  return Buffer.from([21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, sequence, 0, 2, 2, 40]);
}

test('all records of a datagram are read, so that nothing piles up: what is behind application data has its effect', () => {
  run(client.handshake());
  const records = [...client.write('a'), ...client.write('b'), ...client.write('c'), ...client.shutdown()];
  expect(records).toHaveLength(4);
  deliver([Buffer.concat(records)]);
  expect(ended).toBe('closed by the peer');
});

test('a client that renegotiates is refused, and the session goes on', () => {
  run(client.handshake());
  expect(keys).toBe(1);
  const hello = client.renegotiate();
  expect(hello.length).toBeGreaterThan(0);
  deliver(hello);
  // An alert at most; a ServerHello with a certificate has hundreds of bytes.
  expect(sent.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(100);
  expect([keys, ended]).toEqual([1, undefined]);
  sent.length = 0;
  server.close();
  expect(sent).toHaveLength(1);
});

test('forged alerts do not stop a handshake, wherever they arrive and whatever is before them', () => {
  let sequence = 1_000;
  for (let datagrams = client.handshake(); datagrams.length > 0; datagrams = client.handshake()) {
    for (const datagram of datagrams) {
      sequence += 1;
      const alert = createForgedAlert(sequence & 0xff);
      const empty = Buffer.from([22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      deliver([alert, Buffer.concat([empty, alert]), datagram, alert]);
    }
    for (const datagram of sent.splice(0)) client.receive(datagram);
  }
  expect([keys, ended]).toEqual([1, undefined]);
});

test('records that are too short to be authentic do not end a session', () => {
  run(client.handshake());
  for (const type of [20, 21, 22, 23, 24, 255]) {
    for (let length = 0; length < 40; length += 1) {
      for (const epoch of [0, 1, 2]) {
        const header = Buffer.from([type, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, type, length, 0, length]);
        deliver([Buffer.concat([header, Buffer.alloc(length, type)]), header]);
      }
    }
  }
  expect(ended).toBeUndefined();
  deliver(client.shutdown());
  expect(ended).toBe('closed by the peer');
});

test('DTLS is 1.2: the OpenSSL inside Node has no 1.3, and would use it by itself', () => {
  run(client.handshake());
  expect(client.version).toBe(DTLS_1_2);
  // When this fails, OpenSSL has DTLS 1.3: run the tests of the handshake with it, and tell so in the ADR.
  const probe = openSsl.SSL_CTX_new(openSsl.DTLS_method());
  expect(openSsl.SSL_CTX_ctrl(probe, SET_MAX_PROTOCOL, DTLS_1_3, 0n)).toBe(0n);
  openSsl.SSL_CTX_free(probe);
});
