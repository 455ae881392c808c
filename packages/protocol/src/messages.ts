/**
 * The messages of the signalling door: JSON text frames over one WebSocket, subprotocol `gavel.v1`.
 *
 * A client sends requests `{id, method, params}`; each is answered once, by `{id, result}` or `{id, error}`. The server
 * sends events `{event, ...}`. Requests are checked against the schemas here; `docs/reference/signalling.md` describes
 * the protocol.
 *
 * @module
 */

import { type Static, type TSchema, Type } from 'typebox';
import type { MemberCause, StreamCause } from './causes.ts';
import { type ChatEventFrame, changeMessage, createUpload, newContent } from './chat.ts';
import type { ErrorCode, ErrorDetails } from './errors.ts';
import { moderate } from './moderate.ts';
import type { MethodParams } from './params.ts';
import { createPoll, type PollEventFrame, vote, type WirePoll } from './polls.ts';
import { changeStore, openStores, type StoreEventFrame } from './stores.ts';
import type {
  WireChatMessage,
  WireContent,
  WireDemand,
  WireIce,
  WireMember,
  WirePermissions,
  WireProfile,
  WireRoomInfo,
  WireSnapshot,
  WireSoundLevel,
  WireStream,
  WireUser,
  WireWaiting,
} from './wire.ts';

/** The WebSocket subprotocol. */
export const SUBPROTOCOL = 'gavel.v1';
/** Largest frame a client may send, in bytes: twice the largest offer, which is longer as JSON and has lists beside it. */
export const MAX_FRAME_BYTES = 512 * 1024;

const closed = { additionalProperties: false } as const;
const text = (maxLength: number) => Type.String({ maxLength });
const sdp = Type.String({ minLength: 1, maxLength: 256 * 1024 });

const login = Type.Object(
  {
    /** Authenticates the client; each scheme belongs to one door (`docs/reference/signalling.md`). */
    credential: Type.Object(
      {
        scheme: Type.Union([Type.Literal('app-token'), Type.Literal('participant-token')]),
        token: Type.Optional(text(8192)),
        appId: Type.Optional(Type.Integer({ minimum: 0, maximum: 0xffff_ffff })),
        environment: Type.Optional(Type.Union([Type.Literal('production'), Type.Literal('test')])),
      },
      closed,
    ),
    /** A random text per SDK instance: logins of one instance to several rooms do not replace each other. */
    clientId: Type.String({ minLength: 1, maxLength: 64 }),
    /** With scheme `app-token`. */
    roomId: Type.Optional(text(1024)),
    userId: Type.Optional(text(1024)),
    userName: Type.Optional(text(1024)),
    /** The room's maximum number of members, set by its first login; 0 or absent: no maximum (ROOM-7). */
    maxMemberCount: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000_000 })),
    /** Whether the server sends `memberJoined` and `memberLeft` of other members to this client; default false. */
    members: Type.Optional(Type.Boolean()),
    /** Passed to the App's backend in the callback of this login: at most 128 bytes. */
    callbackData: Type.Optional(text(1024)),
    /**
     * A random id of this login attempt; the client repeats it if no answer came (KICK-12). A retry is refused if the attempt
     * was admitted and its member was permanently removed.
     */
    attempt: Type.Optional(
      Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }), isRetry: Type.Boolean() }, closed),
    ),
  },
  closed,
);

const { credential, roomId, userId, userName } = login.properties;
const identify = Type.Object({ credential, roomId, userId, userName }, closed);

const resume = Type.Object(
  {
    ticket: Type.String({ minLength: 1, maxLength: 2048 }),
    /** The last `seq` the client has seen. */
    lastSeq: Type.Integer({ minimum: 0 }),
  },
  closed,
);

/** The sections of the offer that carry a stream, by kind. */
const mids = Type.Object(
  {
    audio: Type.Optional(Type.String({ minLength: 1, maxLength: 32 })),
    video: Type.Optional(Type.String({ minLength: 1, maxLength: 32 })),
  },
  closed,
);

