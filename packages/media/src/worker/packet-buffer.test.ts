import { expect, test } from 'vitest';
import { BUFFERED_PACKETS, MAX_BUFFERED_BYTES, PacketBuffer } from './packet-buffer.ts';

test('a packet is found until its slot is needed', () => {
  const buffer = new PacketBuffer();
  expect(buffer.find(5)).toBeUndefined();
  buffer.store(5, Buffer.from('five'));
  expect(buffer.find(5)?.toString()).toBe('five');
  expect(buffer.find(5 + BUFFERED_PACKETS)).toBeUndefined();
  buffer.store(5 + BUFFERED_PACKETS, Buffer.from('more'));
  expect(buffer.find(5)).toBeUndefined();
});

test('a packet is copied in, so that its memory can be used again', () => {
  const buffer = new PacketBuffer();
  const packet = Buffer.from('abc');
  buffer.store(65_535, packet);
  packet.fill('x');
  expect(buffer.find(65_535)?.toString()).toBe('abc');
});

test('a packet too long for a slot is not kept', () => {
  const buffer = new PacketBuffer();
  buffer.store(1, Buffer.alloc(MAX_BUFFERED_BYTES + 1));
  expect(buffer.find(1)).toBeUndefined();
});

test('a packet too long for a slot removes the one of its number from a cycle before (RTX-1)', () => {
  const buffer = new PacketBuffer();
  buffer.store(1, Buffer.from('old'));
  buffer.store(1, Buffer.alloc(MAX_BUFFERED_BYTES + 1));
  expect(buffer.find(1)).toBeUndefined();
});
