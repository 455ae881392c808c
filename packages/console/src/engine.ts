/**
 * The part of the client SDK that the page uses, as types: what a room model drives, and what a test stands in for.
 *
 * @module
 */

import type { ZegoEvents, ZegoExpressEngine } from '@gavel/client/zego';

/** The SDK, as far as the page uses it. */
export type Engine = Pick<
  ZegoExpressEngine,
  | 'on'
  | 'loginRoom'
  | 'logoutRoom'
  | 'createStream'
  | 'destroyStream'
  | 'startPublishingStream'
  | 'stopPublishingStream'
  | 'startPlayingStream'
  | 'stopPlayingStream'
  | 'mutePublishStreamAudio'
  | 'mutePublishStreamVideo'
  | 'replaceTrack'
  | 'retryNow'
  | 'sendBroadcastMessage'
  | 'destroyEngine'
>;

/** The name of a callback. */
export type CallbackName = keyof ZegoEvents;

/** A callback with its arguments: the name first. */
export type EngineEvent = { [Name in CallbackName]: readonly [Name, ...ZegoEvents[Name]] }[CallbackName];

/** Every callback that the SDK raises; a new one is missed by the compiler. */
const ALL = {
  roomStateUpdate: true,
  roomStateChanged: true,
  roomUserUpdate: true,
  roomOnlineUserCountUpdate: true,
  roomStreamUpdate: true,
  roomExtraInfoUpdate: true,
  streamExtraInfoUpdate: true,
  publisherStateUpdate: true,
  playerStateUpdate: true,
  publishQualityUpdate: true,
  playQualityUpdate: true,
  IMRecvBroadcastMessage: true,
  IMRecvBarrageMessage: true,
  IMRecvCustomCommand: true,
  tokenWillExpire: true,
  remoteCameraStatusUpdate: true,
  remoteMicStatusUpdate: true,
  deviceError: true,
  screenSharingEnded: true,
} as const satisfies Record<CallbackName, true>;

/** The names of every callback that the SDK raises. */
export const CALLBACKS = Object.keys(ALL) as readonly CallbackName[];
