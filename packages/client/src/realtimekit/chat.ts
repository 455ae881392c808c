/**
 * Chat: public and private messages, which can be edited, deleted and pinned (reference realtimekit 8.6).
 *
 * @module
 */

import type { MessageChange } from '@gavel/protocol';
import { SessionError } from '../core/errors.ts';
import { FileTransfer, type FileTransferDeps } from '../core/file-transfer.ts';
import type { RoomSession } from '../core/session.ts';
import { CallLimit, type RateLimits } from './call-limit.ts';
import {
  type CustomMessagePayload,
  type Message,
  type MessagePayload,
  type NativeFile,
  toMessage,
  toWirePayload,
} from './chat-message.ts';
import { CODES, RealtimeKitError, toRealtimeKitError } from './errors.ts';
import { EventEmitter } from './event-emitter.ts';
import { findMessageNumber } from './message-id.ts';
import type { Participants } from './participants.ts';

/** The events of a chat. */
export interface ChatEvents {
  /** A message was sent, edited or deleted, by the own user too; `messages` is already updated. */
  chatUpdate: [
    event: {
      readonly action: 'add' | 'edit' | 'delete';
      /** The text is empty if the message was sent before the join and is now deleted. */
      readonly message: Message;
      readonly messages: Message[];
    },
  ];
  pinMessage: [event: { readonly message: Message; readonly messages: Message[] }];
  unpinMessage: [event: { readonly message: Message; readonly messages: Message[] }];
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

/** The server's limits: bytes of a text, and messages and changes in a minute. */
const MAX_TEXT = 1024;
const SERVER_LIMITS = { maxInvocations: 180, period: 60 };

/** The dependencies of the chat. */
export type ChatDeps = Omit<FileTransferDeps, 'createUpload'>;

/** The chat of a meeting. */
export class Chat extends EventEmitter<ChatEvents> {
  readonly #participants: Participants;
  readonly #limit: CallLimit;
  readonly #files: FileTransfer;
  readonly #urlOf = (fileId: string): string => this.#files.urlOf(fileId);
  #maxTextLimit = MAX_TEXT;
  #messages: Message[] = [];
  #session: RoomSession | undefined;