/** What a member wants of the video of a stream that it plays. */
const preferences = {
  /** The highest layer to be sent, from 0; absent: no maximum. */
  maxLayer: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 })),
  /** The height in which the video is shown, in pixels; 0: no video is sent; absent: as large as there is. */
  height: Type.Optional(Type.Integer({ minimum: 0, maximum: 16_384 })),
  /** Videos with a higher priority are sent first if there is too little bandwidth; default 0. */
  priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 9 })),
};

const negotiate = Type.Object(
  {
    /** For the one peer connection of this member. */
    offer: sdp,
    /** All streams that the member publishes from now on. */
    publish: Type.Array(
      Type.Object(
        {
          streamId: text(1024),
          mids,
          /** Whether an earlier answer agreed to it: if it has ended meanwhile, it is refused (STRM-3). Default false. */
          ongoing: Type.Optional(Type.Boolean()),
          /** The source of the stream, which cannot change later; default `camera`. */
          source: Type.Optional(Type.Union([Type.Literal('camera'), Type.Literal('screen')])),
          extraInfo: Type.Optional(text(4096)),
          /** Whether audio and video are on now; default true. */
          audio: Type.Optional(Type.Boolean()),
          video: Type.Optional(Type.Boolean()),
        },
        closed,
      ),
      { maxItems: 100 },
    ),
    /** All streams that the member plays from now on. */
    play: Type.Array(Type.Object({ streamId: text(1024), mids, ...preferences }, closed), { maxItems: 1000 }),
  },
  closed,
);

const updatePlay = Type.Object({ streamId: text(1024), ...preferences }, closed);

const watchSoundLevels = Type.Object(
  {
    /** The least time between two reports, in milliseconds; absent: no more reports. */
    intervalMs: Type.Optional(Type.Integer({ minimum: 200, maximum: 60_000 })),
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
    /** With kind `command` or `chat`: the recipients; absent: everybody in the room. */
    to: Type.Optional(Type.Array(text(1024), { maxItems: 500 })),
    /** With kind `chat`: what the message consists of besides its text. */
    content: Type.Optional(newContent),
  },
  closed,
);

const rename = Type.Object({ name: Type.String({ minLength: 1, maxLength: 1024 }) }, closed);

const sendCustom = Type.Object(
  {
    /** The type, chosen by the application: 1 to 64 bytes. */
    type: Type.String({ minLength: 1, maxLength: 1024 }),
    /** At most 8,192 bytes as JSON. */
    payload: Type.Record(Type.String(), Type.Unknown()),
    /** The recipients; with `toProfile`, those that either selects. If both are absent: everybody else in the room. */
    to: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { minItems: 1, maxItems: 500 })),
    /** Selects the members whose profile has one of the values under the key. */
    toProfile: Type.Optional(
      Type.Object({ key: text(64), values: Type.Array(text(1024), { minItems: 1, maxItems: 100 }) }, closed),
    ),
  },
  closed,
);

