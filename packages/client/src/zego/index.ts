/**
 * `@gavel/client/zego`: the call surface of ZEGO's web SDK over Gavel's core.
 *
 * @module
 */

export { DELETE_REASON_OF_CAUSE, type DeleteReason, ROOM_END_OF_CAUSE, type RoomEndCode } from './causes.ts';
export type { ZegoAutoSwitchDeviceConfig } from './device-engine.ts';
export type { ZegoDeviceInfo, ZegoDeviceInfos } from './devices.ts';
export { ZegoExpressEngine } from './engine.ts';
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
export type { ZegoNetworkTimeInfo } from './network-time.ts';
export type { ZegoLogConfig } from './page-settings.ts';
export type {
  ZegoPlayAudioStats,
  ZegoPlayStats,
  ZegoPlayVideoStats,
  ZegoPublishAudioStats,
  ZegoPublishStats,
  ZegoPublishVideoStats,
  ZegoQualityGrade,
} from './quality.ts';
export type { ZegoSEIConfig } from './sei.ts';
export type * from './streams/stream-types.ts';
export type { ZegoLocalAudioOptions, ZegoLocalStream, ZegoLocalStreamEvents } from './streams/zego-local-stream.ts';
export type {
  ZegoCapabilityDetection,
  ZegoCapabilityError,
  ZegoCapabilityErrorInfo,
  ZegoCheckType,
  ZegoVideoCodec,
} from './system-check.ts';
export type {
  ZegoEngineOptions,
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
export type { ZegoLocalViewOptions, ZegoSnapshotOptions, ZegoStreamViewOptions } from './views/media-player.ts';
export { ZegoStreamView, type ZegoStreamViewEvents } from './views/stream-view.ts';
