/**
 * The core of the client: rooms, sessions and media, independent of any vendor's API.
 *
 * @module
 */

export { Emitter, type Handler } from './emitter.ts';
export { type ClientErrorCode, SessionError, type SessionErrorCode } from './errors.ts';
export { startElement } from './media/autoplay.ts';
export { type CaptureOptions, captureCamera, captureScreen, isCaptureError } from './media/capture.ts';
export type { VideoCodec } from './media/codecs.ts';
export type { MediaEnd } from './media/media-context.ts';
export { browserMedia, type MediaPlatform } from './media/media-platform.ts';
export { Playback, type PlaybackEvents, type PlaybackState, type PlayOptions } from './media/playback.ts';
export {
  Publication,
  type PublicationEvents,
  type PublicationState,
  type PublishOptions,
} from './media/publication.ts';
export { RoomMedia } from './media/room-media.ts';
export type { AudioStats, LayerStats, StreamStats, VideoStats } from './media/stats.ts';
export {
  type Clock,
  type OpenSocket,
  openSocketWith,
  type Platform,
  randomId,
  type SocketHandlers,
  type SocketLink,
  systemClock,
  type WatchOnline,
  type WatchPageHide,
} from './platform.ts';
export type { PollsChange } from './poll-list.ts';
export {
  type DepartedMember,
  type RemovedStream,
  type RoomChange,
  type RoomMessage,
  RoomView,
  type StreamChange,
} from './room-view.ts';
export { RoomSession, type SessionOptions } from './session.ts';
export type { SessionEvents } from './session-events.ts';
export type { JoinKind, SessionEnd, SessionState } from './session-state.ts';
export { SharedStores, type SharedStoresEvents, type StoreUpdate } from './shared-stores.ts';
