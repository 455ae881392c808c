/**
 * The parameters of each method, as types. `messages.ts` has the schemas that the server checks them against; the
 * compiler checks that the two agree. The types stand alone so that the client's declarations need no schema library.
 *
 * @module
 */

/** The parameters of `login`. */
export interface LoginParams {
  /** Authenticates the client; each scheme belongs to one door (`docs/reference/signalling.md`). */
  readonly credential: {
    readonly scheme: 'app-token' | 'participant-token';
    readonly token?: string;
    /** With scheme `app-token`. */
    readonly appId?: number;
    /** With scheme `app-token`; default: the server's choice. */
    readonly environment?: 'production' | 'test';
  };
  /** A random text per SDK instance: logins of one instance to several rooms do not replace each other. */
  readonly clientId: string;
  /** With scheme `app-token`. */
  readonly roomId?: string;
  /** With scheme `app-token`. */
  readonly userId?: string;
  readonly userName?: string;
  /** The room's maximum number of members, set by its first login; 0 or absent: no maximum (ROOM-7). */
  readonly maxMemberCount?: number;
  /** Whether the server sends `memberJoined` and `memberLeft` of other members to this client; default false. */
  readonly members?: boolean;
  /** Passed to the App's backend in the callback of this login: at most 128 bytes. */
  readonly callbackData?: string;
  /**
   * A random name of this login attempt, the same when it is sent again because no answer came (KICK-12): a retry is
   * refused if the attempt had been admitted and its member was removed for good.
   */
  readonly attempt?: { readonly id: string; readonly isRetry: boolean };
}

/** The parameters of `identify` and `preview`: those of a `login` that say who would log in. */
export type IdentifyParams = Pick<LoginParams, 'credential' | 'roomId' | 'userId' | 'userName'>;

/** The parameters of `resume`. */
export interface ResumeParams {
  readonly ticket: string;
  /** The last `seq` that the client has seen. */
  readonly lastSeq: number;
}

/** The sections of an offer that carry a stream, by kind: values of `mid`. */
export interface StreamMids {
  readonly audio?: string;
  readonly video?: string;
}

/** A stream that a member publishes, in `negotiate`. */
export interface PublishParams {
  readonly streamId: string;
  /** Sections of the direction `sendonly` or `sendrecv`. */
  readonly mids: StreamMids;
  /**
   * Whether an earlier answer agreed to it. If it has ended meanwhile, such as by DeleteStream, it is refused with
   * `stream.not-found` and not published anew: the client has not received the event about its end yet (STRM-3).
   * Default false: the stream is published anew if it has ended.
   */
  readonly ongoing?: boolean;
  /** The source of the stream, which cannot change later; default `camera`. */
  readonly source?: 'camera' | 'screen';
  readonly extraInfo?: string;
  /** Whether audio is on now; default true. */
  readonly audio?: boolean;
  /** Whether video is on now; default true. */
  readonly video?: boolean;
}

/** What a member wants of the video of a stream that it plays. */
export interface VideoPreferences {
  /** The highest layer to be sent, from 0; absent: no maximum. */
  readonly maxLayer?: number;
  /** The height in which the video is shown, in pixels; 0: no video is sent; absent: as large as there is. */
  readonly height?: number;
  /** From 0, the default, to 9: videos with a higher priority are sent first if there is too little bandwidth. */
  readonly priority?: number;
}

/** A stream that a member plays, in `negotiate`. */
export interface PlayParams extends VideoPreferences {
  readonly streamId: string;
  /** Sections of the direction `recvonly` or `sendrecv`. */
  readonly mids: StreamMids;
}

/** The parameters of `negotiate`. The lists are complete: what is not listed ends. */
export interface NegotiateParams {
  /** SDP for the one peer connection of the member. */
  readonly offer: string;
  readonly publish: PublishParams[];
  readonly play: PlayParams[];
}

/** The parameters of `updatePlay`; absent preferences have their defaults. */
export type UpdatePlayParams = Omit<PlayParams, 'mids'>;

/** The parameters of `watchSoundLevels`. */
export interface WatchSoundLevelsParams {
  /** The least time between two reports, in milliseconds, from 200; absent: no more reports. */
  readonly intervalMs?: number;
}

/** The parameters of `updateStream`; absent fields stay as they are. */
export interface UpdateStreamParams {
  readonly streamId: string;
  readonly extraInfo?: string;
  readonly audio?: boolean;
  readonly video?: boolean;
}

/** The parameters of methods about one stream. */
export interface StreamParams {
  readonly streamId: string;
}

/** The parameters of `setRoomInfo`. */
export interface RoomInfoParams {
  readonly key: string;
  readonly value: string;
}

/** The parameters of `send`. */
export interface SendParams {
  readonly kind: 'broadcast' | 'barrage' | 'command' | 'chat';
  readonly text: string;
  /** With kind `command` or `chat`: the recipients; absent: everybody in the room. */
  readonly to?: string[];
  /** With kind `chat`; the text is for clients that cannot show it. */
  readonly content?: NewContent;
}

/** The content of a chat message besides its text, as its sender gives it. */
export type NewContent =
  | { readonly type: 'image' | 'file'; readonly fileId: string }
  | {
      readonly type: 'custom';
      /** Of the application's own shape: at most 8,192 bytes as JSON. */
      readonly payload: Record<string, unknown>;
      /** At most 10. */
      readonly fileIds?: string[];
    };

