/**
 * Text chat: to everybody, or to some alone (reference realtimekit 8.6).
 *
 * @module
 */

import type { WireChatMessage } from '@gavel/protocol';
import { Emitter } from '../core/emitter.ts';
import type { RoomSession } from '../core/session.ts';
import { CODES, RealtimeKitError, toRealtimeKitError } from './errors.ts';
import type { Participants } from './participants.ts';

/** Something that was said. */
export interface TextMessage {
  readonly id: string;
  readonly type: 'text';
  /** The participant record's id. */
  readonly userId: string;
  readonly displayName: string;
  readonly message: string;
  readonly time: Date;
  readonly timeMs: number;
  readonly isEdited: false;
  /** Of a private message: the user ids it was sent to. */
  readonly targetUserIds?: readonly string[];
}

/** The events of a chat. */
export interface ChatEvents {
  /** Something was said, by oneself too; `messages` has it already. */
  chatUpdate: [
    event: { readonly action: 'add'; readonly message: TextMessage; readonly messages: readonly TextMessage[] },
  ];
}

/** Which messages are fetched. */
export interface FetchOptions {
  /** Milliseconds since the Unix epoch; absent is from the newest back, or from the oldest on. */
  readonly timestamp?: number;
  /** 1 to 100. */
  readonly limit: number;
  /** Default `before`. */
  readonly direction?: 'before' | 'after';
}

/** The chat of a meeting. */
export class Chat extends Emitter<ChatEvents> {
  readonly #participants: Participants;
  #messages: readonly TextMessage[] = [];
  #session: RoomSession | undefined;

  constructor(participants: Participants) {
    super();
    this.#participants = participants;
  }

  /** What was said since the join, oldest first. */
  get messages(): readonly TextMessage[] {
    return this.#messages;
  }

  /**
   * Says something: to everybody, or to the participants whose peer ids are given, on all of their connections.
   *
   * @throws RealtimeKitError `1201` where the preset does not allow it, `1202` for a peer that is not there, `0013` for
   *   more than 180 messages in a minute
   */
  async sendTextMessage(message: string, peerIds?: readonly string[]): Promise<void> {
    const to = peerIds && this.#userIdsOf(peerIds);
    await this.#with((session) => session.send('chat', message, to));
  }

  /** Gives what was said to everybody, oldest first, as far as the server still has it: the last 500 of the session. */
  fetchPublicMessages(options: FetchOptions): Promise<readonly TextMessage[]> {
    return this.#fetch(options);
  }

  /** Gives what was said between oneself and another user alone, as `fetchPublicMessages` does. */
  fetchPrivateMessages(options: FetchOptions & { readonly userId: string }): Promise<readonly TextMessage[]> {
    return this.#fetch(options, options.userId);
  }

  /** Follows a session that has just been joined. */
  attach(session: RoomSession): void {
    this.#session = session;
    this.#messages = [];
    session.on('message', (message) => {
      // What users of another dialect say to everybody is a broadcast (CHAT-1).
      if (this.#session === session && (message.kind === 'chat' || message.kind === 'broadcast')) this.#add(message);
    });
  }

  /** Forgets the session; what was said can still be read. */
  detach(): void {
    this.#session = undefined;
  }

  #add(wire: WireChatMessage): void {
    const message = toTextMessage(wire);
    this.#messages = [...this.#messages, message];
    this.emit('chatUpdate', { action: 'add', message, messages: this.#messages });
  }

  async #fetch({ timestamp, limit, direction = 'before' }: FetchOptions, userId?: string) {
    const query = { direction, limit, ...(timestamp !== undefined && { timeMs: timestamp }) };
    const { messages } = await this.#with((session) =>
      session.request('chatHistory', { ...query, ...(userId !== undefined && { userId }) }),
    );
    return messages.map(toTextMessage);
  }

  /** An empty list is nobody: it must not become everybody. */
  #userIdsOf(peerIds: readonly string[]): string[] {
    const users = peerIds.flatMap((id) => this.#participants.joined.get(id)?.userId ?? []);
    if (users.length === 0 || users.length < peerIds.length) {
      throw new RealtimeKitError(CODES.participantNotFound, 'not everybody named is in the room');
    }
    return [...new Set(users)];
  }

  async #with<R>(ask: (session: RoomSession) => Promise<R>): Promise<R> {
    if (!this.#session) throw new RealtimeKitError(CODES.couldNotJoin, 'not in the room');
    try {
      return await ask(this.#session);
    } catch (error) {
      throw toRealtimeKitError(error);
    }
  }
}

function toTextMessage({ messageId, from, text, to, sentAtMs }: WireChatMessage): TextMessage {
  return {
    id: String(messageId),
    type: 'text',
    userId: from.id,
    displayName: from.name,
    message: text,
    time: new Date(sentAtMs),
    timeMs: sentAtMs,
    isEdited: false,
    ...(to && { targetUserIds: to }),
  };
}
