/**
 * Publishes that ended recently, so that `stream_create` can report that a publisher has returned (CB-1).
 *
 * @module
 */

import { roomKeyText } from '@gavel/protocol';
import type { EventBatch } from '../owner/rooms.ts';

/** How long after its end a publish counts as interrupted, in milliseconds. */
export const RECREATE_WINDOW_MS = 90_000;

/** Maximum number of remembered ended publishes; beyond it, the earliest is dropped. */
const MAX_REMEMBERED = 50_000;

/** The stream of an event. */
interface Publish {
  readonly streamId: string;
  readonly user: { readonly id: string };
}

const textOf = ({ key }: EventBatch, { streamId, user }: Publish) => `${roomKeyText(key)}\n${user.id}\n${streamId}`;

/** Remembers when publishes ended, by room, user and stream id; in memory, the earliest end first. */
export class EndedPublishes {
  readonly #endedAtMs = new Map<string, number>();

  /** Remembers the end of a publish. */
  add(batch: EventBatch, stream: Publish, atMs: number): void {
    const text = textOf(batch, stream);
    this.#endedAtMs.delete(text);
    this.#endedAtMs.set(text, atMs);
    for (const [earliest, endedAtMs] of this.#endedAtMs) {
      if (endedAtMs + RECREATE_WINDOW_MS >= atMs && this.#endedAtMs.size <= MAX_REMEMBERED) break;
      this.#endedAtMs.delete(earliest);
    }
  }

  /** Returns whether the same user's publish of the same stream in the same room ended at most 90 s ago. */
  hasRecent(batch: EventBatch, stream: Publish, atMs: number): boolean {
    const endedAtMs = this.#endedAtMs.get(textOf(batch, stream));
    return endedAtMs !== undefined && atMs - endedAtMs <= RECREATE_WINDOW_MS;
  }
}
