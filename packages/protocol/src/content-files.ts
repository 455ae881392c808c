/**
 * The files in the content of a chat message; without the schemas of messages, which the thread of the store does not need.
 *
 * @module
 */

import type { WireContent, WireFile } from './wire.ts';

/** Returns the files of a message's content. */
export function filesOf(content: WireContent | undefined): readonly WireFile[] {
  if (!content) return [];
  return content.type === 'custom' ? (content.files ?? []) : [content.file];
}
