/**
 * The messages of the signalling door: JSON text frames over one WebSocket, subprotocol `gavel.v1`.
 *
 * A client sends requests `{id, method, params}`; each is answered once, by `{id, result}` or `{id, error}`. Events
 * `{event, ...}` go one way. Schemas here are compiled and checked on arrival; `docs/reference/signalling.md` tells
 * the same in words.
 *
 * @module
 */

import { type Static, type TSchema, Type } from 'typebox';
import type { MemberCause, StreamCause } from './causes.ts';
import { type ChatEventFrame, changeMessage } from './chat.ts';
import type { ErrorCode, ErrorDetails } from './errors.ts';
import { moderate } from './moderate.ts';
import { createPoll, type PollEventFrame, vote, type WirePoll } from './polls.ts';
import type {
  WireChatMessage,
  WireMember,
  WirePermissions,
  WireProfile,
  WireRoomInfo,
  WireSnapshot,
  WireStream,
  WireUser,
  WireWaiting,
} from './wire.ts';

/** The WebSocket subprotocol. */
export const SUBPROTOCOL = 'gavel.v1';
/** Largest frame a client may send, in bytes. */
export const MAX_FRAME_BYTES = 128 * 1024;

const closed = { additionalProperties: false } as const;
const text = (maxLength: number) => Type.String({ maxLength });
const sdp = Type.String({ minLength: 1, maxLength: 64 * 1024 });

const login = Type.Object(
  {
    /** How the client proves who it is; each scheme belongs to one door (`docs/reference/signalling.md`). */
    credential: Type.Object(
      {
        scheme: Type.Union([Type.Literal('app-token'), Type.Literal('participant-token')]),
        token: Type.Optional(text(8192)),
        appId: Type.Optional(Type.Integer({ minimum: 0, maximum: 0xffff_ffff })),
        environment: Type.Optional(Type.Union([Type.Literal('production'), Type.Literal('test')])),
      },
      closed,
    ),
    /** One random text per SDK instance: logins of one client in several rooms do not replace each other. */
    clientId: Type.String({ minLength: 1, maxLength: 64 }),
    /** With scheme `app-token`. */
    roomId: Type.Optional(text(1024)),
    userId: Type.Optional(text(1024)),
    userName: Type.Optional(text(1024)),
    /** The room's cap, taken from its first login; 0 or absent is no cap (ROOM-7). */
    maxMemberCount: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000_000 })),
    /** Whether this client is told of other members coming and going. Default false. */
    members: Type.Optional(Type.Boolean()),
    /** Handed through to the customer's server with the news of this login: at most 128 bytes. */
    callbackData: Type.Optional(text(1024)),
  },
  closed,
);

const resume = Type.Object(
  {
    ticket: Type.String({ minLength: 1, maxLength: 512 }),
    /** The last `seq` the client has seen. */
    lastSeq: Type.Integer({ minimum: 0 }),
  },
  closed,
);

const publish = Type.Object(
  {
    streamId: text(1024),
    offer: sdp,
    /** What it shows, for good; default `camera`. */
    source: Type.Optional(Type.Union([Type.Literal('camera'), Type.Literal('screen')])),
    extraInfo: Type.Optional(text(4096)),
    /** Whether audio and video are on now; default true. */
    audio: Type.Optional(Type.Boolean()),
    video: Type.Optional(Type.Boolean()),
  },
  closed,
);

const updateStream = Type.Object(
  {
    streamId: text(1024),
    extraInfo: Type.Optional(text(4096)),
    audio: Type.Optional(Type.Boolean()),
    video: Type.Optional(Type.Boolean()),
  },
  closed,
);

const streamOnly = Type.Object({ streamId: text(1024) }, closed);
const play = Type.Object({ streamId: text(1024), offer: sdp }, closed);
const none = Type.Object({}, closed);

const setRoomInfo = Type.Object({ key: text(1024), value: text(1024) }, closed);

const send = Type.Object(
  {
    kind: Type.Union([
      Type.Literal('broadcast'),
      Type.Literal('barrage'),
      Type.Literal('command'),
      Type.Literal('chat'),
    ]),
    text: text(8192),
    /** With kind `command` or `chat`: the users to tell; absent is everybody in the room. */
    to: Type.Optional(Type.Array(text(1024), { maxItems: 500 })),
  },
  closed,
);

const rename = Type.Object({ name: Type.String({ minLength: 1, maxLength: 1024 }) }, closed);

const sendCustom = Type.Object(
  {
    /** What it is, in the application's words: 1 to 64 bytes. */
    type: Type.String({ minLength: 1, maxLength: 1024 }),
    /** At most 8,192 bytes as JSON. */
    payload: Type.Record(Type.String(), Type.Unknown()),
    /** The members to tell; with `toProfile` those that either names. Absent, with `toProfile`, is everybody else. */
    to: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { minItems: 1, maxItems: 500 })),
    /** Those in whose profile the key has one of the values. */
    toProfile: Type.Optional(
      Type.Object({ key: text(64), values: Type.Array(text(1024), { minItems: 1, maxItems: 100 }) }, closed),
    ),
  },
  closed,
);