  constructor(participants: Participants, deps: ChatDeps) {
    super();
    this.#participants = participants;
    this.#limit = new CallLimit(deps.clock, SERVER_LIMITS);
    this.#files = new FileTransfer({
      ...deps,
      createUpload: (file) => this.#requireSession().request('createUpload', file),
    });
  }

  /** The messages since the join that are not deleted, oldest first. */
  get messages(): Message[] {
    return this.#messages;
  }

  /** Longest text that this client sends, in characters; 1,024 unless changed. The server takes at most 1,024 bytes. */
  get maxTextLimit(): number {
    return this.#maxTextLimit;
  }

  /** Changes `maxTextLimit`. */
  setMaxTextLimit(limit: number): void {
    this.#maxTextLimit = limit;
  }

  /** How many messages and changes this client sends; 180 in 60 seconds unless changed, as the server allows. */
  get rateLimits(): RateLimits {
    return this.#limit.limits;
  }

  /** Changes `rateLimits`. @param period seconds @throws RealtimeKitError `0002` if a number is not positive */
  updateRateLimits(num: number, period: number): void {
    this.#limit.set(num, period);
  }

  /**
   * Sends a message to the participants with the given peer ids, on all of their connections; to everyone if there are none, as
   * the vendor does. Files are uploaded first.
   *
   * @throws RealtimeKitError `1201` if the preset does not allow it, `1204` for an unknown peer, `0013` for more than 180
   *   messages in a minute, or 40 files; `0002` for a message or a file that the server does not take
   */
  async sendMessage(message: MessagePayload, participantIds?: readonly string[]): Promise<void> {
    await this.#with(async (session) => {
      const to = participantIds?.length ? this.#userIdsOf(participantIds) : undefined;
      const payload = await this.#wireOf(message);
      await session.request('send', { kind: 'chat', ...payload, ...(to && { to }) });
    });
  }

  /** Sends a text; recipients and errors as in `sendMessage`. */
  sendTextMessage(message: string, peerIds?: readonly string[]): Promise<void> {
    return this.sendMessage({ type: 'text', message }, peerIds);
  }

  /** Uploads and sends an image, of which the server checks that it is one; recipients and errors as in `sendMessage`. */
  sendImageMessage(image: File | NativeFile, peerIds?: readonly string[]): Promise<void> {
    return this.sendMessage({ type: 'image', image }, peerIds);
  }

  /** Uploads and sends a file; recipients and errors as in `sendMessage`. */
  sendFileMessage(file: File | NativeFile, peerIds?: readonly string[]): Promise<void> {
    return this.sendMessage({ type: 'file', file }, peerIds);
  }

  /** Sends a message of several parts; recipients and errors as in `sendMessage`. */
  sendCustomMessage(message: CustomMessagePayload, peerIds?: readonly string[]): Promise<void> {
    return this.sendMessage({ ...message, type: 'custom' }, peerIds);
  }

  /**
   * Returns the public messages that the server still has, at most the last 500 of the session: in the order of `direction`, so
   * the newest first with `before`, the oldest first with `after`.
   */
  async fetchPublicMessages(options: FetchOptions): Promise<Message[]> {
    return this.#fetch(options);
  }

  /** Returns the private messages between the own user and another user, as `fetchPublicMessages` does. */
  async fetchPrivateMessages(options: FetchOptions & { readonly userId: string }): Promise<Message[]> {
    return this.#fetch(options, options?.userId);
  }

  /** Returns the pinned messages, as `fetchPublicMessages` does; the server keeps a message while it is pinned. */
  async fetchPinnedMessages(options: FetchOptions): Promise<Message[]> {
    return this.#fetch(options, undefined, true);
  }

  /**
   * Replaces an own message. Its files are deleted, but for those that a custom message still links to.
   *
   * @throws RealtimeKitError as `sendMessage`; `1201` also for another user's message
   */
  async editMessage(messageId: string, message: MessagePayload): Promise<void> {
    await this.#with(async (session) => {
      const number = requireNumber(messageId, session);
      const payload = await this.#wireOf(message);
      await session.request('changeMessage', { action: 'edit', messageId: number, ...payload });
    });
  }

  /** Replaces the text of an own message; throws as `editMessage` does. */
  editTextMessage(messageId: string, message: string): Promise<void> {
    return this.editMessage(messageId, { type: 'text', message });
  }

  /** Replaces the image of an own message; throws as `editMessage` does. */
  editImageMessage(messageId: string, image: File | NativeFile): Promise<void> {
    return this.editMessage(messageId, { type: 'image', image });
  }

  /** Replaces the file of an own message; throws as `editMessage` does. */
  editFileMessage(messageId: string, file: File | NativeFile): Promise<void> {
    return this.editMessage(messageId, { type: 'file', file });
  }

  /** Deletes an own message for everyone. @throws RealtimeKitError `1201` for another user's message */
  async deleteMessage(messageId: string): Promise<void> {
    await this.#change(messageId, 'delete');
  }

  /**
   * Pins any public message.
   *
   * @throws RealtimeKitError `1201` if the preset does not allow public chat, and for a private message
   */
  async pin(messageId: string): Promise<void> {
    await this.#change(messageId, 'pin');
  }

  /** Unpins a message; throws as `pin` does. */
  async unpin(messageId: string): Promise<void> {
    await this.#change(messageId, 'unpin');
  }

  /** Subscribes to a session that has just been joined. */
  attach(session: RoomSession): void {
    this.#session = session;
    this.#messages = [];
    session.on('message', (wire) => {
      // A public message from a user of another dialect is a broadcast (CHAT-1).
      if (this.#session !== session || (wire.kind !== 'chat' && wire.kind !== 'broadcast')) return;
      this.#add(toMessage(wire, epochOf(session), this.#urlOf));
    });
    session.on('messageChanged', ({ change, message }) => {
      if (this.#session !== session) return;
      this.#handleChange(change, toMessage(message, epochOf(session), this.#urlOf));
    });
  }

  /** Drops the session; its messages can still be read. */
  detach(): void {
    this.#session = undefined;
  }

  #add(message: Message): void {
    this.#messages = [...this.#messages, message];
    this.emit('chatUpdate', { action: 'add', message, messages: this.#messages });
  }

  #handleChange(change: MessageChange, message: Message): void {
    if (change === 'deleted') {
      const known = this.#messages.find(({ id }) => id === message.id);
      this.#messages = this.#messages.filter((one) => one !== known);
      this.emit('chatUpdate', { action: 'delete', message: known ?? message, messages: this.#messages });
      return;
    }
    this.#messages = this.#messages.map((one) => (one.id === message.id ? message : one));
    if (change === 'edited') this.emit('chatUpdate', { action: 'edit', message, messages: this.#messages });
    else this.emit(change === 'pinned' ? 'pinMessage' : 'unpinMessage', { message, messages: this.#messages });
  }

  async #change(id: string, action: 'delete' | 'pin' | 'unpin'): Promise<void> {
    await this.#with((session) => session.request('changeMessage', { action, messageId: requireNumber(id, session) }));
  }

  /** Checks and counts a message, then uploads its files. */
  async #wireOf(message: MessagePayload) {
    const { text } = message?.type === 'text' ? { text: message.message } : { text: '' };
    if (text?.length > this.#maxTextLimit) {
      throw new SessionError('message.too-long', `a text can have at most ${this.#maxTextLimit} characters`);
    }
    this.#limit.count();
    return toWirePayload(message, this.#files);
  }

  async #fetch(options: FetchOptions, userId?: string, pinned = false) {
    // An application without types may pass nothing; the server then refuses the query.
    const { timestamp, limit, direction = 'before' } = options ?? {};
    const query = {
      direction,
      limit,
      ...(timestamp !== undefined && { timeMs: timestamp }),
      ...(pinned && { pinned }),
    };
    return this.#with(async (session) => {
      const { messages } = await session.request('chatHistory', { ...query, ...(userId !== undefined && { userId }) });
      const oldestFirst = messages.map((message) => toMessage(message, epochOf(session), this.#urlOf));
      return direction === 'before' ? oldestFirst.reverse() : oldestFirst;
    });
  }

  #userIdsOf(peerIds: readonly string[]): string[] {
    const users = peerIds.flatMap((id) => this.#participants.joined.get(id)?.userId ?? []);
    if (users.length < peerIds.length) {
      throw new RealtimeKitError(CODES.participantNotFound, 'a recipient is not in the room');
    }
    return [...new Set(users)];
  }

  /** @throws RealtimeKitError `0002` */
  #requireSession(): RoomSession {
    if (!this.#session) throw new RealtimeKitError(CODES.couldNotJoin, 'not in the room');
    return this.#session;
  }

  async #with<R>(ask: (session: RoomSession) => Promise<R>): Promise<R> {
    const session = this.#requireSession();
    try {
      return await ask(session);
    } catch (error) {
      throw toRealtimeKitError(error);
    }
  }
}

const epochOf = ({ self }: RoomSession): string => self?.epoch ?? '0';

/** @throws SessionError `message.not-found` for an id of another session */
function requireNumber(id: string, session: RoomSession): number {
  const messageId = typeof id === 'string' ? findMessageNumber(id, epochOf(session)) : undefined;
  if (messageId === undefined)
    throw new SessionError('message.not-found', 'the message does not exist in this session');
  return messageId;
}
