import { dlopen, toBuffer } from 'node:ffi';
import { expect, test } from 'vitest';
import { returnLargeBlocks } from './large-blocks.ts';

const LAYER_BYTES = 768_000n;
/** glibc stores the size of a block before it, with this bit if the block has a mapping of its own: `free` unmaps it. */
const IS_MMAPPED = 2n;

const { functions: memory } = dlopen(null, {
  malloc: { arguments: ['uint64'], return: 'pointer' },
  free: { arguments: ['pointer'], return: 'void' },
});

const hasOwnMapping = (block: bigint): boolean =>
  (toBuffer(block - 8n, 8, false).readBigUInt64LE() & IS_MMAPPED) !== 0n;

test('the memory of a layer has a mapping of its own, which ends when it is freed, also after others were freed', () => {
  expect(returnLargeBlocks()).toBe(true);
  for (let round = 0; round < 3; round += 1) {
    const block = memory.malloc(LAYER_BYTES);
    expect(hasOwnMapping(block)).toBe(true);
    memory.free(block);
  }
});
