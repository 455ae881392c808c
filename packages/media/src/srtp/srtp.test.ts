import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../tests/random.ts';
import { allocatePermanent, type NativeBuffer } from '../ffi/memory.ts';
import { MAX_PACKET_BYTES } from '../transport/transport.ts';
import { SLOT_BYTES } from '../udp/message-slab.ts';
import { createPacketCipher } from './packet-cipher.ts';
import { deriveSessionKeys, type MasterKeys, SRTP_PROFILES, type SrtpProfile } from './profiles.ts';
import { MAX_OVERHEAD_BYTES, measureRtpHeader, SrtpSession } from './srtp-session.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const profileOf = (cipher: SrtpProfile['cipher']): SrtpProfile => {
  const profile = SRTP_PROFILES.find((entry) => entry.cipher === cipher);
  if (profile === undefined) throw new Error(`no profile with ${cipher}`);
  return profile;
};

test('the longest packet has room for its protection in the memory of a datagram', () => {
  expect(MAX_PACKET_BYTES + MAX_OVERHEAD_BYTES).toBeLessThanOrEqual(SLOT_BYTES);
});

const packet: NativeBuffer = allocatePermanent(SLOT_BYTES);
function load(bytes: Buffer): number {
  packet.bytes.fill(0xee);
  packet.bytes.set(bytes);
  return bytes.length;
}
const read = (length: number): Buffer => Buffer.from(packet.bytes.subarray(0, length));

function createRtp(sequence: number, payload: Buffer, ssrc = 0x5501_a0b2): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = 96;
  header.writeUInt16BE(sequence, 2);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([header, payload]);
}

/** Two sessions with keys that belong together. */
function createPair(profile: SrtpProfile): [SrtpSession, SrtpSession] {
  const create = (): MasterKeys => ({ key: randomBytes(profile.keyBytes), salt: randomBytes(profile.saltBytes) });
  const copy = ({ key, salt }: MasterKeys): MasterKeys => ({ key: Buffer.from(key), salt: Buffer.from(salt) });
  const [a, b] = [create(), create()];
  return [
    new SrtpSession({ profile, local: copy(a), remote: copy(b) }),
    new SrtpSession({ profile, local: b, remote: a }),
  ];
}

describe('test vectors', () => {
  const master = {
    key: hex('E1F97A0D3E018BE0D64FA32C06DE4139'),
    salt: hex('0EC675AD498AFEEBB6960B3AABE6'),
  };

  test('session keys of counter mode (RFC 3711, B.3)', () => {
    const keys = deriveSessionKeys(profileOf('AES-128-CTR'), master, 'rtp');
    expect(keys.cipherKey).toEqual(hex('C61E7A93744F39EE10734AFE3FF7A087'));
    expect(keys.salt).toEqual(hex('30CBBC08863D8C85D49DB34A9AE1'));
    expect(keys.authenticationKey).toEqual(hex('CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4'));
  });

  const plain = hex(
    '8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573',
  );
  const salt = hex('51756964 2070726f 2071756f');
  test.each([
    [
      'AES-128-GCM' as const,
      hex('000102030405060708090a0b0c0d0e0f'),
      hex(
        `8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf
         8833899d 7f27beb1 6a9152cf 765ee439 0cce`,
      ),
    ],
    [
      'AES-256-GCM' as const,
      hex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'),
      hex(
        `8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799
         b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13`,
      ),
    ],
  ])('SRTP with %s (RFC 7714, 16)', (cipher, cipherKey, expected) => {
    const profile = profileOf(cipher);
    const keys = { cipherKey, salt: Buffer.from(salt), authenticationKey: Buffer.alloc(0) };
    const length = load(plain);
    createPacketCipher(profile, keys, 'encrypt').seal(packet, 12, length, 0x5501_a0b2, 0xf17b);
    expect(read(length + 16)).toEqual(expected);
    const decrypts = createPacketCipher(profile, { ...keys, salt: Buffer.from(salt) }, 'decrypt');
    expect(decrypts.open(packet, 12, length, 0x5501_a0b2, 0xf17b)).toBe(true);
    expect(read(length)).toEqual(plain);
  });

  test('counter mode is AES-CTR and HMAC-SHA1 as node:crypto computes them (RFC 3711, 4.1.1 and 4.2)', () => {
    const keys = deriveSessionKeys(profileOf('AES-128-CTR'), master, 'rtp');
    const [ssrc, index] = [0x5501_a0b2, 3 * 65_536 + 7];
    const iv = Buffer.alloc(16);
    keys.salt.copy(iv);
    for (const [offset, bytes] of [
      [4, Buffer.from('5501a0b2', 'hex')],
      [8, Buffer.from('000000030007', 'hex')],
    ] as const) {
      bytes.forEach((byte, i) => {
        iv[offset + i] = (iv[offset + i] as number) ^ byte;
      });
    }
    const encrypted = createCipheriv('aes-128-ctr', keys.cipherKey, iv).update(plain.subarray(12));
    const body = Buffer.concat([plain.subarray(0, 12), encrypted]);
    const tag = createHmac('sha1', keys.authenticationKey)
      .update(body)
      .update(hex('00000003'))
      .digest()
      .subarray(0, 10);
    const length = load(plain);
    createPacketCipher(profileOf('AES-128-CTR'), keys, 'encrypt').seal(packet, 12, length, ssrc, index);
    expect(read(length + 10)).toEqual(Buffer.concat([body, tag]));
  });
});

