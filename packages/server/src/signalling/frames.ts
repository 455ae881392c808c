/**
 * Turns room events into what goes over the wire, and says who is told.
 *
 * @module
 */

import type {
  MediaClosedFrame,
  PublishEndedFrame,
  RoomEventFrame,
  WireMember,
  WirePermissions,
  WireSnapshot,
  WireStream,
  WireWaiting,
} from '@gavel/protocol';
import { mayRead } from '../rooms/chat-history.ts';
import type { RoomEvent, RoomEventOf } from '../rooms/events.ts';
import type { MemberInfo, Permissions } from '../rooms/member.ts';
import type { StreamInfo } from '../rooms/stream.ts';
import type { RoomSnapshot } from '../rooms/views.ts';
import type { Waiting } from '../rooms/waiting.ts';
import { type PollEventView, pollFrame, pollViewOf, wirePolls } from './poll-frames.ts';

/** The views of an event: most have one. */
export type EventView = 'whole' | PollEventView;

/** A member as others see it. */
export function wireMember(member: MemberInfo): WireMember {
  const { memberId, user, joinedAtMs, profile, pinned } = member;
  return { memberId, user, joinedAtMs, ...(profile && { profile }), ...(pinned && { pinned }) };
}

/** Somebody who waits, as those see it who may let it in. */
export function wireWaiting({ memberId, user, sinceMs, profile }: Waiting): WireWaiting {
  return { memberId, user, sinceMs, ...(profile && { profile }) };
}

function wireStream(stream: StreamInfo): WireStream {
  const { streamId, memberId, user, source, extraInfo, blocked, muted, createdAtMs } = stream;
  // What is held back is as good as off for those who would play it (RULE-4).
  const audio = stream.audio && !blocked.audio;
  const video = stream.video && !blocked.video;
  const facts = { streamId, ...(memberId && { memberId }), user, source, extraInfo };
  return { ...facts, audio, video, createdAtMs, ...mutedOf(muted) };
}

function mutedOf(muted: StreamInfo['muted']): Pick<WireStream, 'muted'> {
  const kinds = (['audio', 'video'] as const).filter((kind) => muted[kind]);
  return kinds.length > 0 ? { muted: kinds } : {};
}

/** What a member may do, as it is told. */
export function wirePermissions(permissions: Permissions): WirePermissions {
  const { publishAudio, publishVideo, screen, moderation, rename, chat, polls } = permissions;
  return {
    publishAudio,
    publishVideo,
    ...(screen && { screen }),
    ...(moderation && { moderation }),
    ...(rename && { rename }),
    ...(chat && { chat }),
    ...(polls && { polls }),
  };
}

/** A room's state as one member may see it; members only when it asked for them. */
export function wireSnapshot(room: RoomSnapshot, viewer: MemberInfo): WireSnapshot {
  const { seq, streamSeq, shown } = room;
  const polls = wirePolls(room.polls, viewer);
  return {
    seq,
    userSeq: shown.userSeq,
    streamSeq,
    memberCount: shown.memberCount,
    permissions: wirePermissions(viewer.permissions),
    members: viewer.wantsMembers ? room.members.filter((member) => isShown(member, viewer)).map(wireMember) : [],
    streams: room.streams.map(wireStream),
    infos: room.infos,
    ...(polls.length > 0 && { polls }),
  };
}

