/**
 * Uploads under way: each belongs to one member, has a token of its own, and arrives in parts, one after another (CHAT-8).
 *
 * @module
 */

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { CONTENT_LIMITS, type Epoch, GavelError, type MemberId, type RoomKey, type UserId } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { ByteQuota } from './byte-quota.ts';
import { FILE_ID, type FileFolder } from './file-folder.ts';
import { findMediaType, HEAD_BYTES } from './media-types.ts';

/** An upload that gets no part for this time ends, in milliseconds. */
export const UPLOAD_IDLE_MS = 60_000;
/** Uploads that a member may have under way. */
export const MAX_UPLOADS_PER_MEMBER = 10;

/** The member that uploads, and the life of its room. */
export interface Uploader {
  readonly key: RoomKey;
  readonly epoch: Epoch;
  readonly memberId: MemberId;
  readonly userId: UserId;
}

/** A file that has arrived completely. */
export interface Uploaded {
  readonly fileId: string;
  readonly by: Uploader;
  readonly name: string;
  readonly size: number;
  readonly mediaType: string;
}

interface Upload extends Omit<Uploaded, 'mediaType'> {
  readonly token: Buffer;
  received: number;
  head: Uint8Array;
  /** Whether a part is being written. */
  isBusy: boolean;
  cancelExpiry: () => void;
}

/** The dependencies of uploads. */
export interface UploadsDeps {
  readonly folder: FileFolder;
  readonly quota: ByteQuota;
  readonly clock: Clock;
  /** Reports a failed deletion; the start of the server deletes what is left. */
  readonly report: (error: unknown) => void;
}

/** All uploads under way. */
export class Uploads {
  readonly #deps: UploadsDeps;
  readonly #all = new Map<string, Upload>();

  constructor(deps: UploadsDeps) {
    this.#deps = deps;
  }

  /**
   * Begins an upload, and counts its bytes.
   *
   * @throws GavelError `file.no-space`; `rate.limited` if the member has too many under way
   */
  begin(by: Uploader, name: string, size: number): { readonly fileId: string; readonly token: string } {
    if (this.#of(by.memberId).length >= MAX_UPLOADS_PER_MEMBER) throw new GavelError('rate.limited');
    this.#deps.quota.reserve(by.key, size);
    const fileId = randomBytes(24).toString('hex');
    const token = randomBytes(24);
    const upload = { fileId, by, name, size, token, received: 0, head: new Uint8Array(), isBusy: false };
    this.#all.set(fileId, { ...upload, cancelExpiry: this.#expireLater(fileId) });
    return { fileId, token: token.toString('base64url') };
  }

  /** Whether an upload is under way. */
  has(fileId: string): boolean {
    return this.#all.has(fileId);
  }

  /** Returns the bytes that each upload has announced. */
  usage(): readonly { readonly key: RoomKey; readonly bytes: number }[] {
    return [...this.#all.values()].map(({ by, size }) => ({ key: by.key, bytes: size }));
  }

  /** Returns the member of an upload. @throws GavelError `file.not-found`; `login.bad-credential` for another token */
  findUploader(fileId: string, token: string): Uploader {
    const upload = FILE_ID.test(fileId) ? this.#all.get(fileId) : undefined;
    if (!upload) throw new GavelError('file.not-found');
    const given = Buffer.from(token, 'base64url');
    if (given.length !== upload.token.length || !timingSafeEqual(given, upload.token)) {
      throw new GavelError('login.bad-credential', 'The upload token is missing, or not that of this file.');
    }
    return upload.by;
  }

  /**
   * Adds a part. Returns the file if it is complete now.
   *
   * @param offset the number of bytes that its sender believes to have sent
   * @throws GavelError `file.bad-offset` with details.offset; `file.too-large` if there are more bytes than announced;
   *   `file.not-found` if the upload has ended meanwhile
   */
  async add(fileId: string, offset: number, part: Uint8Array): Promise<Uploaded | { readonly received: number }> {
    const upload = this.#all.get(fileId);
    if (!upload) throw new GavelError('file.not-found');
    if (upload.isBusy || offset !== upload.received) {
      throw new GavelError('file.bad-offset', undefined, { offset: upload.received });
    }
    if (part.length > CONTENT_LIMITS.partBytes || offset + part.length > upload.size) {
      throw new GavelError('file.too-large', 'The part has more bytes than were announced.');
    }
    upload.isBusy = true;
    upload.cancelExpiry();
    try {
      await this.#deps.folder.write(fileId, offset, part);
      if (offset < HEAD_BYTES) upload.head = Buffer.concat([upload.head, part.subarray(0, HEAD_BYTES - offset)]);
      upload.received += part.length;
      const isComplete = upload.received === upload.size;
      if (isComplete) await this.#deps.folder.keep(fileId);
      // Its member may have been removed meanwhile.
      if (this.#all.get(fileId) !== upload) {
        await this.#deps.folder.delete(fileId);
        throw new GavelError('file.not-found');
      }
      if (!isComplete) return { received: upload.received };
      this.#all.delete(fileId);
      const { by, name, size, head } = upload;
      return { fileId, by, name, size, mediaType: findMediaType(head) };
    } finally {
      upload.isBusy = false;
      if (this.#all.get(fileId) === upload) upload.cancelExpiry = this.#expireLater(fileId);
      else await this.#deps.folder.discard(fileId);
    }
  }

  /** Ends the uploads of a member that is no longer in the room. */
  endOf(memberId: MemberId): void {
    for (const { fileId } of this.#of(memberId)) this.#end(fileId);
  }

  /** Ends all uploads. */
  close(): void {
    for (const fileId of [...this.#all.keys()]) this.#end(fileId);
  }

  #of(memberId: MemberId): Upload[] {
    return [...this.#all.values()].filter(({ by }) => by.memberId === memberId);
  }

  #expireLater(fileId: string): () => void {
    return this.#deps.clock.after(UPLOAD_IDLE_MS, () => this.#end(fileId));
  }

  #end(fileId: string): void {
    const upload = this.#all.get(fileId);
    if (!upload) return;
    this.#all.delete(fileId);
    upload.cancelExpiry();
    this.#deps.quota.add(upload.by.key, -upload.size);
    // The one that writes a part deletes what it has written.
    if (!upload.isBusy) this.#deps.folder.discard(fileId).catch(this.#deps.report);
  }
}
