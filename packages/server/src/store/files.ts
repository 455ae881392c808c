/**
 * The files of chat messages: what is known of each. Their bytes are in the data folder.
 *
 * @module
 */

import type { AppId, Environment, RoomId, UserId } from '@gavel/protocol';

/** A file that was uploaded completely. */
export interface FileRecord {
  readonly fileId: string;
  readonly appId: AppId;
  readonly environment: Environment;
  readonly roomId: RoomId;
  /** The user that uploaded it. */
  readonly userId: UserId;
  readonly name: string;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  readonly createdAtMs: number;
}

/** How many bytes of files a room has. */
export interface FileUsage extends Pick<FileRecord, 'appId' | 'environment' | 'roomId'> {
  readonly bytes: number;
}

/**
 * Stores the records of files. A file is bound once a stored chat message has it (CHAT-7), and an orphan when that message
 * is deleted, or loses the file by an edit: the bytes of an orphan are deleted next.
 */
export interface FileRepository {
  add(file: FileRecord): Promise<void>;
  /** Returns a file that is no orphan. */
  find(fileId: string): Promise<FileRecord | undefined>;
  /** Forgets files. Returns those that it knew. */
  delete(fileIds: readonly string[]): Promise<readonly FileRecord[]>;
  /** Makes every file that is not bound an orphan: after a start, nothing else knows them. */
  orphanUnbound(): Promise<void>;
  /** Makes those of the files orphans that are not bound. */
  orphanUnboundOf(fileIds: readonly string[]): Promise<void>;
  /** Returns orphans, at most `limit`. */
  orphans(limit: number): Promise<readonly FileRecord[]>;
  /** Returns which of the ids are those of files, orphans included. */
  known(fileIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Returns the bytes of each room with files. */
  usage(): Promise<readonly FileUsage[]>;
}
