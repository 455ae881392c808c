/**
 * Turns room events into what goes over the wire, and says who is told.
 *
 * @module
 */

import type {
  MediaClosedFrame,
  RoomEventFrame,
  WireMember,
  WirePermissions,
  WireSnapshot,
  WireStream,
} from '@gavel/protocol';
import { mayRead } from '../rooms/chat-history.ts';
import type { RoomEvent, RoomEventOf } from '../rooms/events.ts';
import type { MemberInfo, Permissions } from '../rooms/member.ts';
import type { StreamInfo } from '../rooms/stream.ts';
import type { RoomSnapshot } from '../rooms/views.ts';

/** A member as others see it. */
export function wireMember(member: MemberInfo): WireMember {
  const { memberId, user, joinedAtMs, profile } = member;
  return { memberId, user, joinedAtMs, ...(profile && { profile }) };
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
export function wirePermissions({
  publishAudio,
  publishVideo,
  screen,
  moderation,
  chat,
}: Permissions): WirePermissions {
  return {
    publishAudio,
    publishVideo,
    ...(screen && { screen }),
    ...(moderation && { moderation }),
    ...(chat && { chat }),
  };
}

/** A room's state as one member may see it; members only when it asked for them. */
export function wireSnapshot(room: RoomSnapshot, wantsMembers: boolean): WireSnapshot {
  const { seq, userSeq, streamSeq, memberCount } = room;
  return {
    seq,
    userSeq,
    streamSeq,
    memberCount,
    members: wantsMembers ? room.members.map(wireMember) : [],
    streams: room.streams.map(wireStream),
    infos: room.infos,
  };
}

/** The frame of an event, or undefined where clients are not told of it. */
export function roomEventFrame(event: RoomEvent): RoomEventFrame | undefined {
  const { seq } = event;
  switch (event.type) {
    case 'memberJoined': {
      const { userSeq, memberCount } = event;
      return { event: 'memberJoined', seq, userSeq, memberCount, member: wireMember(event.member) };
    }
    case 'memberLeft': {
      const { userSeq, memberCount, cause } = event;
      return { event: 'memberLeft', seq, userSeq, memberCount, member: wireMember(event.member), cause };
    }
    case 'streamAdded':
      return { event: 'streamAdded', seq, streamSeq: event.streamSeq, stream: wireStream(event.stream) };
    case 'streamUpdated':
      return { event: 'streamUpdated', seq, stream: wireStream(event.stream) };
    case 'streamRemoved': {
      const { streamSeq, cause } = event;
      return { event: 'streamRemoved', seq, streamSeq, stream: wireStream(event.stream), cause };
    }
    case 'permissionsChanged':
      return { event: 'permissions', seq, permissions: wirePermissions(event.member.permissions) };
    case 'roomInfoSet':
      return { event: 'roomInfo', seq, info: event.info };
    case 'message': {
      const { kind, messageId, from, text, to, atMs } = event;
      const told = kind === 'chat' && to && { to };
      return { event: 'message', seq, kind, messageId, from, text, sentAtMs: atMs, ...told };
    }
    default:
      return undefined;
  }
}

/** The frame that stands in for a stream's removal at the clients in whose user's name it was made (STRM-2, STRM-3). */
export function mediaClosedFrame({ stream, cause, streamSeq }: RoomEventOf<'streamRemoved'>): MediaClosedFrame {
  return { event: 'mediaClosed', streamId: stream.streamId, cause, streamSeq };
}

/** What a member is told of an event, or was to be told of one that it missed (SIG-2); undefined where nothing. */
export function frameFor(event: RoomEvent, member: MemberInfo): RoomEventFrame | MediaClosedFrame | undefined {
  if (isTold(event, member)) return roomEventFrame(event);
  return event.type === 'streamRemoved' ? mediaClosedFrame(event) : undefined;
}

/** Tells whether a member is told of an event: its own joining it knows, and a sender does not hear itself. */
export function isTold(event: RoomEvent, member: MemberInfo): boolean {
  switch (event.type) {
    case 'memberJoined':
    case 'memberLeft':
      return member.wantsMembers && event.member.memberId !== member.memberId;
    case 'permissionsChanged':
      return event.member.memberId === member.memberId;
    case 'streamRemoved':
      return event.exceptUserId !== member.user.id;
    case 'message':
      if (event.kind === 'chat') return mayRead(member, event);
      return event.from.id !== member.user.id && (event.to?.includes(member.user.id) ?? true);
    default:
      return true;
  }
}
