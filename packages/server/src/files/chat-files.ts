/**
 * The files of chat messages, from the upload to the deletion (CHAT-8 to CHAT-11).
 *
 * A member reserves a file, uploads it by HTTP in parts, and sends it in a message. A file that a stored message has lasts as
 * long as that message; any other lasts as long as the life of its room.
 *
 * @module
 */

import type { FileHandle } from 'node:fs/promises';
import {
  type AppId,
  byteLength,
  CONTENT_LIMITS,
  type Epoch,
  GavelError,
  type NewContent,
  type RoomKey,
  roomKeyText,
  type UploadResult,
  type WireContent,
} from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import { KeyedQueue } from '../base/keyed-queue.ts';
import type { Bus } from '../bus/bus.ts';
import type { EventBatch } from '../owner/event-feed.ts';
import { type MemberInfo, maySendFiles } from '../rooms/member.ts';
import type { FileRecord } from '../store/files.ts';
import type { Store } from '../store/store.ts';
import { type ByteLimits, ByteQuota } from './byte-quota.ts';
import { FILE_ID, FileFolder } from './file-folder.ts';
import { parseFileName } from './file-names.ts';
import { LiveFiles } from './live-files.ts';
import { isImageType } from './media-types.ts';
import { Uploads } from './uploads.ts';

/** A file that is in no message is deleted after this time, in milliseconds. */
export const UNSENT_MS = 10 * 60_000;
const SWEEP_MS = 60_000;
/** Files that are deleted at a time. */
const SWEEP_FILES = 100;

/** The dependencies of the files. */
export interface ChatFilesDeps {
  readonly bus: Pick<Bus, 'query'>;
  readonly store: Pick<Store, 'files'>;
  readonly clock: Clock;
  readonly log: { error(fields: object, message: string): void };
  /** The folder of the bytes. */
  readonly path: string;
  /** Bytes. */
  readonly maxFileBytes: number;
  readonly limits: ByteLimits;
  /** Whether other processes have files of living rooms in the same store. */
  readonly hasOthers: boolean;
  /** Whether this process deletes the files of an App; one of several nodes does. */
  readonly isResponsibleFor: (appId: AppId) => boolean;
}

/** All files of chat messages. */
export class ChatFiles {
  readonly #deps: ChatFilesDeps;
  readonly #folder: FileFolder;
  readonly #quota: ByteQuota;
  readonly #uploads: Uploads;
  readonly #live = new LiveFiles();
  /** Files that are being deleted, which nobody gets any more. */
  readonly #deleting = new Set<string>();
  /** Lives of rooms that the last sweep found ended; by now their last messages are stored. */
  #ended = new Set<string>();
  #stopSweeps: (() => void) | undefined;
  readonly #sweeps = new KeyedQueue();

  private constructor(deps: ChatFilesDeps, folder: FileFolder, quota: ByteQuota) {
    this.#deps = deps;
    this.#folder = folder;
    this.#quota = quota;
    const report = (error: unknown) => deps.log.error({ err: error }, 'deleting an unfinished upload failed');
    this.#uploads = new Uploads({ folder, quota, clock: deps.clock, report });
  }

  /** Opens the folder, and counts what is in it. What an earlier process has left unsent is deleted by the first sweep. */
  static async open(deps: ChatFilesDeps): Promise<ChatFiles> {
    const { files } = deps.store;
    if (!deps.hasOthers) await files.orphanUnbound();
    const quota = new ByteQuota(deps.limits);
    for (const { bytes, ...key } of await files.usage()) quota.add(key, bytes);
    return new ChatFiles(deps, await FileFolder.open(deps.path), quota);
  }

  /** Deletes files without a record, which a crash has left, and begins to sweep every minute. */
  start(): void {
    void this.#sweeps.run('files', () => this.#deleteUnknown());
    void this.sweep();
    this.#stopSweeps = this.#deps.clock.every(SWEEP_MS, () => void this.sweep());
  }

  /** Deletes what is due, after the sweep that is under way. Never rejects. */
  sweep(): Promise<void> {
    return this.#sweeps.run('files', () => this.#sweep());
  }

  /** Ends all uploads; resolves when nothing is being deleted any longer. */
  async close(): Promise<void> {
    this.#stopSweeps?.();
    this.#uploads.close();
    await this.#sweeps.settled();
  }

