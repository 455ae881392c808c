/**
 * The events of this dialect, with the arguments of each (reference zego 4.4).
 *
 * @module
 */

import type { ZegoPlayStats, ZegoPublishStats, ZegoQualityGrade } from './quality.ts';
import type {
  ZegoPlayerState,
  ZegoPublisherState,
  ZegoRoomExtraInfo,
  ZegoRoomState,
  ZegoRoomStateReason,
  ZegoStreamList,
  ZegoUserInfo,
} from './types.ts';

/** A broadcast message. */
export interface ZegoBroadcastMessageInfo {
  readonly fromUser: ZegoUserInfo;
  readonly message: string;
  /** Milliseconds since the Unix epoch. */
  readonly sendTime: number;
  readonly messageID: number;
}

/** A barrage message; its id is a string. */
export interface ZegoBarrageMessageInfo extends Omit<ZegoBroadcastMessageInfo, 'messageID'> {
  readonly messageID: string;
}

/** A changed extra info of a stream. */
export interface ZegoStreamExtraInfo {
  readonly streamID: string;
  readonly user: ZegoUserInfo;
  readonly extraInfo: string;
}

/** The level of a stream's sound. */
export interface ZegoSoundLevelInfo {
  readonly streamID: string;
  /** From 0 to 100. */
  readonly soundLevel: number;
  /** `push` for an own stream, `pull` for a played one. */
  readonly type: 'push' | 'pull';
}

/** A device in an event. */
export interface ZegoDeviceChange {
  readonly deviceName: string;
  readonly deviceID: string;
}

/** A message with binary content. */
export interface ZegoRoomRecvTransparentMessage {
  readonly sendUser: ZegoUserInfo;
  readonly content: Uint8Array;
}

/** Where a mixed stream is relayed to. */
export interface ZegoStreamRelayCDNInfo {
  readonly url: string;
  readonly state: 'NO_RELAY' | 'RELAY_REQUESTING' | 'RELAYING';
  readonly updateReason: string;
  readonly stateTime: number;
}

/** The events of a `ZegoExpressEngine`. */
export interface ZegoEvents {
  /** The older of the two events for a room's state; fires just before the other. */
  roomStateUpdate: [roomID: string, state: ZegoRoomState, errorCode: number, extendedData: string];
  roomStateChanged: [roomID: string, reason: ZegoRoomStateReason, errorCode: number, extendedData: string];
  /** Only after a login with `userUpdate`; without the own user. */
  roomUserUpdate: [roomID: string, updateType: 'ADD' | 'DELETE', userList: ZegoUserInfo[]];
  /** After the login and every 30 s. */
  roomOnlineUserCountUpdate: [roomID: string, count: number];
  /** Another user set the room's info, or it existed at the login. */
  roomExtraInfoUpdate: [roomID: string, roomExtraInfoList: ZegoRoomExtraInfo[]];
  /** `extendedData` is empty with ADD; with DELETE it is JSON with `stream_delete_reason`. */
  roomStreamUpdate: [roomID: string, updateType: 'ADD' | 'DELETE', streamList: ZegoStreamList[], extendedData: string];
  streamExtraInfoUpdate: [roomID: string, streamList: ZegoStreamExtraInfo[]];
  publisherStateUpdate: [result: ZegoPublisherState];
  playerStateUpdate: [result: ZegoPlayerState];
  /** Every 3 s while publishing. */
  publishQualityUpdate: [streamID: string, stats: ZegoPublishStats];
  /** Every 3 s while playing. */
  playQualityUpdate: [streamID: string, stats: ZegoPlayStats];
  IMRecvBroadcastMessage: [roomID: string, chatData: ZegoBroadcastMessageInfo[]];
  IMRecvBarrageMessage: [roomID: string, chatData: ZegoBarrageMessageInfo[]];
  IMRecvCustomCommand: [roomID: string, fromUser: ZegoUserInfo, command: string];
  /** 30 s before the token expires: call `renewToken`. */
  tokenWillExpire: [roomID: string];
  /** A microphone or camera in use was lost, or its permission revoked; the other users see it as off (PRIV-2). */
  deviceError: [errorCode: number, deviceName: string];
  /** The browser's own button ended screen sharing. */
  screenSharingEnded: [stream: MediaStream];
  remoteCameraStatusUpdate: [streamID: string, status: 'OPEN' | 'MUTE'];
  remoteMicStatusUpdate: [streamID: string, status: 'OPEN' | 'MUTE'];
  /** The sound of all streams as the server hears it, after `setSoundLevelDelegate`. */
  soundLevelUpdate: [soundLevelList: ZegoSoundLevelInfo[]];
  /** The own sound, after `setSoundLevelDelegate`; from 0 to 100. */
  capturedSoundLevelUpdate: [soundLevel: number];
  videoDeviceStateChanged: [updateType: 'ADD' | 'DELETE', deviceInfo: ZegoDeviceChange];
  audioDeviceStateChanged: [updateType: 'ADD' | 'DELETE', deviceType: 'Input' | 'Output', deviceInfo: ZegoDeviceChange];
  /** An SEI message in a frame of a stream that is played with `isSEIStart`. */
  playerRecvSEI: [streamID: string, data: Uint8Array];
  /** A played stream has a track of the kind, or another than before. */
  playerVideoTrackUpdate: [streamID: string, track: MediaStreamTrack];
  playerAudioTrackUpdate: [streamID: string, track: MediaStreamTrack];
  /** The own network, every 3 s while publishing or playing; the user id is empty. */
  networkQuality: [userID: string, upstreamQuality: ZegoQualityGrade, downstreamQuality: ZegoQualityGrade];
  /** The video of a played stream is paused for want of bandwidth (code 1009), or sent again (2009). */
  exceptionUpdate: [streamID: string, eventData: { readonly code: number; readonly message: string }];
  /** Never emitted, as all that follow: they belong to services that Gavel does not have. */
  hallStateUpdate: [state: ZegoRoomState, errorCode: number, extendedData: string];
  recvRoomTransparentMessage: [roomID: string, message: ZegoRoomRecvTransparentMessage];
  beautyEffectError: [stream: MediaStream, errorCode: number, extendedData: string];
  backgroundEffectError: [stream: MediaStream, errorCode: number, extendedData: string];
  mixerSoundLevelUpdate: [soundLevels: Map<number, number>];
  autoMixerSoundLevelUpdate: [soundLevels: Map<string, number>];
  mixerRelayCDNStateUpdate: [taskID: string, infoList: ZegoStreamRelayCDNInfo[]];
  publisherVideoEncoderChanged: [fromCodecID: number, toCodecID: number, streamID: string];
  recvExperimentalAPI: [content: Record<string, unknown>];
}

/** Emits an event to the application. */
export type Emit = <E extends keyof ZegoEvents>(event: E, ...args: ZegoEvents[E]) => void;