const chatHistory = Type.Object(
  {
    /** The private messages between oneself and this user; absent is the public ones. */
    userId: Type.Optional(text(1024)),
    direction: Type.Union([Type.Literal('before'), Type.Literal('after')]),
    /** Milliseconds since the Unix epoch; absent is from the newest back, or from the oldest on. */
    timeMs: Type.Optional(Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    limit: Type.Integer({ minimum: 1, maximum: 100 }),
    /** Only those that are pinned; default false. */
    pinned: Type.Optional(Type.Boolean()),
  },
  closed,
);

/** The parameters of each method, as schemas. */
export const METHODS = {
  /** Logs in to a room; the first request on a connection, or `resume` is. */
  login,
  /** Comes back on a new connection to a member that lost its own. */
  resume,
  /** Leaves the room. */
  logout: none,
  /** Says that the client lives; any request does. */
  heartbeat: none,
  /** Asks for the whole state, after a gap. */
  snapshot: none,
  /** Publishes a stream, or re-negotiates its media. */
  publish,
  unpublish: streamOnly,
  /** Changes what others are told of an own stream. */
  updateStream,
  /** Plays a stream, or re-negotiates its media. */
  play,
  stop: streamOnly,
  /** Sets one of the room's infos, for everybody in it. */
  setRoomInfo,
  /** Sends a message to the room or to chosen users. */
  send,
  /** Reads what was said in this life of the room, as far as it is kept. */
  chatHistory,
  /** Changes the own name, for everybody in the room; needs the permission to. */
  rename,
  /** Tells other members something of the application's own. */
  sendCustom,
  /** Edits, deletes, pins or unpins something that was said in this life of the room. */
  changeMessage,
  /** Acts on other members; needs the permission to. */
  moderate,
  /** Makes a poll; needs the permission to. */
  createPoll,
  /** Votes in a poll, once and for all; needs the permission to. */
  vote,
  /** Replaces the token before it expires. */
  renewToken: Type.Object({ token: Type.String({ minLength: 1, maxLength: 8192 }) }, closed),
} as const satisfies Record<string, TSchema>;

/** A method of the signalling door. */
export type Method = keyof typeof METHODS;
/** The parameters of a method. */
export type Params<M extends Method> = Static<(typeof METHODS)[M]>;

/** What a request looks like before its parameters are checked. */
export const REQUEST_FRAME = Type.Object(
  {
    id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    method: Type.String({ maxLength: 64 }),
    params: Type.Optional(Type.Unknown()),
  },
  closed,
);

/** The answer to `login`. */
export interface LoginResult {
  readonly memberId: string;
  /** Names this life of the room: decimal digits of a uint64. */
  readonly epoch: string;
  readonly roomId: string;
  readonly user: WireUser;
  readonly profile?: WireProfile;
  readonly permissions: WirePermissions;
  /** What else the own door tells this client alone. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** What this login is part of, where its door keeps sessions: it may be older than this life of the room. */
  readonly session?: { readonly id: string; readonly startedAtMs: number };
  /** Brings this member back on a new connection; dies with the member. */
  readonly ticket: string;
  readonly heartbeatIntervalMs: number;
  /** After so long without a word the member is taken out. */
  readonly heartbeatTimeoutMs: number;
  /** Milliseconds since the Unix epoch; absent where the login used no token. */
  readonly tokenExpiresAtMs?: number;
  readonly serverTimeMs: number;
  readonly room: WireSnapshot;
  /** Those who wait to be let in, in the order of their asking; absent without the right to let them in. */
  readonly waitingList?: readonly WireWaiting[];
}

/** The answer to `login` where the client waits to be let in: `admitted` or `refused` follows, or `removed`. */
export interface WaitingResult {
  readonly waiting: WireWaiting;
  readonly heartbeatIntervalMs: number;
  /** After so long without a word the wait is over. */
  readonly heartbeatTimeoutMs: number;
  readonly serverTimeMs: number;
}

/** The answer to `resume`: the missed events, or the whole state where they are not kept any more. */
export interface ResumeResult {
  readonly events?: readonly (RoomEventFrame | MediaClosedFrame)[];
  readonly room?: WireSnapshot;
  /** As in the answer to `login`. */
  readonly waitingList?: readonly WireWaiting[];
  readonly serverTimeMs: number;
}

/** The results of each method. */
export interface Results {
  login: LoginResult | WaitingResult;
  resume: ResumeResult;
  logout: Record<string, never>;
  heartbeat: { readonly serverTimeMs: number; readonly memberCount?: number };
  snapshot: WireSnapshot;
  publish: { readonly answer: string; readonly audio: boolean; readonly video: boolean };
  unpublish: Record<string, never>;
  updateStream: Record<string, never>;
  play: { readonly answer: string; readonly audio: boolean; readonly video: boolean };
  stop: Record<string, never>;
  setRoomInfo: Record<string, never>;
  send: { readonly messageId: number; readonly absent?: readonly string[] };
  /** Oldest first. */
  chatHistory: { readonly messages: readonly WireChatMessage[] };
  rename: Record<string, never>;
  sendCustom: Record<string, never>;
  changeMessage: Record<string, never>;
  moderate: Record<string, never>;
  createPoll: { readonly pollId: string };
  vote: Record<string, never>;
  renewToken: { readonly tokenExpiresAtMs?: number };
}

/** A kind of message. */
export type MessageKind = Params<'send'>['kind'];

/** A request of a client. */
export type RequestFrame<M extends Method = Method> = M extends Method
  ? { readonly id: number; readonly method: M; readonly params: Params<M> }
  : never;

/** An error as a client gets it. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: ErrorDetails;
}

/** The answer to a request. */
export type ResponseFrame =
  | { readonly id: number; readonly result: Results[Method] }
  | { readonly id: number; readonly error: WireError };

/** An event of the room: `seq` rises, and may skip what this client is not told. */
export type RoomEventFrame =
  | {
      readonly event: 'memberJoined';
      readonly seq: number;
      /** Version of the member list, without holes. */
      readonly userSeq: number;
      readonly memberCount: number;
      readonly member: WireMember;
    }
  | {
      readonly event: 'memberLeft';
      readonly seq: number;
      readonly userSeq: number;
      readonly memberCount: number;
      readonly member: WireMember;
      readonly cause: MemberCause;
    }
  | {
      readonly event: 'streamAdded';
      readonly seq: number;
      /** Version of the stream list, without holes. */
      readonly streamSeq: number;
      readonly stream: WireStream;
    }
  | { readonly event: 'streamUpdated'; readonly seq: number; readonly stream: WireStream }
  | {
      readonly event: 'streamRemoved';
      readonly seq: number;
      readonly streamSeq: number;
      readonly stream: WireStream;
      readonly cause: StreamCause;
    }
  /** A member's name, or whether it is pinned, has changed. It is told of itself too. */
  | { readonly event: 'memberUpdated'; readonly seq: number; readonly member: WireMember }
  | {
      readonly event: 'custom';
      readonly seq: number;
      readonly type: string;
      readonly payload: Readonly<Record<string, unknown>>;
      readonly memberId: string;
      readonly from: WireUser;
      readonly sentAtMs: number;
    }
  /** What this member may do has changed; `polls` are those it may see now, where that changed with it. */
  | {
      readonly event: 'permissions';
      readonly seq: number;
      readonly permissions: WirePermissions;
      readonly polls?: readonly WirePoll[];
    }
  | PollEventFrame
  | ChatEventFrame
  | { readonly event: 'roomInfo'; readonly seq: number; readonly info: WireRoomInfo }
  | {
      readonly event: 'message';
      readonly seq: number;
      readonly kind: MessageKind;
      readonly messageId: number;
      readonly from: WireUser;
      readonly text: string;
      readonly sentAtMs: number;
      /** Of kind `chat`: the users who are told, besides the sender; absent is everybody. */
      readonly to?: readonly string[];
    };

/** An event for one client alone; it has no `seq`. */
export type PersonalEventFrame =
  /** Let in after a wait: what `login` would have answered. */
  | { readonly event: 'admitted'; readonly login: LoginResult }
  /** Turned away after a wait; the connection closes right after. */
  | { readonly event: 'refused'; readonly error: WireError }
  /** Somebody waits to be let in; told to those who may do so. */
  | { readonly event: 'waitingAdded'; readonly waiting: WireWaiting }
  /** Somebody waits no more, for whatever reason. */
  | { readonly event: 'waitingRemoved'; readonly memberId: string }
  /** The member is out; the connection closes right after. */
  | { readonly event: 'removed'; readonly cause: MemberCause; readonly reason: string }
  /** The media of own streams or plays has ended on the server's side: publish or play them again. */
  | { readonly event: 'mediaLost'; readonly published: readonly string[]; readonly played: readonly string[] }
  /**
   * A stream was removed in this user's own name (STRM-2): drop it from the list without a word, and stop its media
   * (STRM-3). Stands in for `streamRemoved`, and carries its `streamSeq`.
   */
  | {
      readonly event: 'mediaClosed';
      readonly streamId: string;
      readonly cause: StreamCause;
      readonly streamSeq: number;
    }
  /** The server is stopping; the connection closes right after. */
  | { readonly event: 'goingAway' };

/** One kind of them: it may come in place of a room's event in the answer to `resume`. */
export type MediaClosedFrame = Extract<PersonalEventFrame, { readonly event: 'mediaClosed' }>;

/** Everything the server sends without being asked. */
export type EventFrame = RoomEventFrame | PersonalEventFrame;
/** Everything the server sends. */
export type ServerFrame = ResponseFrame | EventFrame;