  /**
   * Reserves a file for a member.
   *
   * @throws GavelError `member.not-allowed`, `file.bad-name`, `file.too-large`, `file.no-space`, `rate.limited` for more
   *   than 10 uploads at a time
   */
  async createUpload(key: RoomKey, member: MemberInfo, file: { name: string; size: number }): Promise<UploadResult> {
    if (!maySendFiles(member.permissions)) throw new GavelError('member.not-allowed');
    const name = parseFileName(file.name);
    const { maxFileBytes } = this.#deps;
    if (file.size > maxFileBytes) {
      throw new GavelError('file.too-large', `A file can have at most ${maxFileBytes} bytes.`, {
        maxBytes: maxFileBytes,
      });
    }
    const epoch = await this.#epochOf(key);
    if (epoch === undefined) throw new GavelError('room.not-found');
    const by = { key, epoch, memberId: member.memberId, userId: member.user.id };
    const { fileId, token } = this.#uploads.begin(by, name, file.size);
    return { fileId, uploadToken: token, maxPartBytes: CONTENT_LIMITS.partBytes };
  }

  /**
   * Checks that a part may be sent, before it is read.
   *
   * @throws GavelError `file.not-found`, also once the member was removed; `login.bad-credential`; `member.not-allowed` if
   *   a host has forbidden files meanwhile
   */
  async checkUpload(fileId: string, token: string): Promise<void> {
    const { key, memberId } = this.#uploads.findUploader(fileId, token);
    const { member } = await this.#deps.bus.query(key, { type: 'member', memberId });
    if (!member) {
      this.#uploads.endOf(memberId);
      throw new GavelError('file.not-found');
    }
    if (!maySendFiles(member.permissions)) throw new GavelError('member.not-allowed');
  }

  /** Adds a part of an upload. @throws GavelError as `Uploads.add` */
  async addPart(fileId: string, offset: number, part: Uint8Array): Promise<{ received: number; isComplete: boolean }> {
    const result = await this.#uploads.add(fileId, offset, part);
    if ('received' in result) return { received: result.received, isComplete: false };
    const { by, name, size, mediaType } = result;
    const { appId, environment, roomId } = by.key;
    const { clock, store } = this.#deps;
    const facts = { fileId, name, mediaType, size };
    const owner = { appId, environment, roomId, userId: by.userId };
    try {
      await store.files.add({ ...facts, ...owner, createdAtMs: clock.now() });
    } catch (error) {
      this.#quota.add(by.key, -size);
      await this.#folder.delete(fileId);
      throw error;
    }
    const { key, epoch, userId } = by;
    this.#live.add({ key, epoch, userId, file: facts, uploadedMonotonicMs: clock.monotonicMs() });
    return { received: size, isComplete: true };
  }

  /**
   * Returns the content of a message, with the facts of its files. Release them if it is not sent.
   *
   * @param messageId the message that is edited; undefined for a new one
   * @throws GavelError `file.not-found`, `file.not-image`, `message.too-long` for a payload of more than 8,192 bytes
   */
  async claim(key: RoomKey, member: MemberInfo, content: NewContent, messageId?: number): Promise<WireContent> {
    const epoch = await this.#epochOf(key);
    if (epoch === undefined) throw new GavelError('room.not-found');
    const sender = { key, epoch, userId: member.user.id };
    if (content.type === 'custom') {
      const { payload, fileIds = [] } = content;
      if (byteLength(JSON.stringify(payload)) > CONTENT_LIMITS.payloadBytes) throw new GavelError('message.too-long');
      const files = this.#live.claim(fileIds, sender, messageId);
      return { type: 'custom', payload, ...(files.length > 0 && { files }) };
    }
    const [file] = this.#live.claim([content.fileId], sender, messageId);
    if (!file) throw new GavelError('file.not-found');
    if (content.type === 'image' && !isImageType(file.mediaType)) {
      this.release([file.fileId]);
      throw new GavelError('file.not-image');
    }
    return { type: content.type, file };
  }

  /** Frees the files of a message that was not sent: they may be sent in another one. */
  release(fileIds: readonly string[]): void {
    this.#live.release(fileIds);
  }