describe.each(SRTP_PROFILES)('$name', (profile) => {
  test('RTP and RTCP come out as they went in, whatever their size', () => {
    const [sender, receiver] = createPair(profile);
    for (const size of [0, 1, 15, 16, 17, 1_100, 1_400]) {
      const rtp = createRtp(size, randomBytes(size));
      const sealed = sender.protectRtp(packet, load(rtp));
      expect(sealed).toBe(rtp.length + profile.tagBytes);
      expect(receiver.unprotectRtp(packet, sealed)).toBe(rtp.length);
      expect(read(rtp.length)).toEqual(rtp);
      const rtcp = Buffer.concat([hex('80c80001 00000007'), randomBytes(size)]);
      const sealedRtcp = sender.protectRtcp(packet, load(rtcp));
      if (size > 8) expect(read(sealedRtcp).includes(rtcp.subarray(8))).toBe(false);
      expect(receiver.unprotectRtcp(packet, sealedRtcp)).toBe(rtcp.length);
      expect(read(rtcp.length)).toEqual(rtcp);
    }
  });

  test('RTCP of several sources, whose packets are counted for each of them, is not taken for repetitions (RFC 3711, 3.2.3)', () => {
    const createMaster = (): MasterKeys => ({
      key: randomBytes(profile.keyBytes),
      salt: randomBytes(profile.saltBytes),
    });
    const [sent, received] = [createMaster(), createMaster()];
    const copy = ({ key, salt }: MasterKeys): MasterKeys => ({ key: Buffer.from(key), salt: Buffer.from(salt) });
    // Each session counts on its own, as libsrtp does for each source.
    const senders = [1, 2].map((ssrc) => ({
      rtcp: hex(`81c90001 0000000${ssrc}`),
      session: new SrtpSession({ profile, local: copy(sent), remote: copy(received) }),
    }));
    const receiver = new SrtpSession({ profile, local: received, remote: sent });
    const [busy, quiet] = senders as [(typeof senders)[0], (typeof senders)[0]];
    const pass = ({ rtcp, session }: typeof busy): number =>
      receiver.unprotectRtcp(packet, session.protectRtcp(packet, load(rtcp)));
    for (let count = 0; count < 300; count += 1) expect(pass(busy)).toBe(busy.rtcp.length);
    expect(pass(quiet)).toBe(quiet.rtcp.length);
    const repeated = quiet.session.protectRtcp(packet, load(quiet.rtcp));
    const bytes = read(repeated);
    expect(receiver.unprotectRtcp(packet, repeated)).toBe(quiet.rtcp.length);
    load(bytes);
    expect(receiver.unprotectRtcp(packet, repeated)).toBe(0);
  });

  test('extensions and CSRCs stay readable and are authenticated', () => {
    const [sender, receiver] = createPair(profile);
    const header = hex('9260000100000000 00000009 0000000a 0000000b bede0001 10aa0000');
    const rtp = Buffer.concat([header, randomBytes(40)]);
    const sealed = sender.protectRtp(packet, load(rtp));
    expect(read(header.length)).toEqual(header);
    packet.bytes[header.length - 3] = 0xab;
    expect(receiver.unprotectRtp(packet, sealed)).toBe(0);
  });

  test('altered, cut, repeated and foreign packets are refused', () => {
    const [sender, receiver] = createPair(profile);
    const [stranger] = createPair(profile);
    const rtp = createRtp(1, randomBytes(100));
    const sealed = sender.protectRtp(packet, load(rtp));
    const good = read(sealed);
    for (let at = 0; at < sealed; at += 1) {
      load(good);
      packet.bytes[at] = (packet.bytes[at] as number) ^ 0x01;
      expect([at, receiver.unprotectRtp(packet, sealed)]).toEqual([at, 0]);
    }
    for (let length = 0; length < sealed; length += 1) {
      load(good);
      expect(receiver.unprotectRtp(packet, length)).toBe(0);
    }
    load(good);
    packet.bytes.fill(0, sealed - profile.tagBytes, sealed);
    expect(receiver.unprotectRtp(packet, sealed)).toBe(0);
    load(good);
    expect(stranger.unprotectRtp(packet, sealed)).toBe(0);
    load(good);
    expect(receiver.unprotectRtp(packet, sealed)).toBe(rtp.length);
    load(good);
    expect(receiver.unprotectRtp(packet, sealed)).toBe(0);
    const rtcp = hex('81c90007 00000001 00000002 00000003');
    const sealedRtcp = sender.protectRtcp(packet, load(rtcp));
    const goodRtcp = read(sealedRtcp);
    for (let at = 0; at < sealedRtcp; at += 1) {
      load(goodRtcp);
      packet.bytes[at] = (packet.bytes[at] as number) ^ 0x80;
      expect([at, receiver.unprotectRtcp(packet, sealedRtcp)]).toEqual([at, 0]);
    }
    load(goodRtcp);
    expect(receiver.unprotectRtcp(packet, sealedRtcp)).toBe(rtcp.length);
    load(goodRtcp);
    expect(receiver.unprotectRtcp(packet, sealedRtcp)).toBe(0);
  });

  test('sequence numbers roll over, with loss and in any order', () => {
    const [sender, receiver] = createPair(profile);
    const sealed: Buffer[] = [];
    for (let i = 0; i < 200_000; i += 997) {
      const rtp = createRtp(i & 0xffff, hex('aabbccdd'));
      sealed.push(read(sender.protectRtp(packet, load(rtp))));
    }
    // Each pair in reverse order.
    for (let i = 0; i + 1 < sealed.length; i += 2) {
      for (const one of [sealed[i + 1], sealed[i]]) {
        expect(receiver.unprotectRtp(packet, load(one as Buffer))).toBe(16);
      }
    }
  });

  test('no key stream encrypts two contents, whatever is sent in whatever order (RTX-1)', () => {
    const [sender] = createPair(profile);
    const contentByKeyStream = new Map<string, string>();
    const KEY_STREAM_BYTES = 16;
    const jumps = [0, 1, 1, 1, 2, -1, -3, 500, -500, 1_023, 1_024, -1_025, 20_000, 32_767, 32_768, -20_000, 65_535];
    const random = createRandom(11);
    let sequence = 65_000;
    let sent = 0;
    for (let i = 0; i < 20_000; i += 1) {
      sequence = (sequence + (jumps[Math.floor(random() * jumps.length)] as number)) & 0xffff;
      const rtp = createRtp(sequence, randomBytes(KEY_STREAM_BYTES));
      const plain = rtp.subarray(12);
      const length = sender.protectRtp(packet, load(rtp));
      if (length === 0) continue;
      sent += 1;
      const keyStream = Buffer.from(plain.map((byte, at) => byte ^ (packet.bytes[12 + at] as number))).toString('hex');
      expect(contentByKeyStream.has(keyStream)).toBe(false);
      contentByKeyStream.set(keyStream, plain.toString('hex'));
    }
    expect(sent).toBeGreaterThan(2_000);
  });

  test('a repetition is the same bytes on the wire; one that is not in the window is refused (RTX-1)', () => {
    const [sender] = createPair(profile);
    const rtp = createRtp(100, randomBytes(30));
    expect(sender.protectRtp(packet, load(rtp), true)).toBe(0);
    const first = read(sender.protectRtp(packet, load(rtp)));
    expect(read(sender.protectRtp(packet, load(rtp), true))).toEqual(first);
    expect(sender.protectRtp(packet, load(createRtp(100, randomBytes(30))))).toBe(0);
    expect(sender.protectRtp(packet, load(createRtp(101, randomBytes(30))), true)).toBe(0);
    expect(sender.protectRtp(packet, load(createRtp(100 + 1_024, randomBytes(30))))).toBeGreaterThan(0);
    expect(sender.protectRtp(packet, load(rtp), true)).toBe(0);
  });

  test('two packets never have the same bytes on the wire', () => {
    const [sender] = createPair(profile);
    const seen = new Set<string>();
    const plain = createRtp(0, hex('00'));
    for (let i = 0; i < 70_000; i += 1) {
      packet.bytes.set(plain);
      packet.bytes.writeUInt16BE(i & 0xffff, 2);
      const length = sender.protectRtp(packet, plain.length);
      seen.add(packet.bytes.toString('latin1', 12, length));
    }
    expect(seen.size).toBe(70_000);
  });
});

test('a header that does not fit into its packet is refused', () => {
  expect(measureRtpHeader(Buffer.alloc(11), 11)).toBe(0);
  expect(measureRtpHeader(Buffer.from([0x8f, ...Buffer.alloc(20)]), 21)).toBe(0);
  expect(measureRtpHeader(Buffer.from([0x90, ...Buffer.alloc(13), 0xff, 0xff]), 16)).toBe(0);
  expect(measureRtpHeader(Buffer.from([0x80, ...Buffer.alloc(11)]), 12)).toBe(12);
});
