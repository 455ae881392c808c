/**
 * The part of the client SDK that the page uses, as types: what a room model needs, and what a test stands in for.
 *
 * @module
 */

/** A user as the SDK tells it. */
export interface EngineUser {
  readonly userID: string;
  readonly userName?: string;
}

/** A stream as the SDK tells it. */
export interface EngineStream {
  readonly streamID: string;
  readonly user: EngineUser;
  readonly extraInfo?: string;
}

/** A message to the room as the SDK tells it. */
export interface EngineMessage {
  readonly fromUser: EngineUser;
  readonly message: string;
  readonly sendTime: number;
  readonly messageID: number | string;
}

/** The state of a published or played stream as the SDK tells it. */
export interface EngineStreamState {
  readonly streamID: string;
  readonly state: string;
  readonly errorCode: number;
  readonly extendedData?: string;
}

/** The callbacks that change what the page shows, with their arguments. */
export interface EngineEvents {
  roomStateChanged: [roomID: string, reason: string, errorCode: number, extendedData: string];
  roomUserUpdate: [roomID: string, updateType: 'ADD' | 'DELETE', users: readonly EngineUser[]];
  roomStreamUpdate: [
    roomID: string,
    updateType: 'ADD' | 'DELETE',
    streams: readonly EngineStream[],
    extendedData?: string,
  ];
  publisherStateUpdate: [state: EngineStreamState];
  playerStateUpdate: [state: EngineStreamState];
  publishQualityUpdate: [streamID: string, stats: unknown];
  playQualityUpdate: [streamID: string, stats: unknown];
  remoteCameraStatusUpdate: [streamID: string, status: 'OPEN' | 'MUTE'];
  remoteMicStatusUpdate: [streamID: string, status: 'OPEN' | 'MUTE'];
  IMRecvBroadcastMessage: [roomID: string, messages: readonly EngineMessage[]];
  IMRecvBarrageMessage: [roomID: string, messages: readonly EngineMessage[]];
}

/** A callback that changes what the page shows. */
export type EngineEvent = { [Name in keyof EngineEvents]: readonly [Name, ...EngineEvents[Name]] }[keyof EngineEvents];

/** What the SDK answers to a message. */
export interface SendResult {
  readonly errorCode: number;
  readonly extendedData?: string;
}

/** The SDK, as far as the page uses it. */
export interface Engine {
  on(event: string, handler: (...args: never[]) => void): boolean;
  loginRoom(
    roomID: string,
    token: string,
    user: { userID: string; userName?: string },
    config?: { userUpdate?: boolean; maxMemberCount?: number },
  ): Promise<boolean>;
  logoutRoom(roomID?: string): void;
  createStream(source?: {
    camera?: { video?: boolean; audio?: boolean };
    custom?: { source: MediaStream };
  }): Promise<MediaStream>;
  destroyStream(stream: MediaStream): void;
  startPublishingStream(streamID: string, stream: MediaStream): boolean;
  stopPublishingStream(streamID: string): boolean;
  startPlayingStream(streamID: string): Promise<MediaStream>;
  stopPlayingStream(streamID: string): void;
  mutePublishStreamAudio(stream: MediaStream, mute: boolean): boolean;
  mutePublishStreamVideo(stream: MediaStream, mute: boolean): boolean;
  sendBroadcastMessage(roomID: string, message: string): Promise<SendResult>;
  destroyEngine(): void;
}

/** Every callback that the SDK documents, in the order of its reference page. */
export const CALLBACKS = [
  'roomStateUpdate',
  'roomStateChanged',
  'roomUserUpdate',
  'roomOnlineUserCountUpdate',
  'roomExtraInfoUpdate',
  'roomStreamUpdate',
  'streamExtraInfoUpdate',
  'publisherStateUpdate',
  'playerStateUpdate',
  'publishQualityUpdate',
  'playQualityUpdate',
  'IMRecvBroadcastMessage',
  'IMRecvBarrageMessage',
  'IMRecvCustomCommand',
  'recvRoomTransparentMessage',
  'tokenWillExpire',
  'remoteCameraStatusUpdate',
  'remoteMicStatusUpdate',
  'soundLevelUpdate',
  'capturedSoundLevelUpdate',
  'networkQuality',
  'exceptionUpdate',
  'screenSharingEnded',
  'deviceError',
  'videoDeviceStateChanged',
  'audioDeviceStateChanged',
] as const;
