import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

/**
 * Frees a large block, and prints whether a layer's block then has a mapping of its own, which `free` ends. glibc stores that as
 * bit 1 of the size before the block.
 *
 * The program is a process of its own, as a worker is. Free blocks that its start left in the heap are used up first.
 */
const PROGRAM = `
  import { dlopen, toBuffer } from 'node:ffi';
  import { returnLargeBlocks } from '${new URL('./large-blocks.ts', import.meta.url)}';
  const { functions: memory } = dlopen(null, {
    malloc: { arguments: ['uint64'], return: 'pointer' },
    free: { arguments: ['pointer'], return: 'void' },
  });
  if (process.argv[1] === 'returned') returnLargeBlocks();
  memory.free(memory.malloc(2_000_000n));
  let block;
  for (let count = 0; count < 32; count += 1) block = memory.malloc(768_000n);
  console.log((toBuffer(block - 8n, 8, false).readBigUInt64LE() & 2n) !== 0n);
`;

const run = (how: 'default' | 'returned'): unknown =>
  JSON.parse(
    execFileSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', PROGRAM, how],
      {
        encoding: 'utf8',
      },
    ),
  );

test('the memory of a layer has a mapping of its own, which ends when it is freed, also after others were freed', () => {
  expect(run('returned')).toBe(true);
  expect(run('default')).toBe(false);
});