/** The parameters of `createUpload`. */
export interface CreateUploadParams {
  /** 1 to 255 bytes. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** The parameters of `sendCustom`. */
export interface CustomParams {
  /** The type, chosen by the application: 1 to 64 bytes. */
  readonly type: string;
  /** At most 8,192 bytes as JSON. */
  readonly payload: Record<string, unknown>;
  /** The recipients; with `toProfile`, those that either selects. If both are absent: everybody else in the room. */
  readonly to?: string[];
  /** Selects the members whose profile has one of the values under the key. */
  readonly toProfile?: { readonly key: string; readonly values: string[] };
}

/** The parameters of `chatHistory`. */
export interface ChatHistoryParams {
  /** Selects the private messages between the caller and this user; absent: the public messages. */
  readonly userId?: string;
  readonly direction: 'before' | 'after';
  /** Milliseconds since the Unix epoch; absent: `before` starts at the newest message, `after` at the oldest. */
  readonly timeMs?: number;
  /** From 1 to 100. */
  readonly limit: number;
  /** Selects pinned messages only; default false. */
  readonly pinned?: boolean;
}

/** The parameters of `changeMessage`, by action. */
export type ChangeMessageParams =
  | { readonly action: 'edit'; readonly messageId: number; readonly text: string; readonly content?: NewContent }
  | { readonly action: 'delete' | 'pin' | 'unpin'; readonly messageId: number };

/** A change of a member's poll permissions; absent fields stay as they are. */
export interface PollRightsChange {
  readonly create?: boolean;
  readonly vote?: boolean;
  readonly view?: boolean;
}

/** A change of a member's permissions; absent fields stay as they are. */
export interface PermissionsChange {
  readonly publishAudio?: boolean;
  readonly publishVideo?: boolean;
  readonly publishScreen?: boolean;
  readonly chat?: {
    readonly sendPublic?: boolean;
    readonly sendPrivate?: boolean;
    readonly receivePrivate?: boolean;
    readonly publicText?: boolean;
    readonly privateText?: boolean;
    readonly publicFiles?: boolean;
    readonly privateFiles?: boolean;
  };
  readonly polls?: PollRightsChange;
}

/** The parameters of `moderate`, by action. */
export type ModerateParams =
  | { readonly action: 'kick'; readonly memberId: string }
  | { readonly action: 'setPermissions'; readonly memberIds: string[]; readonly changes: PermissionsChange }
  | { readonly action: 'pin'; readonly memberId: string; readonly pinned: boolean }
  | { readonly action: 'accept' | 'reject'; readonly memberIds: string[] }
  | { readonly action: 'grantStage' | 'denyStage' | 'removeFromStage'; readonly userIds: string[] }
  | { readonly action: 'kickAll' }
  | {
      readonly action: 'mute';
      /** Absent: everybody else. */
      readonly memberId?: string;
      readonly kinds: ('audio' | 'video' | 'screen')[];
      /** Whether those muted may unmute themselves; default true. */
      readonly allowUnmute?: boolean;
    };

/** The parameters of `createPoll`. */
export interface CreatePollParams {
  readonly question: string;
  readonly options: string[];
  /** Whether the voters' names are hidden from everybody; default false. */
  readonly anonymous?: boolean;
  /** Whether only users who have voted, and the poll's creator, see the votes; default false. */
  readonly hideVotes?: boolean;
}

/** The parameters of `vote`. */
export interface VoteParams {
  readonly pollId: string;
  /** The index of the option, from 0. */
  readonly option: number;
}

/** The parameters of `openStores`. */
export interface OpenStoresParams {
  readonly names: string[];
}

/** One step of a change of a store. */
export type StoreStep =
  /** `merge` extends an array by an array and an object by an object; any other value is replaced. */
  | { readonly action: 'set' | 'merge'; readonly key: string; readonly value: unknown }
  | { readonly action: 'delete'; readonly key: string };

/** The parameters of `changeStore`. */
export interface ChangeStoreParams {
  readonly name: string;
  /** 1 to 200 steps, which take effect together. */
  readonly steps: StoreStep[];
}

/** No parameters. */
export type NoParams = Record<never, never>;

/** The parameters of every method. */
export interface MethodParams {
  readonly identify: IdentifyParams;
  readonly preview: IdentifyParams;
  readonly login: LoginParams;
  readonly resume: ResumeParams;
  readonly logout: NoParams;
  readonly heartbeat: NoParams;
  readonly snapshot: NoParams;
  readonly negotiate: NegotiateParams;
  readonly unpublish: StreamParams;
  readonly updateStream: UpdateStreamParams;
  readonly stop: StreamParams;
  readonly updatePlay: UpdatePlayParams;
  readonly watchSoundLevels: WatchSoundLevelsParams;
  readonly setRoomInfo: RoomInfoParams;
  readonly send: SendParams;
  readonly chatHistory: ChatHistoryParams;
  readonly createUpload: CreateUploadParams;
  readonly rename: { readonly name: string };
  readonly sendCustom: CustomParams;
  readonly changeMessage: ChangeMessageParams;
  readonly changeStage: { readonly action: 'request' | 'cancel' | 'join' | 'leave' };
  readonly moderate: ModerateParams;
  readonly createPoll: CreatePollParams;
  readonly vote: VoteParams;
  readonly openStores: OpenStoresParams;
  readonly changeStore: ChangeStoreParams;
  readonly renewToken: { readonly token: string };
  readonly iceServers: NoParams;
}
