import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { expect, test } from 'vitest';
import { allocatePermanent } from '../ffi/memory.ts';
import { deriveSessionKeys, type MasterKeys, SRTP_PROFILES } from './profiles.ts';
import { SrtpSession } from './srtp-session.ts';

/** No secret is longer. */
const NEEDLE_BYTES = 32;
const MAX_NEEDLES = 32;
const CHUNK_BYTES = 1 << 20;
/** What is searched for, and the copy of the memory that is searched: both are left out of the search. */
const own = allocatePermanent(MAX_NEEDLES * NEEDLE_BYTES + CHUNK_BYTES);
const ownFrom = Number(own.pointer);
const ownTo = ownFrom + own.bytes.length;
const chunk = own.bytes.subarray(MAX_NEEDLES * NEEDLE_BYTES);
const MASK = 0x5a;

/** A secret that the test keeps without keeping its bytes. */
const hide = (secret: Buffer): Buffer => Buffer.from(secret.map((byte) => byte ^ MASK));

/** Returns the names of the secrets that the process's memory contains anywhere. */
function findInMemory(secrets: Readonly<Record<string, Buffer>>): string[] {
  const needles = Object.entries(secrets).map(([name, hidden], index) => {
    const needle = own.bytes.subarray(index * NEEDLE_BYTES, index * NEEDLE_BYTES + hidden.length);
    for (const [at, byte] of hidden.entries()) needle[at] = byte ^ MASK;
    return { name, needle };
  });
  const found = new Set<string>();
  const memory = openSync('/proc/self/mem', 'r');
  for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
    const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
    const end = Number.parseInt(to, 16);
    for (let at = Number.parseInt(from, 16); at < end; ) {
      if (at >= ownFrom && at < ownTo) at = ownTo;
      const limit = at < ownFrom ? Math.min(end, ownFrom) : end;
      const length = read(memory, Math.min(CHUNK_BYTES, limit - at), at);
      if (length <= 0) break;
      const bytes = chunk.subarray(0, length);
      for (const { name, needle } of needles) if (bytes.includes(needle)) found.add(name);
      // A secret may lie across the border of two chunks.
      at += length < CHUNK_BYTES ? length : length - NEEDLE_BYTES;
    }
  }
  closeSync(memory);
  own.bytes.fill(0);
  return [...found];
}

/** Reads memory; 0 bytes of what the kernel does not show. */
function read(memory: number, length: number, at: number): number {
  if (length <= 0) return 0;
  try {
    return readSync(memory, chunk, 0, length, at);
  } catch {
    return 0;
  }
}

test.each(SRTP_PROFILES)('$name: no memory of the process has a key after the session is freed', (profile) => {
  const create = (): MasterKeys => ({ key: randomBytes(profile.keyBytes), salt: randomBytes(profile.saltBytes) });
  const [local, remote] = [create(), create()];
  const secrets: Record<string, Buffer> = { 'local master': hide(local.key), 'remote master': hide(remote.key) };
  for (const [name, master] of Object.entries({ local, remote })) {
    for (const kind of ['rtp', 'rtcp'] as const) {
      const keys = deriveSessionKeys(profile, master, kind);
      for (const [part, key] of Object.entries(keys) as [string, Buffer][]) {
        if (key.length > 0) secrets[`${name} ${kind} ${part}`] = hide(key);
        key.fill(0);
      }
    }
  }
  const session = new SrtpSession({ profile, local, remote });
  // The search finds what is there: OpenSSL's copies of the keys, and the salts.
  expect(findInMemory(secrets)).toEqual(
    expect.arrayContaining(['local rtp cipherKey', 'remote rtcp cipherKey', 'local rtcp salt', 'remote rtp salt']),
  );
  const packet = allocatePermanent(64);
  packet.bytes.set(Buffer.from('8060000700000000000003e8aabbccdd', 'hex'));
  session.protectRtp(packet, 16);
  session.free();
  expect(findInMemory(secrets)).toEqual([]);
});
