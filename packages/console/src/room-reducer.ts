/**
 * Converts callbacks into state with a pure function, so that tests can replay any sequence.
 *
 * @module
 */

import type { ZegoPlayerState, ZegoPublisherState, ZegoStreamList, ZegoUserInfo } from '@gavel/client/zego';
import type { EngineEvent } from './engine.ts';
import { describeCode, type PlainError } from './errors.ts';
import { readQuality } from './quality.ts';
import type { Ending, EndingKind, OwnStream, Phase, RemoteStream, RoomState, User } from './room-state.ts';

/** Returns the state after a callback at a time in milliseconds; returns the same object if nothing changes. */
export function reduceEvent(state: RoomState, event: EngineEvent, nowMs: number): RoomState {
  switch (event[0]) {
    case 'roomStateChanged':
      return reducePhase(state, event[2], event[3], event[4], nowMs);
    case 'roomUserUpdate':
      return { ...state, members: mergeUsers(state, event[2], event[3]) };
    case 'roomStreamUpdate':
      return event[2] === 'ADD' ? addStreams(state, event[3]) : removeStreams(state, event[3]);
    case 'publisherStateUpdate':
      return reducePublisher(state, event[1]);
    case 'playerStateUpdate':
      return reducePlayer(state, event[1]);
    case 'publishQualityUpdate':
      return updateOwn(state, event[1], () => ({ quality: readQuality(event[2]) }));
    case 'playQualityUpdate':
      return updateStream(state, event[1], () => ({ quality: readQuality(event[2]) }));
    case 'remoteCameraStatusUpdate':
      return updateStream(state, event[1], () => ({ cameraOn: event[2] === 'OPEN' }));
    case 'remoteMicStatusUpdate':
      return updateStream(state, event[1], () => ({ micOn: event[2] === 'OPEN' }));
    default:
      return state;
  }
}

/** Converts a user to the page's shape. */
export function toUser(user: ZegoUserInfo): User {
  return { userId: user.userID, userName: user.userName || user.userID };
}

/** Changes another user's stream; returns the same state if there is no such stream. */
export function updateStream(
  state: RoomState,
  streamId: string,
  change: (stream: RemoteStream) => Partial<RemoteStream>,
): RoomState {
  if (!state.streams.some((stream) => stream.streamId === streamId)) return state;
  const streams = state.streams.map((stream) =>
    stream.streamId === streamId ? { ...stream, ...change(stream) } : stream,
  );
  return { ...state, streams };
}

type LiveStream = Extract<OwnStream, { readonly media: MediaStream }>;

/** Changes the own stream; returns the same state if it is not published under this id. */
export function updateOwn(
  state: RoomState,
  streamId: string,
  change: (own: LiveStream) => Partial<LiveStream>,
): RoomState {
  const { own } = state;
  if (!('media' in own) || own.streamId !== streamId) return state;
  return { ...state, own: { ...own, ...change(own) } };
}

/** Returns the moderator's reason from the extended data of a removal. */
export function readReason(extendedData: unknown): string {
  if (typeof extendedData !== 'string' || extendedData === '') return '';
  try {
    const parsed: unknown = JSON.parse(extendedData);
    if (typeof parsed !== 'object' || parsed === null || !('custom_kickout_message' in parsed)) return '';
    const message = parsed.custom_kickout_message;
    // Without a reason, the SDK sets a default message that ends like this.
    return typeof message === 'string' && !/; kickout reason: \d+$/.test(message) ? message : '';
  } catch {
    return '';
  }
}

/** How long an outage lasts before the SDK reports it to this page, in milliseconds; the SDK's own default is longer. */
export const RECONNECTING_DELAY_MS = 1_500;

const KICKOUT_KINDS: Readonly<Record<number, EndingKind>> = {
  1002050: 'replaced',
  1002055: 'removed',
  1002056: 'token-expired',
  1102018: 'token-expired',
};

