/**
 * The bytes of files on disk: `partial/` has uploads under way, `kept/` has complete files, in 256 folders.
 *
 * A file becomes complete by a rename: whatever is in `kept/` is whole. File ids are hexadecimal digits that the server
 * made; no text of a client becomes part of a path.
 *
 * @module
 */

import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The form of a file's id: 192 random bits. */
export const FILE_ID = /^[0-9a-f]{48}$/;

/** One folder of files. */
export class FileFolder {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Opens a folder, made if there is none. Uploads that a crash has left are deleted. */
  static async open(root: string): Promise<FileFolder> {
    const folder = new FileFolder(root);
    await rm(folder.#partial, { recursive: true, force: true });
    await mkdir(folder.#partial, { recursive: true });
    await mkdir(folder.#kept, { recursive: true });
    return folder;
  }

  get #partial(): string {
    return join(this.#root, 'partial');
  }

  get #kept(): string {
    return join(this.#root, 'kept');
  }

  #pathOf(fileId: string): string {
    if (!FILE_ID.test(fileId)) throw new Error('not the id of a file');
    return join(this.#kept, fileId.slice(0, 2), fileId);
  }

  #partialPathOf(fileId: string): string {
    if (!FILE_ID.test(fileId)) throw new Error('not the id of a file');
    return join(this.#partial, fileId);
  }

  /** Writes bytes of an unfinished upload at an offset; those that a failed write has left there are replaced. */
  async write(fileId: string, offset: number, bytes: Uint8Array): Promise<void> {
    const handle = await open(this.#partialPathOf(fileId), offset === 0 ? 'w' : 'r+');
    try {
      await handle.write(bytes, 0, bytes.length, offset);
    } finally {
      await handle.close();
    }
  }

  /** Makes an upload a complete file, on the disk before it has its name. */
  async keep(fileId: string): Promise<void> {
    const partial = this.#partialPathOf(fileId);
    const handle = await open(partial, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    const path = this.#pathOf(fileId);
    await mkdir(dirname(path), { recursive: true });
    await rename(partial, path);
  }

  /** Deletes an unfinished upload. */
  async discard(fileId: string): Promise<void> {
    await rm(this.#partialPathOf(fileId), { force: true });
  }

  /** Deletes a complete file; does nothing if there is none. */
  async delete(fileId: string): Promise<void> {
    await rm(this.#pathOf(fileId), { force: true });
  }

  /** Opens a complete file for reading; undefined if there is none. The caller closes it. */
  async read(fileId: string): Promise<FileHandle | undefined> {
    try {
      return await open(this.#pathOf(fileId), 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Returns the ids of all complete files, one folder at a time. */
  async *list(): AsyncGenerator<readonly string[]> {
    for (const name of await readdir(this.#kept)) yield (await readdir(join(this.#kept, name))).filter(isFileId);
  }
}

const isFileId = (name: string): boolean => FILE_ID.test(name);
