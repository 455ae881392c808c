/**
 * Compresses files at build time, so that the server need not compress them for each client.
 *
 * @module
 */

import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';

const compressBrotli = promisify(brotliCompress);
const compressGzip = promisify(gzip);

/** Writes a `.br` and a `.gz` beside each file. @throws Error if a file cannot be read, or the others not be written */
export async function writeCompressed(paths: readonly string[]): Promise<void> {
  await Promise.all(
    paths.map(async (path) => {
      const content = await readFile(path);
      await writeFile(`${path}.br`, await compressBrotli(content));
      await writeFile(`${path}.gz`, await compressGzip(content, { level: 9 }));
    }),
  );
}
