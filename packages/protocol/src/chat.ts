/**
 * Changes of chat messages: the parameters of the request, and the event.
 *
 * @module
 */

import { Type } from 'typebox';
import type { WireChatMessage } from './wire.ts';

const closed = { additionalProperties: false } as const;
const messageId = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

/** The parameters of `changeMessage`, by action. */
export const changeMessage = Type.Union([
  /** Changes the text of one's own message. */
  Type.Object({ action: Type.Literal('edit'), messageId, text: Type.String({ maxLength: 8192 }) }, closed),
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
  /** The message after the change; the text of a deleted message is empty. */
  readonly message: WireChatMessage;
}