/** The frame of an event as a member sees it that is told of it; undefined where clients are not told of such. */
export function roomEventFrame(event: RoomEvent, viewer: MemberInfo): RoomEventFrame | undefined {
  const { seq } = event;
  switch (event.type) {
    case 'memberJoined': {
      const { userSeq, memberCount } = event.shown;
      return { event: 'memberJoined', seq, userSeq, memberCount, member: wireMember(event.member) };
    }
    case 'memberLeft': {
      const { shown, cause } = event;
      return { event: 'memberLeft', seq, ...shown, member: wireMember(event.member), cause };
    }
    case 'streamAdded':
      return { event: 'streamAdded', seq, streamSeq: event.streamSeq, stream: wireStream(event.stream) };
    case 'streamUpdated':
      return { event: 'streamUpdated', seq, stream: wireStream(event.stream) };
    case 'streamRemoved': {
      const { streamSeq, cause } = event;
      return { event: 'streamRemoved', seq, streamSeq, stream: wireStream(event.stream), cause };
    }
    case 'memberUpdated':
      return { event: 'memberUpdated', seq, member: wireMember(event.member) };
    case 'customMessage': {
      const { messageType, payload, member, atMs } = event;
      const { memberId, user } = member;
      return { event: 'custom', seq, type: messageType, payload, memberId, from: user, sentAtMs: atMs };
    }
    case 'permissionsChanged': {
      const { member, polls } = event;
      const shown = polls && { polls: wirePolls(polls, member) };
      return { event: 'permissions', seq, permissions: wirePermissions(member.permissions), ...shown };
    }
    case 'pollUpdated':
      return pollFrame(event, viewer);
    case 'roomInfoSet':
      return { event: 'roomInfo', seq, info: event.info };
    case 'message': {
      const { kind, messageId, from, text, to, atMs } = event;
      const told = kind === 'chat' && to && { to };
      return { event: 'message', seq, kind, messageId, from, text, sentAtMs: atMs, ...told };
    }
    case 'messageChanged':
      return { event: 'messageChanged', seq, change: event.change, message: event.message };
    default:
      return undefined;
  }
}

/** The frame that stands in for a stream's removal at the clients in whose user's name it was made (STRM-2, STRM-3). */
export function mediaClosedFrame({ stream, cause, streamSeq }: RoomEventOf<'streamRemoved'>): MediaClosedFrame {
  return { event: 'mediaClosed', streamId: stream.streamId, cause, streamSeq };
}

/** What the publisher is told of a publish that ended before its stream was announced; undefined where it asked for the end. */
export function publishEndedFrame({ stream, cause }: RoomEventOf<'streamReleased'>): PublishEndedFrame | undefined {
  return cause === 'stopped' ? undefined : { event: 'publishEnded', streamId: stream.streamId, cause };
}

/** What a member is told of an event, or was to be told of one that it missed (SIG-2); undefined where nothing. */
export function frameFor(
  event: RoomEvent,
  member: MemberInfo,
): RoomEventFrame | MediaClosedFrame | PublishEndedFrame | undefined {
  if (event.type === 'streamReleased') {
    return event.stream.memberId === member.memberId ? publishEndedFrame(event) : undefined;
  }
  if (viewOf(event, member)) return roomEventFrame(event, member);
  return event.type === 'streamRemoved' ? mediaClosedFrame(event) : undefined;
}

/** How a member sees an event: members with the same view are told the same. Undefined where it is not told. */
export function viewOf(event: RoomEvent, member: MemberInfo): EventView | undefined {
  if (event.type === 'pollUpdated') return pollViewOf(event, member);
  return isTold(event, member) ? 'whole' : undefined;
}

/** Tells whether a member may know of another; a hidden one knows of itself (HIDE-1). */
const isShown = ({ memberId, permissions }: MemberInfo, viewer: MemberInfo): boolean =>
  !permissions.hidden || memberId === viewer.memberId;

/** Tells whether a member is told of an event: its own joining it knows, and a sender does not hear itself. */
function isTold(event: RoomEvent, member: MemberInfo): boolean {
  switch (event.type) {
    case 'memberJoined':
    case 'memberLeft':
      return member.wantsMembers && event.member.memberId !== member.memberId && isShown(event.member, member);
    case 'memberUpdated':
      return (member.wantsMembers || event.member.memberId === member.memberId) && isShown(event.member, member);
    case 'customMessage':
      return event.to?.has(member.memberId) ?? event.member.memberId !== member.memberId;
    case 'permissionsChanged':
      return event.member.memberId === member.memberId;
    case 'streamRemoved':
      return event.exceptUserId !== member.user.id;
    case 'message':
      if (event.kind === 'chat') return mayRead(member, event);
      return event.from.id !== member.user.id && (event.to?.includes(member.user.id) ?? true);
    case 'messageChanged':
      return mayRead(member, event.message);
    default:
      return true;
  }
}
