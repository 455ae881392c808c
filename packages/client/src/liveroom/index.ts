/**
 * `@gavel/client/liveroom`: the older LiveRoom call surface over Gavel's core.
 *
 * @module
 */

export { END_OF_CAUSE, KICK_OUT_REASONS, type LiveRoomEnd } from './causes.ts';
export {
  type LiveRoomConfig,
  type LiveRoomError,
  type LiveRoomStream,
  type LiveRoomUser,
  STREAM_UPDATE,
  ZegoClient,
} from './client.ts';
