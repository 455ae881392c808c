/**
 * Files of rooms that are alive: who may still send them, and which message has them. In memory, as rooms are.
 *
 * @module
 */

import {
  type Epoch,
  filesOf,
  GavelError,
  type RoomKey,
  roomKeyText,
  type UserId,
  type WireFile,
} from '@gavel/protocol';
import type { RoomEvent } from '../rooms/events.ts';

/** A file of a room that is alive. */
export interface LiveFile {
  readonly key: RoomKey;
  readonly epoch: Epoch;
  readonly userId: UserId;
  readonly file: WireFile;
  /** By the monotonic clock. */
  readonly uploadedMonotonicMs: number;
}

interface Entry extends LiveFile {
  /** `sending`: a request that sends it is being executed. */
  state: 'unsent' | 'sending' | 'sent';
}

/** The user that sends a file, in one life of its room. */
export interface Sender {
  readonly key: RoomKey;
  readonly epoch: Epoch;
  readonly userId: UserId;
}

/** Follows the files of rooms that are alive. */
export class LiveFiles {
  readonly #files = new Map<string, Entry>();
  /** The files of each message, by room life and message number. */
  readonly #messages = new Map<string, readonly WireFile[]>();

  add(file: LiveFile): void {
    this.#files.set(file.file.fileId, { ...file, state: 'unsent' });
  }

  /**
   * Claims files for a message that is about to be sent. A file is in one message only; a message that is edited may keep
   * its files.
   *
   * @param messageId the message that is edited; undefined for a new one
   * @returns the files; release them if the message is not sent
   * @throws GavelError `file.not-found` if one is not the sender's, of another life of the room, or in another message
   */
  claim(fileIds: readonly string[], sender: Sender, messageId?: number): readonly WireFile[] {
    const own = messageId === undefined ? [] : (this.#messages.get(messageKey(sender, messageId)) ?? []);
    const claimed = fileIds.map((fileId): Entry => {
      const entry = this.#files.get(fileId);
      const isSenders = entry?.userId === sender.userId && entry.epoch === sender.epoch;
      const isFree = entry?.state === 'unsent' || own.some((file) => file.fileId === fileId);
      if (!isSenders || !isFree) throw new GavelError('file.not-found');
      return entry;
    });
    if (new Set(fileIds).size < fileIds.length) throw new GavelError('file.not-found', 'A file is named twice.');
    const unsent = claimed.filter(({ state }) => state === 'unsent');
    for (const entry of unsent) entry.state = 'sending';
    return claimed.map(({ file }) => file);
  }

  /** Frees files whose message was not sent; those that are in a message stay in it. */
  release(fileIds: readonly string[]): void {
    for (const fileId of fileIds) {
      const entry = this.#files.get(fileId);
      if (entry?.state === 'sending') entry.state = 'unsent';
    }
  }

  /** Follows an event of a room. Returns the files that no message has any more. */
  follow(key: RoomKey, event: RoomEvent): readonly WireFile[] {
    if (event.type !== 'message' && event.type !== 'messageChanged') return [];
    const { messageId, content } = event.type === 'message' ? event : event.message;
    const text = messageKey({ key, epoch: event.epoch }, messageId);
    const before = this.#messages.get(text) ?? [];
    const now = filesOf(content);
    if (before.length === 0 && now.length === 0) return [];
    if (now.length > 0) this.#messages.set(text, now);
    else this.#messages.delete(text);
    for (const { fileId } of now) {
      const entry = this.#files.get(fileId);
      if (entry) entry.state = 'sent';
    }
    const lost = before.filter(({ fileId }) => !now.some((file) => file.fileId === fileId));
    for (const { fileId } of lost) this.#files.delete(fileId);
    return lost;
  }

  /** Returns the rooms that have files. */
  keys(): readonly RoomKey[] {
    return [...new Map([...this.#files.values()].map(({ key }) => [roomKeyText(key), key])).values()];
  }

  /** Returns the files that were uploaded before a monotonic time and not sent, and no longer keeps them. */
  removeUnsent(beforeMonotonicMs: number): LiveFile[] {
    return this.#remove(
      ({ state, uploadedMonotonicMs }) => state === 'unsent' && uploadedMonotonicMs < beforeMonotonicMs,
    );
  }

  /** Returns the files of lives of rooms that have ended, and no longer keeps them. */
  removeEnded(isAlive: (life: Pick<LiveFile, 'key' | 'epoch'>) => boolean): LiveFile[] {
    const ended = this.#remove((file) => !isAlive(file));
    const lives = new Set(ended.map(lifeKey));
    for (const text of this.#messages.keys()) {
      if (lives.has(text.slice(0, text.lastIndexOf('\n')))) this.#messages.delete(text);
    }
    return ended;
  }

  #remove(isWanted: (file: Entry) => boolean): LiveFile[] {
    const found = [...this.#files.values()].filter(isWanted);
    for (const { file } of found) this.#files.delete(file.fileId);
    return found;
  }
}

const lifeKey = ({ key, epoch }: Pick<LiveFile, 'key' | 'epoch'>): string => `${roomKeyText(key)}\n${epoch}`;
const messageKey = (life: Pick<LiveFile, 'key' | 'epoch'>, messageId: number): string =>
  `${lifeKey(life)}\n${messageId}`;