function reducePhase(state: RoomState, reason: string, code: number, extendedData: string, nowMs: number): RoomState {
  switch (reason) {
    case 'LOGINING':
      return withPhase(state, { kind: 'joining' });
    case 'LOGINED':
    case 'RECONNECTED':
      return withPhase(state, { kind: 'inside' });
    case 'RECONNECTING':
      return withPhase(state, { kind: 'reconnecting', sinceMs: nowMs - RECONNECTING_DELAY_MS });
    case 'LOGIN_FAILED':
      return leave(state, { kind: 'outside', error: errorOf(code) });
    case 'RECONNECT_FAILED':
      return end(state, { kind: 'lost', code, reason: '' });
    case 'KICKOUT':
      return end(state, { kind: KICKOUT_KINDS[code] ?? 'removed', code, reason: readReason(extendedData) });
    case 'LOGOUT':
      return leave(state, { kind: 'outside', error: undefined });
    default:
      return state;
  }
}

function withPhase(state: RoomState, phase: Phase): RoomState {
  return { ...state, phase };
}

function end(state: RoomState, ending: Ending): RoomState {
  return leave(state, { kind: 'ended', ending });
}

function leave(state: RoomState, phase: Phase): RoomState {
  return { ...state, phase, members: [], streams: [], own: { kind: 'none' } };
}

function errorOf(code: number): PlainError | undefined {
  return code === 0 ? undefined : { code, text: describeCode(code) };
}

function mergeUsers(state: RoomState, updateType: 'ADD' | 'DELETE', users: readonly ZegoUserInfo[]): readonly User[] {
  const ids = new Set(users.map((user) => user.userID));
  const others = state.members.filter((member) => !ids.has(member.userId));
  if (updateType === 'DELETE') return others;
  return [...others, ...users.map(toUser).filter((user) => user.userId !== state.self.userId)];
}

function addStreams(state: RoomState, streams: readonly ZegoStreamList[]): RoomState {
  // A known stream keeps its media.
  const known = new Set(state.streams.map((stream) => stream.streamId));
  const added = streams
    .filter(({ streamID, user }) => user.userID !== state.self.userId && !known.has(streamID))
    .map(
      ({ streamID, user }): RemoteStream => ({
        streamId: streamID,
        user: toUser(user),
        media: undefined,
        play: { kind: 'requesting' },
        micOn: true,
        cameraOn: true,
        quality: undefined,
      }),
    );
  return { ...state, streams: [...state.streams, ...added] };
}

function removeStreams(state: RoomState, streams: readonly ZegoStreamList[]): RoomState {
  const ids = new Set(streams.map((stream) => stream.streamID));
  const { own } = state;
  const isOwnGone = 'media' in own && ids.has(own.streamId);
  return {
    ...state,
    streams: state.streams.filter((stream) => !ids.has(stream.streamId)),
    own: isOwnGone ? { kind: 'removed', streamId: own.streamId } : own,
  };
}

/** The code of a live stream's end when the server has removed it. */
const PUBLISH_FORBIDDEN = 1003025;

function reducePublisher(state: RoomState, { streamID, state: publisher, errorCode }: ZegoPublisherState): RoomState {
  switch (publisher) {
    case 'PUBLISHING':
      return updateOwn(state, streamID, () => ({ kind: 'live' }));
    case 'PUBLISH_REQUESTING':
      return updateOwn(state, streamID, () => ({ kind: 'requesting' }));
    case 'NO_PUBLISH': {
      // A stop by this page removes the own stream from the state first; if it is still there, the server ended it.
      const { own } = state;
      if (!('media' in own) || own.streamId !== streamID) return state;
      const isRemoved = own.kind === 'live' && (errorCode === 0 || errorCode === PUBLISH_FORBIDDEN);
      if (isRemoved) return { ...state, own: { kind: 'removed', streamId: streamID } };
      return { ...state, own: { kind: 'failed', error: { code: errorCode, text: describeCode(errorCode) } } };
    }
    default:
      return state;
  }
}

function reducePlayer(state: RoomState, { streamID, state: player, errorCode }: ZegoPlayerState): RoomState {
  switch (player) {
    case 'PLAYING':
      return updateStream(state, streamID, () => ({ play: { kind: 'playing' } }));
    case 'PLAY_REQUESTING':
      return updateStream(state, streamID, () => ({ play: { kind: 'requesting' } }));
    case 'NO_PLAY':
      return updateStream(state, streamID, () => ({ play: { kind: 'stopped', error: errorOf(errorCode) } }));
    default:
      return state;
  }
}
