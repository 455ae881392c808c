/**
 * Stores the public chat of sessions: messages are written in batches, and no request waits for them (CHAT-7).
 *
 * @module
 */

import type { Clock } from '../../base/clock.ts';
import { KeyedQueue } from '../../base/keyed-queue.ts';
import type { ChatMessage } from '../../rooms/chat-history.ts';
import type { RoomEvent, RoomEventOf } from '../../rooms/events.ts';
import type { ChatChange } from '../../store/chat.ts';
import type { Store } from '../../store/store.ts';

/** The dependencies of the recorder. */
export interface ChatRecorderDeps {
  readonly store: Pick<Store, 'chat'>;
  readonly clock: Clock;
  readonly log: { error(fields: object, message: string): void };
}

/** Maximum delay before a message is written; a crash loses at most the messages of this time. */
export const CHAT_WRITE_MS = 1000;
/** Number of pending changes at which they are written at once. */
const BATCH_SIZE = 500;
/** Maximum number of pending changes while the store fails; then the oldest are dropped. */
const MAX_PENDING = 10_000;

/** Collects chat messages and writes them. */
export class ChatRecorder {
  readonly #deps: ChatRecorderDeps;
  #pending: ChatChange[] = [];
  #cancelWrite: (() => void) | undefined;
  /** Writes run one after another. */
  readonly #writes = new KeyedQueue();

  constructor(deps: ChatRecorderDeps) {
    this.#deps = deps;
  }

  /** Queues the public chat events of a session to be written within `CHAT_WRITE_MS`. */
  add(sessionId: string, events: readonly RoomEvent[]): void {
    for (const event of events) {
      if (!isPublicChat(event)) continue;
      this.#pending.push(changeOf(sessionId, event));
      if (this.#pending.length >= MAX_PENDING) this.#dropOldest();
      if (this.#pending.length === BATCH_SIZE) void this.flush();
      else this.#writeLater();
    }
  }

  /** Writes the pending changes. If the store fails, they stay pending. */
  flush(): Promise<void> {
    this.#cancelWrite?.();
    this.#cancelWrite = undefined;
    // Changes of this turn of the event loop stay pending until then, so that `MAX_PENDING` includes them.
    return this.#writes.run('chat', () => Promise.resolve().then(() => this.#write()));
  }

  async #write(): Promise<void> {
    const changes = this.#pending;
    if (changes.length === 0) return;
    this.#pending = [];
    try {
      await this.#deps.store.chat.keep(changes);
    } catch (error) {
      this.#pending = [...changes, ...this.#pending];
      this.#deps.log.error({ err: error, changes: changes.length }, 'writing chat messages failed; retrying');
      this.#writeLater();
    }
  }

  #writeLater(): void {
    this.#cancelWrite ??= this.#deps.clock.after(CHAT_WRITE_MS, () => void this.flush());
  }

  #dropOldest(): void {
    const { length } = this.#pending.splice(0, BATCH_SIZE);
    this.#deps.log.error({ changes: length }, 'chat messages dropped: the store failed for too long');
  }
}

/** A chat message, or a change of one. */
type ChatEvent = RoomEventOf<'message' | 'messageChanged'>;

/**
 * Returns whether an event concerns a public message, from a member or the API: chat in either dialect (CHAT-1).
 * Private messages are not stored.
 */
export function isPublicChat(event: RoomEvent): event is ChatEvent {
  if (event.type === 'messageChanged') return event.message.to === undefined;
  return event.type === 'message' && event.to === undefined && (event.kind === 'chat' || event.kind === 'broadcast');
}

function changeOf(sessionId: string, event: ChatEvent): ChatChange {
  const isNew = event.type === 'message';
  const message: ChatMessage = isNew ? { ...event, sentAtMs: event.atMs } : event.message;
  // Message ids start again with each life of a room, and a session may span several lives.
  const life = BigInt(event.epoch).toString(16).padStart(16, '0');
  const id = `${life}-${String(message.messageId).padStart(8, '0')}`;
  if (!isNew && event.change === 'deleted') return { type: 'delete', sessionId, id };
  const { from, text, content, pinned = false, editedAtMs, sentAtMs } = message;
  const facts = { userId: from.id, name: from.name, text, ...(content && { content }), sentAtMs };
  return { type: 'put', message: { sessionId, id, ...facts, isPinned: pinned, isEdited: editedAtMs !== undefined } };
}
