/**
 * STUN requests of a client.
 *
 * @module
 */

import { createHmac, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Writes a binding request as a browser does. */
export function createRequest(fragment: string, password: string, isNominating = true): Buffer {
  const attribute = (type: number, value: Buffer): Buffer => {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(type, 0);
    head.writeUInt16BE(value.length, 2);
    return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)]);
  };
  const header = Buffer.concat([Buffer.from('000100002112a442', 'hex'), randomBytes(12)]);
  const body = [attribute(0x0006, Buffer.from(`${fragment}:client`)), attribute(0x802a, Buffer.alloc(8))];
  if (isNominating) body.push(attribute(0x0025, Buffer.alloc(0)));
  const withLength = (parts: readonly Buffer[], bytes: number): Buffer => {
    const message = Buffer.concat([header, ...parts]);
    message.writeUInt16BE(bytes, 2);
    return message;
  };
  const size = body.reduce((sum, part) => sum + part.length, 0);
  body.push(
    attribute(
      0x0008,
      createHmac('sha1', password)
        .update(withLength(body, size + 24))
        .digest(),
    ),
  );
  const fingerprint = Buffer.alloc(4);
  fingerprint.writeUInt32BE((crc32(withLength(body, size + 32)) ^ 0x5354_554e) >>> 0);
  body.push(attribute(0x8028, fingerprint));
  return withLength(body, size + 32);
}
