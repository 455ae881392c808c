/**
 * Chat messages: their content, the parameters of the requests about them, and the event of their changes.
 *
 * @module
 */

import { Type } from 'typebox';
import type { WireChatMessage } from './wire.ts';

const closed = { additionalProperties: false } as const;
const messageId = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const fileId = Type.String({ minLength: 1, maxLength: 64 });

/** Limits of the content of a chat message (CHAT-8, CHAT-9). */
export const CONTENT_LIMITS = {
  /** Bytes of a payload, as JSON. */
  payloadBytes: 8192,
  files: 10,
  /** Bytes of a file's name. */
  fileNameBytes: 255,
  /** Bytes of one part of an upload. */
  partBytes: 512 * 1024,
} as const;

/** The content of a chat message besides its text, as its sender gives it. */
export const newContent = Type.Union([
  Type.Object({ type: Type.Union([Type.Literal('image'), Type.Literal('file')]), fileId }, closed),
  Type.Object(
    {
      type: Type.Literal('custom'),
      /** Of the application's own shape: at most 8,192 bytes as JSON. */
      payload: Type.Record(Type.String(), Type.Unknown()),
      fileIds: Type.Optional(Type.Array(fileId, { maxItems: CONTENT_LIMITS.files })),
    },
    closed,
  ),
]);

/** The parameters of `createUpload`. */
export const createUpload = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 1024 }),
    /** Bytes. */
    size: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  },
  closed,
);

/** The parameters of `changeMessage`, by action. */
export const changeMessage = Type.Union([
  /** Replaces the text and the content of one's own message. */
  Type.Object(
    {
      action: Type.Literal('edit'),
      messageId,
      text: Type.String({ maxLength: 8192 }),
      content: Type.Optional(newContent),
    },
    closed,
  ),
  /** Deletes one's own message. */
  Type.Object({ action: Type.Literal('delete'), messageId }, closed),
  /** Pins a public message of any member; a pinned message is kept until it is unpinned. */
  Type.Object({ action: Type.Literal('pin'), messageId }, closed),
  Type.Object({ action: Type.Literal('unpin'), messageId }, closed),
]);

/** The kind of change of a message. */
export type MessageChange = 'edited' | 'deleted' | 'pinned' | 'unpinned';

/** Sent to every recipient of the message. */
export interface ChatEventFrame {
  readonly event: 'messageChanged';
  readonly seq: number;
  readonly change: MessageChange;
  /** The message after the change; a deleted message has no text and no content. */
  readonly message: WireChatMessage;
}
