/**
 * Changes of what was said: what members may ask, and what they are told.
 *
 * @module
 */

import { Type } from 'typebox';
import type { WireChatMessage } from './wire.ts';

const closed = { additionalProperties: false } as const;
const messageId = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

/** The parameters of `changeMessage`, by action. */
export const changeMessage = Type.Union([
  /** Gives an own message another text. */
  Type.Object({ action: Type.Literal('edit'), messageId, text: Type.String({ maxLength: 8192 }) }, closed),
  /** Takes an own message away. */
  Type.Object({ action: Type.Literal('delete'), messageId }, closed),
  /** Marks a message to everybody, whosever it is; it is kept as long as it is pinned. */
  Type.Object({ action: Type.Literal('pin'), messageId }, closed),
  Type.Object({ action: Type.Literal('unpin'), messageId }, closed),
]);

/** What happened to a message. */
export type MessageChange = 'edited' | 'deleted' | 'pinned' | 'unpinned';

/** Told to whoever was told the message. */
export interface ChatEventFrame {
  readonly event: 'messageChanged';
  readonly seq: number;
  readonly change: MessageChange;
  /** As it is now; of a deleted one the text is empty. */
  readonly message: WireChatMessage;
}
