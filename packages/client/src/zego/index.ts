/**
 * `@gavel/client/zego`: the call surface of ZEGO's web SDK over Gavel's core.
 *
 * @module
 */

export { DELETE_REASON_OF_CAUSE, type DeleteReason, ROOM_END_OF_CAUSE, type RoomEndCode } from './causes.ts';
export { ZegoExpressEngine } from './engine.ts';
export { CODE_OF_ERROR, CODES } from './errors.ts';
export type {
  ZegoBarrageMessageInfo,
  ZegoBroadcastMessageInfo,
  ZegoDeviceChange,
  ZegoEvents,
  ZegoRoomRecvTransparentMessage,
  ZegoSoundLevelInfo,
  ZegoStreamExtraInfo,
  ZegoStreamRelayCDNInfo,
} from './events.ts';
export type {
  ZegoPlayAudioStats,
  ZegoPlayStats,
  ZegoPlayVideoStats,
  ZegoPublishAudioStats,
  ZegoPublishStats,
  ZegoPublishVideoStats,
  ZegoQualityGrade,
} from './quality.ts';
export type {
  ZegoCameraSource,
  ZegoEngineOptions,
  ZegoLocalStreamConfig,
  ZegoPlayerState,
  ZegoPlayOptions,
  ZegoPublisherState,
  ZegoPublishOptions,
  ZegoRoomConfig,
  ZegoRoomState,
  ZegoRoomStateReason,
  ZegoServerResponse,
  ZegoStreamList,
  ZegoTurnServer,
  ZegoUser,
  ZegoUserInfo,
} from './types.ts';
