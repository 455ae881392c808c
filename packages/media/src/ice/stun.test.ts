import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { hasFragment, isAuthentic, parseBindingRequest, readFragment, writeBindingResponse } from './stun.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

/** The sample request of RFC 5769, 2.1: user `evtj:h6vY`, with PRIORITY, ICE-CONTROLLED, SOFTWARE and a fingerprint. */
const REQUEST = hex(`
  00010058 2112a442 b7e7a701 bc34d686 fa87dfae
  80220010 5354554e 20746573 7420636c 69656e74
  00240004 6e0001ff
  80290008 932ff9b1 51263b36
  00060009 6576746a 3a683676 59202020
  00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2
  80280004 e57a3bcf`);
const PASSWORD = 'VOkJxbRl1RmTxUk/WvJxBt';

function parse(bytes: Buffer): NonNullable<ReturnType<typeof parseBindingRequest>> {
  const request = parseBindingRequest(bytes);
  if (request === undefined) throw new Error('the request was refused');
  return request;
}

test('the sample request is read, and authentic with its password only (RFC 5769, 2.1)', () => {
  const request = parse(REQUEST);
  expect(request).toMatchObject({ isNominating: false });
  expect(readFragment(request)).toBe('evtj');
  expect(hasFragment(request, 'evtj')).toBe(true);
  for (const other of ['', 'evt', 'evtk', 'evtj:']) expect(hasFragment(request, other)).toBe(false);
  expect(isAuthentic(request, PASSWORD)).toBe(true);
  expect(isAuthentic(request, `${PASSWORD}x`)).toBe(false);
  expect([isAuthentic(request, PASSWORD), isAuthentic(request, PASSWORD)]).toEqual([true, true]);
});

test('no changed byte before the fingerprint leaves a request authentic', () => {
  for (let at = 0; at < REQUEST.length - 8; at += 1) {
    const changed = Buffer.from(REQUEST);
    changed[at] = (changed[at] as number) ^ 0x10;
    const request = parseBindingRequest(changed);
    expect([at, request !== undefined && isAuthentic(request, PASSWORD)]).toEqual([at, false]);
  }
});

test('a request that is cut or extended is refused', () => {
  for (let length = 0; length < REQUEST.length; length += 1) {
    expect(parseBindingRequest(Buffer.from(REQUEST.subarray(0, length)))).toBeUndefined();
  }
  expect(parseBindingRequest(Buffer.concat([REQUEST, Buffer.alloc(4)]))).toBeUndefined();
});

test('what stands behind the message integrity says nothing', () => {
  const integrityEnd = REQUEST.length - 8;
  const nominated = Buffer.concat([REQUEST.subarray(0, integrityEnd), hex('00250000')]);
  nominated.writeUInt16BE(nominated.length - 20, 2);
  expect(parse(nominated).isNominating).toBe(false);
});

test('the response has the mapped address of both families, and is authentic (RFC 5769, 2.2 and 2.3)', () => {
  const request = parse(REQUEST);
  const out = Buffer.alloc(128, 0xee);
  const length = writeBindingResponse(request, PASSWORD, Buffer.from([192, 0, 2, 1]), 32_853, out);
  expect(length).toBe(64);
  expect(out.subarray(0, 32)).toEqual(hex('0101002c 2112a442 b7e7a701 bc34d686 fa87dfae 00200008 0001a147 e112a643'));
  const signed = Buffer.from(out.subarray(0, 32));
  signed.writeUInt16BE(12 + 24, 2);
  expect(out.subarray(36, 56)).toEqual(createHmac('sha1', PASSWORD).update(signed).digest());
  const ipv6 = hex('20010db8 12345678 00112233 44556677');
  expect(writeBindingResponse(request, PASSWORD, ipv6, 32_853, out)).toBe(76);
  expect(out.subarray(20, 44)).toEqual(hex('00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9'));
});
