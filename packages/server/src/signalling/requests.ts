/**
 * The methods of the signalling door. Each one parses its parameters and executes a command.
 *
 * @module
 */

import {
  countCharacters,
  GavelError,
  MAX_BYTES,
  MAX_NAME_CHARACTERS,
  type Method,
  type NewContent,
  type Params,
  type PollId,
  parseUserId,
  type Results,
  type RoomKey,
  type WireContent,
} from '@gavel/protocol';
import { KeyedQueue } from '../base/keyed-queue.ts';
import type { Bus } from '../bus/bus.ts';
import type { SharedFiles } from '../files/shared-files.ts';
import type { Origin } from '../rooms/commands.ts';
import type { MemberInfo } from '../rooms/member.ts';
import { Activity } from './activity.ts';
import type { Connection, ConnectionState } from './connection.ts';
import { customMessageCommand } from './custom-message.ts';
import { wireSnapshot } from './frames.ts';
import { Joining, type JoiningDeps } from './joining.ts';
import { executeMedia, negotiate, requireStreamId } from './media-requests.ts';
import { MessageLimits } from './message-limits.ts';
import { moderationCommand } from './moderate.ts';
import { changeCommand, openCommand } from './store-frames.ts';
import { requireMessage, requireShort } from './texts.ts';

/** Who makes a request. */
export interface Caller {
  readonly key: RoomKey;
  readonly member: MemberInfo;
  readonly origin: Origin;
}

/** Dependencies of the methods. */
export interface RequestDeps extends JoiningDeps {
  readonly bus: Bus;
  readonly files: Pick<SharedFiles, 'createUpload' | 'claim'>;
}

type Handler<M extends Method> = (caller: Caller, params: Params<M>) => Promise<Results[M]>;

/** A method that only members may call. */
type MemberMethod = Exclude<Method, 'identify' | 'preview' | 'login' | 'resume'>;

/** The methods that are executed in order for each member (SIG-1). */
const MEDIA_METHODS: ReadonlySet<Method> = new Set<Method>([
  'negotiate',
  'unpublish',
  'updateStream',
  'stop',
  'updatePlay',
]);

/** The methods that may execute no command, so that they are recorded as activity on their own. */
const UNCOMMANDED: ReadonlySet<Method> = new Set<Method>([
  'snapshot',
  'chatHistory',
  'createUpload',
  'iceServers',
  'negotiate',
  'unpublish',
  'stop',
  'updatePlay',
]);

const DONE: Record<string, never> = {};

