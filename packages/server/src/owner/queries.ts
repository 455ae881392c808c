/**
 * Queries: everything that can be asked about rooms. A query changes nothing; its answer is JSON (BUS-1).
 *
 * @module
 */

import { GavelError, type MemberId, type RoomKey, roomKeyText, type StreamId } from '@gavel/protocol';
import type { AppScope } from '../base/app-scope.ts';
import type { Identity, NewBan } from '../rooms/bans.ts';
import type { ChatMessage, ChatQuery } from '../rooms/chat-history.ts';
import type { Origin, RoomCommand } from '../rooms/commands.ts';
import type { RoomEvent } from '../rooms/events.ts';
import type { MemberInfo } from '../rooms/member.ts';
import type { ReplyOf } from '../rooms/replies.ts';
import type { RoomPolicy } from '../rooms/room-policy.ts';
import type { StreamInfo } from '../rooms/stream.ts';
import type { RoomSnapshot, RoomSummary } from '../rooms/views.ts';
import type { Waiting } from '../rooms/waiting.ts';
import type { Directory } from './directory.ts';
import { carriesBan, type KickBans } from './kick-bans.ts';
import { describeRoom, type ListAnswers, type ListedRoom, type ListQuery, RoomLists } from './lists.ts';
import type { OwnedRoom } from './owned-room.ts';
import type { People, Person, PersonFilter } from './people.ts';
import type { StreamHistory, StreamState } from './stream-history.ts';

/** A query about one room. */
export type RoomQuery =
  /** The whole state of the room. */
  | { readonly type: 'snapshot' }
  /** Figures of the room. */
  | { readonly type: 'summary' }
  /** The room as lists show it, and the waiting users. */
  | { readonly type: 'listing' }
  /** The waiting users. */
  | { readonly type: 'waiting' }
  /** The members, for somebody who is not in the room. @throws GavelError `login.banned` if it may not log in (BAN-4) */
  | ({ readonly type: 'visit' } & Identity)
  /** The chat messages that a member may read (CHAT-4). */
  | { readonly type: 'chat'; readonly reader: MemberId; readonly query: ChatQuery }
  | { readonly type: 'member'; readonly memberId: MemberId }
  /** The live streams. */
  | { readonly type: 'streams' }
  /** A live or reserved stream that a member publishes. */
  | { readonly type: 'ownStream'; readonly memberId: MemberId; readonly streamId: StreamId }
  /** A live stream of the room. */
  | { readonly type: 'stream'; readonly streamId: StreamId }
  /**
   * What a command would do: a dry run, which changes nothing (state, limits, ids).
   *
   * @throws GavelError as the command documents
   */
  | { readonly type: 'preview'; readonly command: PreviewedCommand; readonly origin: Origin };

/** A command that can be previewed: those that change a connection cannot. */
export type PreviewedCommand = Exclude<
  RoomCommand,
  { readonly type: 'login' | 'resume' | 'touch' | 'detach' | 'abandon' }
>;

/** What a command would do. */
export interface CommandPreview {
  /** The events that it would emit: whom and what it hits. The ids of what it would create have no meaning. */
  readonly events: readonly RoomEvent[];
  /** What it would answer, without bans. */
  readonly reply: ReplyOf<PreviewedCommand>;
  /** The bans that a kick would set (BAN-8); `PolicyService.preview` tells whom else they cover. */
  readonly bans: readonly NewBan[];
}

/** A query about one environment of an App. */
export type ScopeQuery =
  /** The room with a live or reserved stream of this id. */
  | { readonly type: 'roomOfStream'; readonly streamId: StreamId }
  /** The state of a stream id; the last 10,000 ended streams are known. */
  | { readonly type: 'streamState'; readonly streamId: StreamId }
  /** Members and waiting users. With a room, the cost is its size; else, that of the App. */
  | ({ readonly type: 'people' } & PersonFilter);

/** A query. */
export type Query = RoomQuery | ScopeQuery | ListQuery;

/** The subject of queries about the rooms of all Apps. */
export const ALL_ROOMS = { of: 'all-rooms' } as const;

/** The answer of each kind of query. A field is absent if there is no such room, member or stream. */
export interface Answers extends ListAnswers {
  readonly snapshot: { readonly room?: RoomSnapshot };
  readonly summary: { readonly room?: RoomSummary };
  readonly listing: { readonly room?: ListedRoom; readonly waiting: readonly Waiting[] };
  /** In order of arrival. */
  readonly waiting: { readonly waiting: readonly Waiting[] };
  readonly visit: { readonly members: readonly MemberInfo[] };
  /** Oldest first. */
  readonly chat: { readonly messages: readonly ChatMessage[] };
  readonly member: { readonly member?: MemberInfo };
  /** In the order in which they were announced. */
  readonly streams: { readonly streams: readonly StreamInfo[] };
  readonly ownStream: { readonly stream?: StreamInfo };
  readonly stream: {
    readonly stream?: StreamInfo;
    /** Whether the stream id is forbidden now (FORB-4). */
    readonly isForbidden: boolean;
  };
  readonly preview: CommandPreview;
  readonly roomOfStream: { readonly key?: RoomKey };
  readonly streamState: StreamState;
  readonly people: { readonly people: readonly Person[] };
}

