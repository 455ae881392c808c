/**
 * What is said to everybody in sessions, on its way into the store: written in groups, and waited for by nobody (CHAT-7).
 *
 * @module
 */

import type { ChatMessage } from '../../rooms/chat-history.ts';
import type { Clock } from '../../rooms/clock.ts';
import type { RoomEvent, RoomEventOf } from '../../rooms/events.ts';
import type { ChatChange } from '../../store/chat.ts';
import type { Store } from '../../store/store.ts';

/** The dependencies of the recorder. */
export interface ChatRecorderDeps {
  readonly store: Pick<Store, 'chat'>;
  readonly clock: Clock;
  readonly log: { error(fields: object, message: string): void };
}

/** How long something said waits to be written: a crash loses so much at most. */
export const CHAT_WRITE_MS = 1000;
/** So many changes are written at once, without waiting for more. */
const FULL = 500;
/** Most changes that wait while the store fails; the oldest are given up. */
const MAX_WAITING = 10_000;

/** Gathers what was said, and writes it. */
export class ChatRecorder {
  readonly #deps: ChatRecorderDeps;
  #waiting: ChatChange[] = [];
  #cancelWrite: (() => void) | undefined;
  /** Writes take turns. Never rejects. */
  #writing: Promise<void> = Promise.resolve();

  constructor(deps: ChatRecorderDeps) {
    this.#deps = deps;
  }

  /** Takes what was said in a session, to be written within `CHAT_WRITE_MS`. */
  take(sessionId: string, events: readonly RoomEvent[]): void {
    for (const event of events) {
      if (!isSaid(event)) continue;
      this.#waiting.push(changeOf(sessionId, event));
      if (this.#waiting.length >= MAX_WAITING) this.#giveUpOldest();
      if (this.#waiting.length === FULL) void this.flush();
      else this.#writeLater();
    }
  }

  /** Writes what waits, or leaves it waiting where the store fails. */
  flush(): Promise<void> {
    this.#cancelWrite?.();
    this.#cancelWrite = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const changes = this.#waiting;
    if (changes.length === 0) return;
    this.#waiting = [];
    try {
      await this.#deps.store.chat.keep(changes);
    } catch (error) {
      this.#waiting = [...changes, ...this.#waiting];
      this.#deps.log.error({ err: error, changes: changes.length }, 'writing chat messages failed; retrying');
      this.#writeLater();
    }
  }

  #writeLater(): void {
    this.#cancelWrite ??= this.#deps.clock.after(CHAT_WRITE_MS, () => void this.flush());
  }

  #giveUpOldest(): void {
    const { length } = this.#waiting.splice(0, FULL);
    this.#deps.log.error({ changes: length }, 'chat messages dropped: the store failed for too long');
  }
}

/** Something said, or what became of it. */
type ChatEvent = RoomEventOf<'message' | 'messageChanged'>;

/**
 * Returns whether an event is about something said to everybody, by a member or by the API: chat in either dialect (CHAT-1).
 * What is said in private is not kept.
 */
export function isSaid(event: RoomEvent): event is ChatEvent {
  if (event.type === 'messageChanged') return event.message.to === undefined;
  return event.type === 'message' && event.to === undefined && (event.kind === 'chat' || event.kind === 'broadcast');
}

function changeOf(sessionId: string, event: ChatEvent): ChatChange {
  const isNew = event.type === 'message';
  const message: ChatMessage = isNew ? { ...event, sentAtMs: event.atMs } : event.message;
  // Message ids begin anew with each life of a room, and a session may have several.
  const life = event.epoch.toString(16).padStart(16, '0');
  const id = `${life}-${String(message.messageId).padStart(8, '0')}`;
  if (!isNew && event.change === 'deleted') return { type: 'delete', sessionId, id };
  const { from, text, pinned = false, editedAtMs, sentAtMs } = message;
  const facts = { userId: from.id, name: from.name, text, sentAtMs };
  return { type: 'put', message: { sessionId, id, ...facts, isPinned: pinned, isEdited: editedAtMs !== undefined } };
}
