/**
 * The parameter and result types of this dialect's calls (reference zego 4.1-4.4).
 *
 * @module
 */

import type { Environment } from '@gavel/protocol/ids';
import type { Platform } from '../core/platform.ts';

/** A user of a room. */
export interface ZegoUser {
  readonly userID: string;
  /** Default: the user id. */
  readonly userName?: string;
}

/** A user in events. */
export interface ZegoUserInfo {
  readonly userID: string;
  readonly userName: string;
}

/** The settings of a login. */
export interface ZegoRoomConfig {
  /** Whether `roomUserUpdate` is wanted; default false. */
  readonly userUpdate?: boolean;
  /** The maximum number of members; the room's first login sets it; 0 means no limit. */
  readonly maxMemberCount?: number;
}

/** The outcome of a call; 0 is success. */
export interface ZegoServerResponse {
  readonly errorCode: number;
  readonly extendedData?: string;
}

/** A stream of a room in events; the lists of addresses exist for compatibility and are empty. */
export interface ZegoStreamList {
  readonly streamID: string;
  readonly user: ZegoUserInfo;
  readonly extraInfo: string;
  readonly urlsFLV: string;
  readonly urlsRTMP: string;
  readonly urlsHLS: string;
  readonly urlsHttpsFLV: string;
  readonly urlsHttpsHLS: string;
}

/** The coarse state of a room, of the older event. */
export type ZegoRoomState = 'DISCONNECTED' | 'CONNECTING' | 'CONNECTED';

/** Why a room's state changed (reference zego 4.5). */
export type ZegoRoomStateReason =
  | 'LOGINING'
  | 'LOGINED'
  | 'LOGIN_FAILED'
  | 'RECONNECTING'
  | 'RECONNECTED'
  | 'RECONNECT_FAILED'
  | 'KICKOUT'
  | 'LOGOUT';

/** The state of an own stream. */
export interface ZegoPublisherState {
  readonly streamID: string;
  readonly state: 'PUBLISHING' | 'NO_PUBLISH' | 'PUBLISH_REQUESTING';
  readonly errorCode: number;
  readonly extendedData: string;
}

/** The state of a played stream. */
export interface ZegoPlayerState {
  readonly streamID: string;
  readonly state: 'PLAYING' | 'NO_PLAY' | 'PLAY_REQUESTING';
  readonly errorCode: number;
  readonly extendedData: string;
}

/**
 * How to publish. The members from `streamParams` on are there for the vendor's callers, have no effect, and are named by a
 * warning.
 */
export interface ZegoPublishOptions {
  /** At most 1,024 bytes. */
  readonly extraInfo?: string;
  /** Default VP8; H265 is not forwarded, and replaced by the default. */
  readonly videoCodec?: 'VP8' | 'H264' | 'H265';
  /** The room to publish to, if there are several; default the first. */
  readonly roomID?: string;
  /** Whether `sendSEI` is used for this stream. */
  readonly isSEIStart?: boolean;
  /** 0, the default, for data of any form; 1 for data that begins with a UUID of 16 bytes. */
  readonly SEIType?: number;
  readonly streamParams?: string;
  readonly enableDTX?: boolean;
  readonly inspectFlag?: number;
  readonly trafficControlFocusOnMode?: number;
  readonly trafficControlMinVideoBitrate?: number;
  readonly trafficControlMinVideoMode?: number;
  readonly enableTrafficControl?: boolean;
  readonly enableAutoSwitchVideoCodec?: boolean;
  readonly forceSynchronousNetworkTime?: 0 | 1;
}

/**
 * How to play. The members from `streamParams` on are there for the vendor's callers, have no effect, and are named by a
 * warning.
 */
export interface ZegoPlayOptions {
  /** Default true. */
  readonly audio?: boolean;
  /** Default true. */
  readonly video?: boolean;
  /** How long media is buffered before it is played, in milliseconds, at most 4,000; not with `enableLowLatency`. */
  readonly jitterBufferTarget?: number;
  /** The older form of `jitterBufferTarget`, in seconds. */
  readonly playoutDelayHint?: number;
  readonly enableLowLatency?: boolean;
  /** Whether `playerRecvSEI` is wanted for this stream. */
  readonly isSEIStart?: boolean;
  readonly streamParams?: string;
  readonly resourceMode?: 0 | 1 | 2 | 5;
  readonly streamType?: 0 | 1 | 2;
  readonly CDNPlayer?: unknown;
  readonly CDNVideo?: HTMLVideoElement;
  readonly customResourceConfig?: object;
  readonly codecTemplateID?: number;
  readonly adaptiveSwitch?: boolean;
  readonly adaptiveTemplateIDList?: number[];
  readonly transcodeOnDecodeFail?: boolean;
  readonly posterType?: 0 | 1 | 2;
}

/** A TURN server of the application's own. */
export interface ZegoTurnServer {
  readonly url: string;
  readonly username: string;
  readonly credential: string;
}

/** The settings of an engine beside its App and server. */
export interface ZegoEngineOptions {
  /** Accepted for compatibility; has no effect. */
  readonly scenario?: number;
  /** Which of the App's two environments to log in to; default: the server's choice. */
  readonly environment?: Environment;
  /** Delay before RECONNECTING is emitted, in milliseconds; a shorter outage is not reported. Default 8,000. */
  readonly reconnectingDelayMs?: number;
  /** How long to try to re-establish a lost connection, in milliseconds; default 300,000. */
  readonly roomRetryTimeMs?: number;
  readonly iceServers?: readonly RTCIceServer[];
  /** `relay` sends and receives media through TURN servers only; default `all`. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy;
  /** Replaces browser APIs in tests and other runtimes. */
  readonly platform?: Partial<Platform>;
}

/** The room's info, as last set. */
export interface ZegoRoomExtraInfo {
  readonly key: string;
  readonly value: string;
  readonly updateUser: ZegoUserInfo;
  /** Milliseconds since the Unix epoch. */
  readonly updateTime: number;
}
