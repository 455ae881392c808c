/**
 * Types for the part of the client SDK that the page uses, so that tests can replace it.
 *
 * @module
 */

import type { ZegoEvents, ZegoExpressEngine } from '@gavel/client/zego';

/** The part of the SDK that the page uses. */
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

/** A callback: its name, then its arguments. */
export type EngineEvent = { [Name in CallbackName]: readonly [Name, ...ZegoEvents[Name]] }[CallbackName];

/** Every callback of the SDK; the compiler reports a missing one. */
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
  soundLevelUpdate: true,
  capturedSoundLevelUpdate: true,
  videoDeviceStateChanged: true,
  audioDeviceStateChanged: true,
  playerRecvSEI: true,
  playerVideoTrackUpdate: true,
  playerAudioTrackUpdate: true,
  networkQuality: true,
  exceptionUpdate: true,
  hallStateUpdate: true,
  recvRoomTransparentMessage: true,
  beautyEffectError: true,
  backgroundEffectError: true,
  mixerSoundLevelUpdate: true,
  autoMixerSoundLevelUpdate: true,
  mixerRelayCDNStateUpdate: true,
  publisherVideoEncoderChanged: true,
  recvExperimentalAPI: true,
} as const satisfies Record<CallbackName, true>;

/** The names of all callbacks of the SDK. */
export const CALLBACKS = Object.keys(ALL) as readonly CallbackName[];