  /** Whether an upload is under way here. */
  hasUpload(fileId: string): boolean {
    return this.#uploads.has(fileId);
  }

  /** Returns what is known of a complete file; undefined if there is none. */
  async findRecord(fileId: string): Promise<FileRecord | undefined> {
    if (!FILE_ID.test(fileId) || this.#deleting.has(fileId)) return undefined;
    return this.#deps.store.files.find(fileId);
  }

  /** Opens the bytes of a complete file for reading; undefined if this process does not have them. The caller closes it. */
  async openBytes(fileId: string): Promise<FileHandle | undefined> {
    return FILE_ID.test(fileId) ? this.#folder.read(fileId) : undefined;
  }

  /** Counts the bytes of all files again: this process may have become responsible for other Apps. */
  async recount(): Promise<void> {
    const usage = await this.#deps.store.files.usage();
    this.#quota.clear();
    for (const { bytes, ...key } of usage) this.#quota.add(key, bytes);
    for (const { key, bytes } of this.#uploads.usage()) this.#quota.add(key, bytes);
  }

  /** Ends the uploads of members that have left, and deletes files that a message has lost. */
  handle({ key, events }: EventBatch): Promise<void> | undefined {
    const lost = events.flatMap((event) => {
      if (event.type === 'memberLeft') this.#uploads.endOf(event.member.memberId);
      return this.#live.follow(key, event);
    });
    if (lost.length === 0) return undefined;
    return this.#delete(lost.map(({ fileId }) => fileId));
  }

  async #sweep(): Promise<void> {
    const { clock, store, log, isResponsibleFor } = this.#deps;
    try {
      const unsent = this.#live.removeUnsent(clock.monotonicMs() - UNSENT_MS);
      await store.files.orphanUnboundOf(unsent.map(({ file }) => file.fileId));
      await this.#orphanEnded();
      for (;;) {
        const orphans = await store.files.orphans(SWEEP_FILES);
        const own = orphans.filter(({ appId }) => isResponsibleFor(appId));
        await this.#delete(own.map(({ fileId }) => fileId));
        // The next ones may be behind those that another process deletes: the next sweep finds them.
        if (orphans.length < SWEEP_FILES || own.length === 0) break;
      }
    } catch (error) {
      log.error({ err: error }, 'deleting files of chat messages failed; retrying');
    }
  }

  async #epochOf(key: RoomKey): Promise<Epoch | undefined> {
    return (await this.#deps.bus.query(key, { type: 'summary' })).room?.epoch;
  }

  /** Lives of rooms that ended before the last sweep: a message that stays has been stored, and its files are bound. */
  async #orphanEnded(): Promise<void> {
    const ended = new Set<string>();
    const alive = new Map<string, Epoch | undefined>();
    for (const key of this.#live.keys()) alive.set(roomKeyText(key), await this.#epochOf(key));
    const files = this.#live.removeEnded(({ key, epoch }) => {
      if (alive.get(roomKeyText(key)) === epoch) return true;
      const life = `${roomKeyText(key)}\n${epoch}`;
      if (this.#ended.has(life)) return false;
      ended.add(life);
      return true;
    });
    this.#ended = ended;
    await this.#deps.store.files.orphanUnboundOf(files.map(({ file }) => file.fileId));
  }

  async #deleteUnknown(): Promise<void> {
    const { store, log } = this.#deps;
    try {
      for await (const fileIds of this.#folder.list()) {
        const known = await store.files.known(fileIds);
        for (const fileId of fileIds) if (!known.has(fileId)) await this.#folder.delete(fileId);
      }
    } catch (error) {
      log.error({ err: error }, 'deleting files that no chat message has failed');
    }
  }

  /** Deletes files: first the bytes, then the record, so that a crash in between leaves something to find. */
  async #delete(fileIds: readonly string[]): Promise<void> {
    for (const fileId of fileIds) this.#deleting.add(fileId);
    try {
      for (const fileId of fileIds) await this.#folder.delete(fileId);
      // Of two deletions of one file, one finds the record: its bytes are counted once.
      for (const record of await this.#deps.store.files.delete(fileIds)) this.#quota.add(record, -record.size);
    } finally {
      for (const fileId of fileIds) this.#deleting.delete(fileId);
    }
  }
}