/** Handles requests. */
export class Requests {
  readonly #deps: RequestDeps;
  readonly #joining: Joining;
  readonly #limits: MessageLimits;
  readonly #activity: Activity;
  /** The media requests, by member. */
  readonly #media = new KeyedQueue();
  readonly #methods: { readonly [M in MemberMethod]: Handler<M> } = {
    logout: (caller) => this.#logout(caller),
    heartbeat: (caller) => this.#heartbeat(caller),
    snapshot: (caller) => this.#snapshot(caller),
    negotiate: (caller, params) => negotiate(this.#deps.bus, caller, params),
    unpublish: (caller, { streamId }) =>
      executeMedia(this.#deps.bus, caller, { type: 'unpublish', streamId: requireStreamId(streamId) }),
    updateStream: (caller, params) => this.#updateStream(caller, params),
    stop: (caller, { streamId }) =>
      executeMedia(this.#deps.bus, caller, { type: 'stopPlaying', streamId: requireStreamId(streamId) }),
    updatePlay: (caller, { streamId, ...preferences }) =>
      executeMedia(this.#deps.bus, caller, { type: 'preferVideo', streamId: requireStreamId(streamId), preferences }),
    watchSoundLevels: (caller, { intervalMs }) =>
      executeMedia(this.#deps.bus, caller, {
        type: 'watchSoundLevels',
        ...(intervalMs !== undefined && { intervalMs }),
      }),
    setRoomInfo: (caller, params) => this.#setRoomInfo(caller, params),
    send: (caller, params) => this.#send(caller, params),
    chatHistory: async ({ key, member }, { userId: text, direction, timeMs, limit, pinned: isPinned = false }) => {
      const withUserId = text === undefined ? undefined : parseUserId(text);
      if (text !== undefined && !withUserId) throw new GavelError('room.member-not-found');
      const query = {
        direction,
        limit,
        isPinned,
        ...(timeMs !== undefined && { timeMs }),
        ...(withUserId && { withUserId }),
      };
      return this.#deps.bus.query(key, { type: 'chat', reader: member.memberId, query });
    },
    rename: async ({ key, member, origin }, { name }) => {
      if (countCharacters(name) > MAX_NAME_CHARACTERS) throw new GavelError('login.bad-user-name');
      this.#limits.countRename(key, member.user.id);
      await this.#deps.bus.call({ key, command: { type: 'rename', memberId: member.memberId, name }, origin });
      return DONE;
    },
    sendCustom: async ({ key, member, origin }, params) => {
      const command = customMessageCommand(member.memberId, params);
      this.#limits.countCustomMessage(key, member.user.id);
      await this.#deps.bus.call({ key, command, origin });
      return DONE;
    },
    createUpload: async ({ key, member }, file) => {
      this.#limits.countUpload(key, member.user.id);
      return this.#deps.files.createUpload(key, member, file);
    },
    changeMessage: async (caller, { messageId, ...to }) => {
      const { key, member, origin } = caller;
      if (to.action === 'edit') requireMessage(to.text);
      // A change is sent to as many members as a message, so it counts against the same limit.
      this.#limits.countMessage(key, member.user.id, 'chat', undefined);
      const change = { type: 'changeMessage', memberId: member.memberId, messageId } as const;
      if (to.action !== 'edit') {
        await this.#deps.bus.call({ key, command: { ...change, to }, origin });
        return DONE;
      }
      const { action, text } = to;
      await this.#withContent(caller, to.content, messageId, (content) =>
        this.#deps.bus.call({ key, command: { ...change, to: { action, text, ...content } }, origin }),
      );
      return DONE;
    },
    changeStage: async ({ key, member, origin }, { action }) => {
      this.#limits.countStageStep(key, member.user.id);
      await this.#deps.bus.call({ key, command: { type: 'changeStage', memberId: member.memberId, action }, origin });
      return DONE;
    },
    moderate: async ({ key, member, origin }, params) => {
      await this.#deps.bus.call({ key, command: moderationCommand(member.memberId, params), origin });
      return DONE;
    },
    createPoll: async ({ key, member, origin }, { anonymous = false, hideVotes = false, ...rest }) => {
      this.#limits.countPoll(key);
      const command = { type: 'createPoll', by: member.memberId, anonymous, hideVotes, ...rest } as const;
      const { poll } = await this.#deps.bus.call({ key, command, origin });
      return { pollId: poll.pollId };
    },
    vote: async ({ key, member, origin }, { pollId, option }) => {
      const { memberId } = member;
      await this.#deps.bus.call({ key, command: { type: 'vote', memberId, pollId: pollId as PollId, option }, origin });
      return DONE;
    },
    openStores: async ({ key, member, origin }, params) => {
      const command = openCommand(member.memberId, params);
      this.#limits.countStoreOpening(key, member.user.id);
      await this.#deps.bus.call({ key, command, origin });
      return DONE;
    },
    changeStore: async ({ key, member, origin }, params) => {
      const command = changeCommand(member.memberId, params);
      this.#limits.countStoreChange(key, member.user.id);
      await this.#deps.bus.call({ key, command, origin });
      return DONE;
    },
    renewToken: (caller, params) => this.#renewToken(caller, params),
    iceServers: async ({ key, member }) => {
      const ice = this.#deps.iceServers.issue(key.appId, member.user.id);
      return ice ? { ice } : {};
    },
  };

  constructor(deps: RequestDeps) {
    this.#deps = deps;
    this.#joining = new Joining(deps);
    this.#limits = new MessageLimits(deps.clock);
    this.#activity = new Activity(deps.bus);
  }

  /** Handles one request. Its parameters have been validated against the method's schema. */
  async handle(connection: Connection, method: Method, params: unknown): Promise<object> {
    if (method === 'identify') return this.#joining.identify(connection, params as Params<'identify'>);
    if (method === 'preview') return this.#joining.preview(connection, params as Params<'preview'>);
    if (method === 'login') return this.#joining.login(connection, params as Params<'login'>);
    if (method === 'resume') return this.#joining.resume(connection, params as Params<'resume'>);
    const { state } = connection;
    if (!MEDIA_METHODS.has(method) || state.kind !== 'member') return this.#handleAsMember(connection, method, params);
    // A stop must not overtake the earlier offer, which waits for the media engine, also if that came by the connection
    // from which this one has resumed.
    return this.#media.run(state.member.memberId, () => this.#handleAsMember(connection, method, params));
  }

  async #handleAsMember(connection: Connection, method: MemberMethod, params: unknown): Promise<object> {
    const { state } = connection;
    if (state.kind === 'waiting') return this.#handleAsWaiting(connection, state, method);
    if (state.kind !== 'member') throw new GavelError('request.out-of-order', `"${method}" requires a login`);
    const { key } = state;
    const { memberId } = state.member;
    const origin = originOf(connection, state.member);
    // The room is not asked for it: a request is one call. Its refusal says if there is no such room any more.
    if (UNCOMMANDED.has(method)) this.#activity.record(key, memberId).catch(() => undefined);
    // The member's name and permissions may have changed since its login.
    const member = this.#deps.fanOut.findMember(memberId) ?? state.member;
    const handler = this.#methods[method] as Handler<Method>;
    return handler({ key, member, origin }, params as Params<Method>);
  }

