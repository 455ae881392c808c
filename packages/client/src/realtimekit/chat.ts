/**
 * Text chat: public and private messages, which can be edited, deleted and pinned (reference realtimekit 8.6).
 *
 * @module
 */

import type { MessageChange, Params, WireChatMessage } from '@gavel/protocol';
import { SessionError } from '../core/errors.ts';
import type { RoomSession } from '../core/session.ts';
import { CODES, RealtimeKitError, toRealtimeKitError } from './errors.ts';
import { EventEmitter } from './event-emitter.ts';
import { findMessageNumber, toMessageId } from './message-id.ts';
import type { Participants } from './participants.ts';

/** The parameters of a chat request, without the message. */
type Unnamed<T> = T extends unknown ? Omit<T, 'messageId'> : never;

/** A chat message. */
export interface TextMessage {
  /** Unique in the meeting; the same as in the exported chat of the session. */
  readonly id: string;
  readonly type: 'text';
  /** The participant record's id. */
  readonly userId: string;
  readonly displayName: string;
  readonly message: string;
  readonly time: Date;
  readonly timeMs: number;
  readonly isEdited: boolean;
  readonly pinned: boolean;
  /** The recipients' user ids; only in a private message. */
  readonly targetUserIds?: readonly string[];
}

/** The events of a chat. */
export interface ChatEvents {
  /** A message was sent, edited or deleted, by the own user too; `messages` is already updated. */
  chatUpdate: [
    event: {
      readonly action: 'add' | 'edit' | 'delete';
      /** The text is empty if the message was sent before the join and is now deleted. */
      readonly message: TextMessage;
      readonly messages: readonly TextMessage[];
    },
  ];
  pinMessage: [event: { readonly message: TextMessage }];
  unpinMessage: [event: { readonly message: TextMessage }];
}

/** Which messages are fetched. */
export interface FetchOptions {
  /** Milliseconds since the Unix epoch; default: the newest message with `before`, the oldest with `after`. */
  readonly timestamp?: number;
  /** 1 to 100. */
  readonly limit: number;
  /** Default `before`. */
  readonly direction?: 'before' | 'after';
}

/** The chat of a meeting. */
export class Chat extends EventEmitter<ChatEvents> {
  readonly #participants: Participants;
  #messages: readonly TextMessage[] = [];
  #session: RoomSession | undefined;

  constructor(participants: Participants) {
    super();
    this.#participants = participants;
  }

  /** The messages since the join that are not deleted, oldest first. */
  get messages(): readonly TextMessage[] {
    return this.#messages;
  }

  /**
   * Sends a message to everyone, or to the participants with the given peer ids, on all of their connections.
   *
   * @throws RealtimeKitError `1201` if the preset does not allow it, `1202` for an unknown peer, `0013` for
   *   more than 180 messages in a minute
   */
  async sendTextMessage(message: string, peerIds?: readonly string[]): Promise<void> {
    const to = peerIds && this.#userIdsOf(peerIds);
    await this.#with((session) => session.send('chat', message, to));
  }

  /** Returns the public messages that the server still has, oldest first: at most the last 500 of the session. */
  fetchPublicMessages(options: FetchOptions): Promise<readonly TextMessage[]> {
    return this.#fetch(options);
  }

  /** Returns the private messages between the own user and another user, as `fetchPublicMessages` does. */
  fetchPrivateMessages(options: FetchOptions & { readonly userId: string }): Promise<readonly TextMessage[]> {
    return this.#fetch(options, options.userId);
  }

  /** Returns the pinned messages, as `fetchPublicMessages` does; the server keeps a message while it is pinned. */
  fetchPinnedMessages(options: FetchOptions): Promise<readonly TextMessage[]> {
    return this.#fetch(options, undefined, true);
  }

  /**
   * Changes the text of an own message.
   *
   * @throws RealtimeKitError `1201` for another user's message, and if the preset does not allow sending it (any more)
   */
  async editTextMessage(messageId: string, message: string): Promise<void> {
    await this.#change(messageId, { action: 'edit', text: message });
  }