/** The answer of a query. */
export type AnswerOf<Q extends Query> = Q extends Query ? Answers[Q['type']] : never;

/** What a query is about: a room, an environment of an App, or all rooms. */
export type SubjectOf<Q extends Query> = Q extends RoomQuery
  ? RoomKey
  : Q extends ListQuery
    ? typeof ALL_ROOMS
    : AppScope;

/** Dependencies of `Reader`: what the owner of rooms knows. */
export interface ReaderDeps {
  /** By the text of its key. */
  readonly owned: ReadonlyMap<string, OwnedRoom>;
  readonly directory: Directory;
  readonly history: StreamHistory;
  readonly people: People;
  readonly kickBans: KickBans;
  readonly policy: RoomPolicy | undefined;
}

/** Answers queries from memory. */
export class Reader {
  readonly #deps: ReaderDeps;
  readonly #lists: RoomLists;

  constructor(deps: ReaderDeps) {
    this.#deps = deps;
    this.#lists = new RoomLists(deps.owned);
  }

  /** @throws GavelError as documented for each query */
  answer<Q extends Query>(subject: SubjectOf<Q>, query: Q): AnswerOf<Q> {
    return this.#answer(subject, query) as AnswerOf<Q>;
  }

  #answer(subject: SubjectOf<Query>, query: Query): AnswerOf<Query> {
    if (isAboutRoom(query)) return this.#answerRoom(subject as RoomKey, query);
    return isAboutScope(query) ? this.#answerScope(subject as AppScope, query) : this.#lists.answer(query);
  }

  #answerRoom(key: RoomKey, query: RoomQuery): AnswerOf<RoomQuery> {
    const { owned, policy } = this.#deps;
    const found = owned.get(roomKeyText(key));
    const room = found?.room;
    switch (query.type) {
      case 'snapshot':
        return room ? { room: room.snapshot() } : {};
      case 'summary':
        return room ? { room: room.summary() } : {};
      case 'listing':
        return { ...(found && room && { room: describeRoom(found, room) }), waiting: found?.waiting() ?? [] };
      case 'waiting':
        return { waiting: found?.waiting() ?? [] };
      case 'visit':
        policy?.checkLogin(key, query);
        return { members: room?.snapshot().members ?? [] };
      case 'chat':
        return { messages: room?.chat(query.reader, query.query) ?? [] };
      case 'member': {
        const member = room?.findMemberInfo(query.memberId);
        return member ? { member } : {};
      }
      case 'streams':
        return { streams: room?.snapshot({ withMembers: false }).streams ?? [] };
      case 'ownStream': {
        const stream = room?.findOwnStream(query.memberId, query.streamId);
        return stream ? { stream } : {};
      }
      case 'stream': {
        const stream = room?.findStream(query.streamId);
        return { ...(stream && { stream }), isForbidden: policy?.isForbidden(key, query.streamId) ?? false };
      }
      case 'preview':
        return this.#preview(key, query.command, query.origin);
    }
  }

  #answerScope(scope: AppScope, query: ScopeQuery): AnswerOf<ScopeQuery> {
    const { directory } = this.#deps;
    switch (query.type) {
      case 'roomOfStream': {
        const key = directory.roomOfStream(scope, query.streamId);
        return key ? { key } : {};
      }
      case 'streamState':
        return this.#stateOf(scope, query.streamId);
      case 'people':
        return { people: this.#deps.people.find(scope, query) };
    }
  }

  #preview(key: RoomKey, command: PreviewedCommand, origin: Origin): CommandPreview {
    const { owned, kickBans } = this.#deps;
    const found = owned.get(roomKeyText(key));
    if (!found) throw new GavelError('room.not-found');
    const { events, reply } = found.preview(command, origin);
    const bans = command.type === 'kick' && carriesBan(command) ? kickBans.preview(key, command) : [];
    return { events, reply: reply as ReplyOf<PreviewedCommand>, bans };
  }

  #stateOf(scope: AppScope, streamId: StreamId): StreamState {
    const { directory, owned, history } = this.#deps;
    const key = directory.roomOfStream(scope, streamId);
    const live = key && owned.get(roomKeyText(key))?.room?.findStream(streamId);
    if (live) return { state: 'live', createdAtMs: live.createdAtMs };
    return history.find(scope, streamId) ?? { state: 'unknown' };
  }
}

const SCOPE_QUERIES: ReadonlySet<Query['type']> = new Set<ScopeQuery['type']>([
  'roomOfStream',
  'streamState',
  'people',
]);
const LIST_QUERIES: ReadonlySet<Query['type']> = new Set<ListQuery['type']>(['listRooms', 'listPeople']);

/** Returns whether a query is about one room. */
export function isAboutRoom(query: Query): query is RoomQuery {
  return !SCOPE_QUERIES.has(query.type) && !LIST_QUERIES.has(query.type);
}

/** Returns whether a query is about one environment of an App. */
function isAboutScope(query: Query): query is ScopeQuery {
  return SCOPE_QUERIES.has(query.type);
}