  /** Handles a request of a waiting user: `heartbeat` or `logout`. */
  async #handleAsWaiting(
    { connectionId }: Connection,
    { key, memberId }: Extract<ConnectionState, { kind: 'waiting' }>,
    method: MemberMethod,
  ): Promise<object> {
    if (method !== 'heartbeat' && method !== 'logout') {
      throw new GavelError('request.out-of-order', `"${method}" is not allowed while the user waits to be admitted`);
    }
    if (method === 'heartbeat') {
      await this.#activity.record(key, memberId);
      return { serverTimeMs: this.#deps.clock.now() };
    }
    await this.#deps.leave.logOut(key, memberId, { channel: 'signalling', requestId: connectionId });
    return DONE;
  }

  async #logout({ key, member, origin }: Caller): Promise<Results['logout']> {
    await this.#deps.leave.logOut(key, member.memberId, origin);
    return DONE;
  }

  async #heartbeat({ key, member }: Caller): Promise<Results['heartbeat']> {
    const { memberCount } = await this.#activity.record(key, member.memberId);
    return { serverTimeMs: this.#deps.clock.now(), ...(memberCount !== undefined && { memberCount }) };
  }

  async #snapshot({ key, member }: Caller): Promise<Results['snapshot']> {
    const { room } = await this.#deps.bus.query(key, { type: 'snapshot' });
    if (!room) throw new GavelError('room.not-found');
    return wireSnapshot(room, member);
  }

  async #updateStream(
    { key, member, origin }: Caller,
    params: Params<'updateStream'>,
  ): Promise<Results['updateStream']> {
    const { streamId: text, ...changes } = params;
    requireShort(changes.extraInfo ?? '', MAX_BYTES.extraInfo);
    const streamId = requireStreamId(text);
    await this.#deps.bus.call({
      key,
      command: { type: 'updateStream', memberId: member.memberId, streamId, ...changes },
      origin,
    });
    return DONE;
  }

  async #setRoomInfo({ key, member, origin }: Caller, info: Params<'setRoomInfo'>): Promise<Results['setRoomInfo']> {
    if (info.key.length === 0) throw new GavelError('message.empty');
    requireShort(info.key, MAX_BYTES.roomInfoKey);
    requireShort(info.value, MAX_BYTES.roomInfoValue);
    this.#limits.countRoomInfo(key);
    await this.#deps.bus.call({
      key,
      command: { type: 'setRoomInfo', by: member.memberId, user: member.user, ...info },
      origin,
    });
    return DONE;
  }

  /** Executes a command with the content of a chat message; its files stay the sender's if the command fails. */
  async #withContent<R>(
    { key, member }: Caller,
    given: NewContent | undefined,
    messageId: number | undefined,
    execute: (content: { readonly content?: WireContent }) => Promise<R>,
  ): Promise<R> {
    if (!given) return execute({});
    const { content, release } = await this.#deps.files.claim(key, member, given, messageId);
    try {
      return await execute({ content });
    } catch (error) {
      release();
      throw error;
    }
  }

  async #send(caller: Caller, params: Params<'send'>): Promise<Results['send']> {
    const { key, member, origin } = caller;
    const { kind, text } = params;
    requireMessage(text);
    if (params.content && kind !== 'chat') {
      throw new GavelError('request.malformed', 'only a message of kind "chat" has content');
    }
    const to =
      kind === 'command' || kind === 'chat' ? params.to?.flatMap((userId) => parseUserId(userId) ?? []) : undefined;
    this.#limits.countMessage(key, member.user.id, kind, to);
    const by = member.memberId;
    const command = { type: 'send', by, kind, from: member.user, text, ...(to && { to }) } as const;
    const { messageId, absent } = await this.#withContent(caller, params.content, undefined, (content) =>
      this.#deps.bus.call({ key, command: { ...command, ...content }, origin }),
    );
    return { messageId, ...(absent.length > 0 && { absent }) };
  }

  async #renewToken({ key, member, origin }: Caller, { token }: Params<'renewToken'>): Promise<Results['renewToken']> {
    const { tokenExpiresAtMs } = await this.#deps.entry.renew(key, member, token, origin);
    return tokenExpiresAtMs === undefined ? {} : { tokenExpiresAtMs };
  }
}

function originOf(connection: Connection, member: MemberInfo): Origin {
  return { channel: 'signalling', requestId: connection.connectionId, actor: member.user.id, by: member.memberId };
}
