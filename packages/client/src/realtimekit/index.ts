/**
 * `@gavel/client/realtimekit`: the call surface of RealtimeKit's web core over Gavel's core.
 *
 * @module
 */

export type { DeviceListUpdate } from '../core/media/device-list.ts';
export { Ai, type AiEvents, type Transcript } from './ai.ts';
export { AudioPlayback } from './audio-playback.ts';
export type { AudioMiddleware } from './audio-processing.ts';
export type { DeviceConfig } from './browser-details.ts';
export type { MediaConfiguration, VideoQualityConstraints } from './capture-settings.ts';
export { LEAVE_STATE_OF_CAUSE, type LeaveState } from './causes.ts';
export { Chat, type ChatEvents, type FetchOptions } from './chat.ts';
export type {
  CustomMessage,
  CustomMessagePayload,
  FileMessage,
  ImageMessage,
  LinkedFile,
  Message,
  MessagePayload,
  NativeFile,
  TextMessage,
} from './chat-message.ts';
export { RealtimeKitClient, RealtimeKitClient as default, type RealtimeKitOptions } from './client.ts';
export { type ConnectedMeeting, ConnectedMeetings, type ConnectedMeetingsEvents } from './connected-meetings.ts';
export { RealtimeKitError, RealtimeKitError as ClientError, type RealtimeKitErrorCode } from './errors.ts';
export { EventEmitter, type EventName, type Handler, type Handlers } from './event-emitter.ts';
export type { JoinedPeer, RoomPeer } from './joined-peers.ts';
export { Livestream, type LivestreamEvents, type LivestreamState } from './livestream.ts';
export { type CaptureKind, MediaPermission, type MediaPermissions } from './media-permissions.ts';
export type { MediaScore } from './media-score.ts';
export { Meta, type MetaEvents, type SocketState } from './meta.ts';
export type { MiddlewareResult } from './middlewares.ts';
export type { ScreenShareState, ScreenShareTracks } from './own-screen.ts';
export {
  type AudioState,
  Participant,
  type ParticipantEvents,
  type SubscriptionKind,
  type VideoState,
} from './participant.ts';
export {
  ParticipantMap,
  ParticipantMap as RTKBasicParticipantsMap,
  type ParticipantMapEvents,
} from './participant-map.ts';
export type { ViewMode, ViewState } from './participant-view.ts';
export { type BroadcastTarget, Participants, type ParticipantsEvents } from './participants.ts';
export { type PermissionEvents, Permissions, type PermissionsPatch } from './permissions.ts';
export { Pip, type PipEvents } from './pip.ts';
export { type Plugin, PluginMap, type PluginMapEvents, Plugins } from './plugins.ts';
export { type Poll, type PollOption, Polls, type PollsEvents } from './polls.ts';
export { Recording, type RecordingEvents, type RecordingInfo, type RecordingState } from './recording.ts';
export { type RoomState, Self, type WaitlistStatus } from './self.ts';
export { type CurrentDevices, type InitMediaOptions, type SelfEvents, SelfMedia } from './self-media.ts';
export { RequestToJoinType, Stage, type StageEvents, type StageRequest, type StageStatus } from './stage.ts';
export { Store, type StoreData, type StoreSubscriber } from './store.ts';
export { StoreManager } from './stores.ts';
export { type DesignTokens, ThemePreset } from './theme-preset.ts';
export type * from './type-names.ts';
export type { VideoMiddleware, VideoMiddlewareGlobalConfig } from './video-processing.ts';
