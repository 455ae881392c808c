/**
 * Chat messages: text, images, files, and messages of the application's own shape (reference realtimekit 8.6).
 *
 * @module
 */

import type { NewContent, WireChatMessage, WireFile } from '@gavel/protocol';
import type { FileTransfer } from '../core/file-transfer.ts';
import { CODES, RealtimeKitError } from './errors.ts';
import { toMessageId } from './message-id.ts';

/** What every message has. */
interface BaseMessage<T extends string> {
  /** Unique in the meeting; the same as in the exported chat of the session. */
  readonly id: string;
  readonly type: T;
  /** The participant record's id. */
  readonly userId: string;
  readonly displayName: string;
  readonly time: Date;
  readonly timeMs: number;
  readonly isEdited: boolean;
  readonly pinned: boolean;
  /** The recipients' user ids; only in a private message. */
  readonly targetUserIds?: string[];
}

/** A text. */
export interface TextMessage extends BaseMessage<'text'> {
  readonly message: string;
}

/** An image, to be shown. */
export interface ImageMessage extends BaseMessage<'image'> {
  readonly link: string;
}

/** A file, to be downloaded. */
export interface FileMessage extends BaseMessage<'file'> {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly link: string;
}

/** A file in a custom message: `type` is its media type. Only `link` is known of a file that is not on this server. */
export interface LinkedFile {
  readonly link: string;
  readonly type?: string;
  readonly name?: string;
  /** Bytes. */
  readonly size?: number;
}

/** A message of several parts. */
export interface CustomMessage extends BaseMessage<'custom'> {
  readonly message?: string;
  /** From another participant: an application that shows it must sanitise it first. */
  readonly html?: string;
  readonly files?: LinkedFile[];
  readonly images?: LinkedFile[];
  readonly videos?: LinkedFile[];
}

/** A chat message. */
export type Message = TextMessage | ImageMessage | FileMessage | CustomMessage;

/** A file of another platform, which browsers cannot read: it is refused with `0002`. */
export interface NativeFile {
  readonly uri: string;
  readonly name: string;
  readonly type: string;
}

/** The parts of a custom message, as its sender gives them; a text in a list is the address of a file. */
export interface CustomMessagePayload {
  readonly type: 'custom';
  readonly message?: string;
  readonly html?: string;
  readonly files?: readonly (File | string)[];
  readonly images?: readonly (File | string)[];
  readonly videos?: readonly (File | string)[];
}

/** A message, as its sender gives it. */
export type MessagePayload =
  | { readonly type: 'text'; readonly message: string }
  | { readonly type: 'image'; readonly image: File | NativeFile }
  | { readonly type: 'file'; readonly file: File | NativeFile }
  | CustomMessagePayload;

/** The text and the content of a message, as the protocol has them. */
export interface WirePayload {
  /** What clients without this content show. */
  readonly text: string;
  readonly content?: NewContent;
}

const LISTS = ['files', 'images', 'videos'] as const;
/** The text of a custom message that has none. */
const NO_TEXT = 'custom message';

/** Converts a received message. */
export function toMessage(wire: WireChatMessage, epoch: string, urlOf: (fileId: string) => string): Message {
  const { messageId, from, text, content, to, sentAtMs, editedAtMs, pinned = false } = wire;
  const base = {
    id: toMessageId(epoch, messageId),
    userId: from.id,
    displayName: from.name,
    time: new Date(sentAtMs),
    timeMs: sentAtMs,
    isEdited: editedAtMs !== undefined,
    pinned,
    ...(to && { targetUserIds: [...to] }),
  };
  switch (content?.type) {
    case 'image':
      return { ...base, type: 'image', link: urlOf(content.file.fileId) };
    case 'file': {
      const { fileId, name, size } = content.file;
      return { ...base, type: 'file', name, size, link: urlOf(fileId) };
    }
    case 'custom':
      return { ...base, type: 'custom', ...fromPayload(content.payload, content.files ?? [], urlOf) };
    default:
      return { ...base, type: 'text', message: text };
  }
}

/** Uploads the files of a message, and returns it as the protocol has it. @throws as `FileTransfer.upload` */
export async function toWirePayload(payload: MessagePayload, transfer: FileTransfer): Promise<WirePayload> {
  switch (payload?.type) {
    case 'text':
      return { text: requireText(payload.message) };
    case 'image':
      return fileContent('image', payload.image, transfer);
    case 'file':
      return fileContent('file', payload.file, transfer);
    case 'custom':
      return customContent(payload, transfer);
    default:
      throw new RealtimeKitError(CODES.couldNotJoin, 'a message is of type text, image, file or custom');
  }
}

async function fileContent(
  type: 'image' | 'file',
  file: File | NativeFile,
  transfer: FileTransfer,
): Promise<WirePayload> {
  requireFile(file);
  return { text: file.name, content: { type, fileId: await transfer.upload(file) } };
}

/** In the payload, a number is the position of a file in the list of files; a text is an address. */
async function customContent(payload: CustomMessagePayload, transfer: FileTransfer): Promise<WirePayload> {
  const { message, html } = payload;
  const fileIds: string[] = [];
  const lists: Record<string, (number | string)[]> = {};
  for (const name of LISTS) for (const each of payload[name] ?? []) if (typeof each !== 'string') requireFile(each);
  for (const name of LISTS) {
    for (const each of payload[name] ?? []) {
      const fileId = typeof each === 'string' ? transfer.findFileId(each) : await transfer.upload(each);
      lists[name] = [...(lists[name] ?? []), fileId === undefined ? (each as string) : fileIds.push(fileId) - 1];
    }
  }
  return {
    text: message || NO_TEXT,
    content: {
      type: 'custom',
      payload: { ...(message !== undefined && { message }), ...(html !== undefined && { html }), ...lists },
      ...(fileIds.length > 0 && { fileIds }),
    },
  };
}

/** Reads a payload of another client, which may be of any shape. */
function fromPayload(
  payload: Readonly<Record<string, unknown>>,
  files: readonly WireFile[],
  urlOf: (fileId: string) => string,
): Omit<CustomMessage, keyof BaseMessage<'custom'>> {
  const { message, html } = payload;
  const linkOf = (each: unknown): LinkedFile | [] => {
    if (typeof each === 'string') return { link: each };
    const file = typeof each === 'number' ? files[each] : undefined;
    return file ? { link: urlOf(file.fileId), type: file.mediaType, name: file.name, size: file.size } : [];
  };
  const lists = LISTS.flatMap((name) => {
    const list = payload[name];
    return Array.isArray(list) ? [[name, list.flatMap(linkOf)] as const] : [];
  });
  return {
    ...(typeof message === 'string' && { message }),
    ...(typeof html === 'string' && { html }),
    ...Object.fromEntries(lists),
  };
}

function requireText(text: string): string {
  if (typeof text !== 'string') throw new RealtimeKitError(CODES.couldNotJoin, 'the message is not a text');
  return text;
}

function requireFile(file: File | NativeFile): asserts file is File {
  const { name, size, slice } = (file ?? {}) as Partial<File>;
  if (typeof name !== 'string' || typeof size !== 'number' || typeof slice !== 'function') {
    throw new RealtimeKitError(CODES.couldNotJoin, 'not a File');
  }
}