const chatHistory = Type.Object(
  {
    /** Selects the private messages between the caller and this user; absent: the public messages. */
    userId: Type.Optional(text(1024)),
    direction: Type.Union([Type.Literal('before'), Type.Literal('after')]),
    /** Milliseconds since the Unix epoch; absent: `before` starts at the newest message, `after` at the oldest. */
    timeMs: Type.Optional(Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    limit: Type.Integer({ minimum: 1, maximum: 100 }),
    /** Selects pinned messages only; default false. */
    pinned: Type.Optional(Type.Boolean()),
  },
  closed,
);

/** The parameters of each method, as schemas. */
export const METHODS = {
  /** Tells whom a login with these parameters would log in; allowed before `login` only, as often as the client likes. */
  identify,
  /** Returns who is in the room of a login with these parameters; allowed as `identify` is. */
  preview: identify,
  /** Logs in to a room; `login` or `resume` is the first request on a connection. */
  login,
  /** Attaches a new connection to a member whose connection was lost. */
  resume,
  /** Leaves the room. */
  logout: none,
  /** Keeps the member alive; every other request does so too. */
  heartbeat: none,
  /** Returns the whole state of the room; used after a gap in `seq`. */
  snapshot: none,
  /** Sets what the member publishes and plays over its peer connection (CONN-1); what is not listed ends. */
  negotiate,
  /** Ends a stream of the member at once, without an offer; its sections are free for the next offer. */
  unpublish: streamOnly,
  /** Changes the announced properties of one's own stream. */
  updateStream,
  /** Stops playing a stream at once, without an offer; its sections are free for the next offer. */
  stop: streamOnly,
  /** Changes what the member wants of the video of a stream that it plays (SIM-1, BWE-2). */
  updatePlay,
  /** Asks for `soundLevels` at an interval, or for no more of them. */
  watchSoundLevels,
  /** Sets the room's info, for everybody in it. */
  setRoomInfo,
  /** Sends a message to the room or to the named users. */
  send,
  /** Reads the chat messages of this life of the room that are kept (CHAT-4). */
  chatHistory,
  /** Reserves a file, which is then uploaded by HTTP and sent in a chat message (CHAT-8). */
  createUpload,
  /** Changes one's own name, for everybody in the room; requires the permission. */
  rename,
  /** Sends a message of the application's own type to other members. */
  sendCustom,
  /** Edits, deletes, pins or unpins a chat message of this life of the room. */
  changeMessage,
  /** Requests access to the stage, cancels the request, joins the stage, or leaves it (STAGE-2). */
  changeStage: Type.Object(
    {
      action: Type.Union([
        Type.Literal('request'),
        Type.Literal('cancel'),
        Type.Literal('join'),
        Type.Literal('leave'),
      ]),
    },
    closed,
  ),
  /** Moderates other members; requires the permission. */
  moderate,
  /** Creates a poll; requires the permission. */
  createPoll,
  /** Votes in a poll; a vote cannot be changed. Requires the permission. */
  vote,
  /** Opens stores: this member receives their content and every later change. Opening again sends the content again. */
  openStores,
  /** Changes keys of a store, all or none; a `merge` extends the value that the server has (STORE-2). */
  changeStore,
  /** Replaces the token before it expires. */
  renewToken: Type.Object({ token: Type.String({ minLength: 1, maxLength: 8192 }) }, closed),
  /** Returns the ICE servers with new credentials; used before the previous ones expire. */
  iceServers: none,
} as const satisfies Record<keyof MethodParams, TSchema>;

/** A method of the signalling door. */
export type Method = keyof MethodParams;
/** The parameters of a method. */
export type Params<M extends Method> = MethodParams[M];

type SchemaParams<M extends Method> = Static<(typeof METHODS)[M]>;
type Differs<A, B> = [A] extends [B] ? ([B] extends [A] ? never : 'differs') : 'differs';
type NoneOf<T extends never> = T;
/** Compiles only if every schema matches the parameters that `params.ts` declares; otherwise the error names the method. */
export type SchemasAgree = NoneOf<
  { [M in Method]: [Differs<SchemaParams<M>, Params<M>>] extends [never] ? never : M }[Method]
>;

/** The schema of a request; its parameters are validated separately. */
export const REQUEST_FRAME = Type.Object(
  {
    id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    method: Type.String({ maxLength: 64 }),
    params: Type.Optional(Type.Unknown()),
  },
  closed,
);

/** The answer to `identify`: the part of a login's answer that does not depend on the room's state. */
export interface IdentifyResult {
  readonly roomId: string;
  readonly user: WireUser;
  readonly profile?: WireProfile;
  readonly permissions: WirePermissions;
  /** Further data of this client's dialect, for this client only. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** The session of this login, if its dialect has sessions: it may be older than this life of the room. */
  readonly session?: { readonly id: string; readonly startedAtMs: number };
  /** Milliseconds since the Unix epoch; absent if no token was used. */
  readonly tokenExpiresAtMs?: number;
  readonly serverTimeMs: number;
}

/** The answer to `login`. */
export interface LoginResult extends IdentifyResult {
  readonly memberId: string;
  /** Identifies this life of the room: the decimal digits of a uint64. */
  readonly epoch: string;
  /** Resumes this member on a new connection; after the member's end, the refusal of `resume` has the cause. */
  readonly ticket: string;
  readonly heartbeatIntervalMs: number;
  /** A member whose client sends nothing for this time is removed. */
  readonly heartbeatTimeoutMs: number;
  readonly room: WireSnapshot;
  /** The waiting room, in the order of the requests; absent if this member may not admit users. */
  readonly waitingList?: readonly WireWaiting[];
  /** STUN and TURN servers for this login; absent if the App has none (ICE-1). */
  readonly ice?: WireIce;
}

/** The answer to `login` if the client is in the waiting room: `admitted`, `refused` or `removed` follows. */
export interface WaitingResult {
  readonly waiting: WireWaiting;
  /** Shown by `resume` after a lost connection: its refusal says whether the client may ask again (KICK-12). */
  readonly ticket: string;
  readonly heartbeatIntervalMs: number;
  /** A wait whose client sends nothing for this time ends. */
  readonly heartbeatTimeoutMs: number;
  readonly serverTimeMs: number;
}

/** The answer to `resume`: the missed events, or the whole state if they are no longer kept. */
export interface ResumeResult {
  readonly events?: readonly (RoomEventFrame | MediaClosedFrame | PublishEndedFrame)[];
  readonly room?: WireSnapshot;
  /** As in the answer to `login`. */
  readonly waitingList?: readonly WireWaiting[];
  /** As in the answer to `login`, with new credentials. */
  readonly ice?: WireIce;
  readonly serverTimeMs: number;
}

/** The result of one stream of a `negotiate`: what was agreed, or why it was refused. */
export type NegotiatedItem =
  | {
      readonly streamId: string;
      /** Whether audio was negotiated, and is on. */
      readonly audio: boolean;
      readonly video: boolean;
      /** Requested kinds that are refused because there is no common codec (MED-8); absent if there are none. */
      readonly unsupported?: readonly ('audio' | 'video')[];
    }
  | { readonly streamId: string; readonly error: WireError };

/** The answer to `negotiate`: a refused stream does not affect the others (CONN-2). */
export interface NegotiateResult {
  /** SDP. */
  readonly answer: string;
  /** In the order of the request. */
  readonly publish: readonly NegotiatedItem[];
  /** In the order of the request. */
  readonly play: readonly NegotiatedItem[];
}

/** The answer to `createUpload`: parts of the file are sent by `PUT /files/<fileId>?offset=<bytes so far>`. */
export interface UploadResult {
  readonly fileId: string;
  /** The Bearer token of the upload, for this file alone. */
  readonly uploadToken: string;
  /** Largest part, in bytes. */
  readonly maxPartBytes: number;
}

/** The results of each method. */
export interface Results {
  identify: IdentifyResult;
  /** Empty if the login would not receive the members, or would wait. */
  preview: { readonly members: readonly WireMember[] };
  login: LoginResult | WaitingResult;
  resume: ResumeResult;
  logout: Record<string, never>;
  heartbeat: { readonly serverTimeMs: number; readonly memberCount?: number };
  snapshot: WireSnapshot;
  negotiate: NegotiateResult;
  unpublish: Record<string, never>;
  updateStream: Record<string, never>;
  stop: Record<string, never>;
  updatePlay: Record<string, never>;
  watchSoundLevels: Record<string, never>;
  setRoomInfo: Record<string, never>;
  send: { readonly messageId: number; readonly absent?: readonly string[] };
  /** Oldest first. */
  chatHistory: { readonly messages: readonly WireChatMessage[] };
  createUpload: UploadResult;
  rename: Record<string, never>;
  sendCustom: Record<string, never>;
  changeMessage: Record<string, never>;
  changeStage: Record<string, never>;
  moderate: Record<string, never>;
  createPoll: { readonly pollId: string };
  vote: Record<string, never>;
  openStores: Record<string, never>;
  changeStore: Record<string, never>;
  renewToken: { readonly tokenExpiresAtMs?: number };
  iceServers: { readonly ice?: WireIce };
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

/** An event of the room: `seq` increases, with gaps for events that are not sent to this client. */
export type RoomEventFrame =
  | {
      readonly event: 'memberJoined';
      readonly seq: number;
      /** Version of the member list; it increases by 1 with every change. */
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
      /** Version of the stream list; it increases by 1 with every change. */
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
  /** A member's name or pin has changed; also sent to the member itself. */
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
  /** This member's permissions have changed; `polls` are the polls that it may see now, if that changed. */
  | {
      readonly event: 'permissions';
      readonly seq: number;
      readonly permissions: WirePermissions;
      readonly polls?: readonly WirePoll[];
    }
  | PollEventFrame
  | StoreEventFrame
  | ChatEventFrame
  | { readonly event: 'roomInfo'; readonly seq: number; readonly info: WireRoomInfo }
  | {
      readonly event: 'message';
      readonly seq: number;
      readonly kind: MessageKind;
      readonly messageId: number;
      readonly from: WireUser;
      readonly text: string;
      /** Of kind `chat`. */
      readonly content?: WireContent;
      readonly sentAtMs: number;
      /** Of kind `chat`: the recipients besides the sender; absent: everybody. */
      readonly to?: readonly string[];
    };

/** An event for one client; it has no `seq`. */
export type PersonalEventFrame =
  /** Admitted from the waiting room: `login` has what the login would have answered. */
  | { readonly event: 'admitted'; readonly login: LoginResult }
  /** Rejected in the waiting room; the server closes the connection right after. */
  | { readonly event: 'refused'; readonly error: WireError }
  /** A user has entered the waiting room; sent to members who may admit users. */
  | { readonly event: 'waitingAdded'; readonly waiting: WireWaiting }
  /** A user has left the waiting room, for whatever reason. */
  | { readonly event: 'waitingRemoved'; readonly memberId: string }
  /** The member was removed; the server closes the connection right after. */
  | { readonly event: 'removed'; readonly cause: MemberCause; readonly reason: string }
  /** The peer connection has ended at the server: the client negotiates with a new one (MED-3). */
  | { readonly event: 'mediaLost' }
  /** These streams are not sent any longer, such as because their codec changed: the client negotiates again. */
  | { readonly event: 'playLost'; readonly streamIds: readonly string[] }
  /**
   * A stream was removed in this user's own name (STRM-2): the client drops it from its list without an event, and
   * stops its media (STRM-3). It replaces `streamRemoved`, and carries its `streamSeq`.
   */
  | {
      readonly event: 'mediaClosed';
      readonly streamId: string;
      readonly cause: StreamCause;
      readonly streamSeq: number;
    }
  /** An own publish has ended before its stream was announced, for another cause than `unpublish`. */
  | { readonly event: 'publishEnded'; readonly streamId: string; readonly cause: StreamCause }
  /** The server pauses the video of a played stream for want of bandwidth, or sends it again (BWE-2). */
  | { readonly event: 'videoPaused'; readonly streamId: string; readonly isPaused: boolean }
  /** What the viewers of an own stream take of its video: the publisher sends no more than that (BWE-4). */
  | ({ readonly event: 'demandChanged'; readonly streamId: string } & WireDemand)
  /** Viewers of an own stream support none of the codecs of these kinds (MED-8). Sent once for each kind. */
  | {
      readonly event: 'viewerUnsupported';
      readonly streamId: string;
      readonly kinds: readonly ('audio' | 'video')[];
    }
  /**
   * Another stream is the one whose sound is the loudest (SPK-1); absent: none, because the last one has ended or is muted.
   * Also sent to a member that joins or resumes.
   */
  | ({ readonly event: 'activeSpeaker' } & Partial<WireSoundLevel>)
  /** The streams that can be heard, the loudest first, at most 50; a stream that is not listed is silent (SPK-2). */
  | { readonly event: 'soundLevels'; readonly levels: readonly WireSoundLevel[] }
  /** The server is stopping; it closes the connection right after. */
  | { readonly event: 'goingAway' };

/** The personal event that may be in the answer to `resume` if the publish ended while the member was disconnected. */
export type PublishEndedFrame = Extract<PersonalEventFrame, { readonly event: 'publishEnded' }>;
/** The personal event that may replace a room event in the answer to `resume`. */
export type MediaClosedFrame = Extract<PersonalEventFrame, { readonly event: 'mediaClosed' }>;

/** Every event that the server sends. */
export type EventFrame = RoomEventFrame | PersonalEventFrame;
/** Every frame that the server sends. */
export type ServerFrame = ResponseFrame | EventFrame;
