import { dlopen } from 'node:ffi';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { returnLargeBlocks } from './large-blocks.ts';

const LAYER_BYTES = 768_000n;

const { functions: memory } = dlopen(null, {
  malloc: { arguments: ['uint64'], return: 'pointer' },
  free: { arguments: ['pointer'], return: 'void' },
});

function isMapped(pointer: bigint): boolean {
  return readFileSync('/proc/self/maps', 'latin1')
    .split('\n')
    .some((line) => {
      const [start = '0', end = '0'] = (line.split(' ', 1)[0] ?? '').split('-');
      return pointer >= BigInt(`0x${start || 0}`) && pointer < BigInt(`0x${end || 0}`);
    });
}

test('the memory of a layer is returned to the system when it is freed, also after others were', () => {
  expect(returnLargeBlocks()).toBe(true);
  for (let round = 0; round < 3; round += 1) {
    const block = memory.malloc(LAYER_BYTES);
    expect(isMapped(block)).toBe(true);
    memory.free(block);
    expect(isMapped(block)).toBe(false);
  }
});