  /** Deletes an own message for everyone. @throws RealtimeKitError `1201` for another user's message */
  async deleteMessage(messageId: string): Promise<void> {
    await this.#change(messageId, { action: 'delete' });
  }

  /**
   * Pins any public message.
   *
   * @throws RealtimeKitError `1201` if the preset does not allow public chat, and for a private message
   */
  async pin(messageId: string): Promise<void> {
    await this.#change(messageId, { action: 'pin' });
  }

  /** Unpins a message; throws as `pin` does. */
  async unpin(messageId: string): Promise<void> {
    await this.#change(messageId, { action: 'unpin' });
  }

  /** Subscribes to a session that has just been joined. */
  attach(session: RoomSession): void {
    this.#session = session;
    this.#messages = [];
    session.on('message', (wire) => {
      // A public message from a user of another dialect is a broadcast (CHAT-1).
      if (this.#session !== session || (wire.kind !== 'chat' && wire.kind !== 'broadcast')) return;
      this.#add(toTextMessage(wire, epochOf(session)));
    });
    session.on('messageChanged', ({ change, message }) => {
      if (this.#session !== session) return;
      this.#handleChange(change, toTextMessage(message, epochOf(session)));
    });
  }

  /** Drops the session; its messages can still be read. */
  detach(): void {
    this.#session = undefined;
  }

  #add(message: TextMessage): void {
    this.#messages = [...this.#messages, message];
    this.emit('chatUpdate', { action: 'add', message, messages: this.#messages });
  }

  #handleChange(change: MessageChange, message: TextMessage): void {
    if (change === 'deleted') {
      const known = this.#messages.find(({ id }) => id === message.id);
      this.#messages = this.#messages.filter((one) => one !== known);
      this.emit('chatUpdate', { action: 'delete', message: known ?? message, messages: this.#messages });
      return;
    }
    this.#messages = this.#messages.map((one) => (one.id === message.id ? message : one));
    if (change === 'edited') this.emit('chatUpdate', { action: 'edit', message, messages: this.#messages });
    else this.emit(change === 'pinned' ? 'pinMessage' : 'unpinMessage', { message });
  }

  async #change(id: string, to: Unnamed<Params<'changeMessage'>>): Promise<void> {
    await this.#with((session) => {
      const messageId = findMessageNumber(id, epochOf(session));
      if (messageId === undefined)
        throw new SessionError('message.not-found', 'the message does not exist in this session');
      return session.request('changeMessage', { ...to, messageId });
    });
  }

  async #fetch({ timestamp, limit, direction = 'before' }: FetchOptions, userId?: string, pinned = false) {
    const query = {
      direction,
      limit,
      ...(timestamp !== undefined && { timeMs: timestamp }),
      ...(pinned && { pinned }),
    };
    return this.#with(async (session) => {
      const { messages } = await session.request('chatHistory', { ...query, ...(userId !== undefined && { userId }) });
      return messages.map((message) => toTextMessage(message, epochOf(session)));
    });
  }

  /** An empty list means no recipient; it must not become a public message. */
  #userIdsOf(peerIds: readonly string[]): string[] {
    const users = peerIds.flatMap((id) => this.#participants.joined.get(id)?.userId ?? []);
    if (users.length === 0 || users.length < peerIds.length) {
      throw new RealtimeKitError(CODES.participantNotFound, 'a recipient is not in the room');
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

const epochOf = ({ self }: RoomSession): string => self?.epoch ?? '0';

function toTextMessage(wire: WireChatMessage, epoch: string): TextMessage {
  const { messageId, from, text, to, sentAtMs, editedAtMs, pinned = false } = wire;
  return {
    id: toMessageId(epoch, messageId),
    type: 'text',
    userId: from.id,
    displayName: from.name,
    message: text,
    time: new Date(sentAtMs),
    timeMs: sentAtMs,
    isEdited: editedAtMs !== undefined,
    pinned,
    ...(to && { targetUserIds: to }),
  };
}
