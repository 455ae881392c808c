/**
 * Converts room events to wire frames, and determines which members receive them.
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
import { createPollViewFinder, type PollEventView, pollFrame, wirePolls } from './poll-frames.ts';
import { storeFrame, wireStores } from './store-frames.ts';

/** The views of an event. Most events have only one. */
export type EventView = 'whole' | 'without-request' | PollEventView;

/** Returns a member as another member sees it, or, without a viewer, somebody who is not in the room. */
export function wireMember(member: MemberInfo, viewer?: MemberInfo): WireMember {
  const { memberId, user, joinedAtMs, profile, pinned } = member;
  const stage = shownStage(member, member.stage, viewer);
  return {
    memberId,
    user,
    joinedAtMs,
    ...(profile && { profile }),
    ...(pinned && { pinned }),
    ...(stage && { stage }),
  };
}

/** Returns whether a member sees the other's request to join the stage: those who may answer it, and the one itself. */
const seesRequests = ({ memberId }: MemberInfo, viewer: MemberInfo | undefined): boolean =>
  memberId === viewer?.memberId || viewer?.permissions.moderation?.acceptStage === true;

function shownStage(
  member: MemberInfo,
  stage: MemberInfo['stage'],
  viewer: MemberInfo | undefined,
): MemberInfo['stage'] {
  return stage === undefined || stage === 'on' || seesRequests(member, viewer) ? stage : 'off';
}

/** Returns a waiting user as the members that may admit it see it. */
export function wireWaiting({ memberId, user, sinceMs, profile }: Waiting): WireWaiting {
  return { memberId, user, sinceMs, ...(profile && { profile }) };
}

function wireStream(stream: StreamInfo): WireStream {
  const { streamId, memberId, user, source, extraInfo, blocked, muted, createdAtMs } = stream;
  // For players, a kind that is held back counts as off (RULE-4).
  const audio = stream.audio && !blocked.audio;
  const video = stream.video && !blocked.video;
  const facts = { streamId, ...(memberId && { memberId }), user, source, extraInfo };
  return { ...facts, audio, video, createdAtMs, ...mutedOf(muted) };
}

function mutedOf(muted: StreamInfo['muted']): Pick<WireStream, 'muted'> {
  const kinds = (['audio', 'video'] as const).filter((kind) => muted[kind]);
  return kinds.length > 0 ? { muted: kinds } : {};
}

/** Returns a member's permissions in wire form. */
export function wirePermissions(permissions: Permissions): WirePermissions {
  const { publishAudio, publishVideo, screen, moderation, stage, rename, chat, polls } = permissions;
  return {
    publishAudio,
    publishVideo,
    ...(screen && { screen }),
    ...(moderation && { moderation }),
    ...(stage && { stage }),
    ...(rename && { rename }),
    ...(chat && { chat }),
    ...(polls && { polls }),
  };
}

/** Returns a room's state as one member may see it, with members only if it requested them. */
export function wireSnapshot(room: RoomSnapshot, viewer: MemberInfo): WireSnapshot {
  const { seq, streamSeq, shown } = room;
  const polls = wirePolls(room.polls, viewer);
  const stores = wireStores(room.stores, viewer);
  return {
    seq,
    userSeq: shown.userSeq,
    streamSeq,
    memberCount: shown.memberCount,
    permissions: wirePermissions(viewer.permissions),
    ...(viewer.stage && { stage: viewer.stage }),
    members: viewer.wantsMembers
      ? room.members.filter((member) => isShown(member, viewer)).map((member) => wireMember(member, viewer))
      : [],
    streams: room.streams.map(wireStream),
    infos: room.infos,
    ...(polls.length > 0 && { polls }),
    ...(stores.length > 0 && { stores }),
  };
}

/**
 * Returns the frame of an event as a receiving member sees it; undefined if clients get no events of its type.
 *
 * @param view the member's view of the event
 */
export function roomEventFrame(event: RoomEvent, viewer: MemberInfo, view: EventView): RoomEventFrame | undefined {
  const { seq } = event;
  switch (event.type) {
    case 'memberJoined': {
      const { userSeq, memberCount } = event.shown;
      return { event: 'memberJoined', seq, userSeq, memberCount, member: wireMember(event.member, viewer) };
    }
    case 'memberLeft': {
      const { shown, cause } = event;
      return { event: 'memberLeft', seq, ...shown, member: wireMember(event.member, viewer), cause };
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
    case 'stageChanged':
      return { event: 'memberUpdated', seq, member: wireMember(event.member, viewer) };
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
      // A poll event has no other views.
      return pollFrame(event, view as PollEventView);
    case 'storeOpened':
    case 'storeChanged':
      return storeFrame(event);
    case 'roomInfoSet':
      return { event: 'roomInfo', seq, info: event.info };
    case 'message': {
      const { kind, messageId, from, text, content, to, atMs } = event;
      const recipients = kind === 'chat' && to && { to };
      return {
        event: 'message',
        seq,
        kind,
        messageId,
        from,
        text,
        ...(content && { content }),
        sentAtMs: atMs,
        ...recipients,
      };
    }
    case 'messageChanged':
      return { event: 'messageChanged', seq, change: event.change, message: event.message };
    default:
      return undefined;
  }
}

/** Returns the frame that the acting user's own clients get instead of the stream's removal (STRM-2, STRM-3). */
export function mediaClosedFrame({ stream, cause, streamSeq }: RoomEventOf<'streamRemoved'>): MediaClosedFrame {
  return { event: 'mediaClosed', streamId: stream.streamId, cause, streamSeq };
}

/** Returns the publisher's frame for a publish that ended unannounced; undefined if the publisher itself stopped it. */
export function publishEndedFrame({ stream, cause }: RoomEventOf<'streamReleased'>): PublishEndedFrame | undefined {
  return cause === 'stopped' ? undefined : { event: 'publishEnded', streamId: stream.streamId, cause };
}

/** Returns a member's frame for an event, also for one that it missed (SIG-2); undefined if it does not receive it. */
export function frameFor(
  event: RoomEvent,
  member: MemberInfo,
): RoomEventFrame | MediaClosedFrame | PublishEndedFrame | undefined {
  if (event.type === 'streamReleased') {
    return event.stream.memberId === member.memberId ? publishEndedFrame(event) : undefined;
  }
  const view = createViewFinder(event)(member);
  if (view) return roomEventFrame(event, member, view);
  return event.type === 'streamRemoved' ? mediaClosedFrame(event) : undefined;
}

/**
 * Returns the function that finds a member's view of an event; members with the same view get the same frame. It returns
 * undefined for a member that does not receive the event.
 */
export function createViewFinder(event: RoomEvent): (member: MemberInfo) => EventView | undefined {
  switch (event.type) {
    case 'pollUpdated':
      return createPollViewFinder(event);
    case 'customMessage':
    case 'storeChanged': {
      const recipients = event.to && new Set(event.to);
      const senderId = event.type === 'customMessage' ? event.member.memberId : event.memberId;
      return ({ memberId }) => ((recipients?.has(memberId) ?? memberId !== senderId) ? 'whole' : undefined);
    }
    default:
      return (member) => {
        if (!isReceived(event, member)) return undefined;
        return isRequestHidden(event, member) ? 'without-request' : 'whole';
      };
  }
}

/** Returns whether an event shows a member that asks for the stage to one that must not see it. */
function isRequestHidden(event: RoomEvent, viewer: MemberInfo): boolean {
  switch (event.type) {
    case 'memberJoined':
    case 'memberLeft':
    case 'memberUpdated':
    case 'stageChanged':
      return shownStage(event.member, event.member.stage, viewer) !== event.member.stage;
    default:
      return false;
  }
}

/** Returns the members that somebody may see who is not in the room. */
export function wireMembersForVisitor(members: readonly MemberInfo[]): readonly WireMember[] {
  return members.filter((member) => isShown(member)).map((member) => wireMember(member));
}

/** Returns whether a member may see another one; a hidden member sees itself (HIDE-1). */
const isShown = ({ memberId, permissions }: MemberInfo, viewer?: MemberInfo): boolean =>
  !permissions.hidden || memberId === viewer?.memberId;

/** Returns whether a member receives an event. It does not receive its own join, nor messages that it sent itself. */
function isReceived(event: RoomEvent, member: MemberInfo): boolean {
  switch (event.type) {
    case 'memberJoined':
    case 'memberLeft':
      return member.wantsMembers && event.member.memberId !== member.memberId && isShown(event.member, member);
    case 'memberUpdated':
      return (member.wantsMembers || event.member.memberId === member.memberId) && isShown(event.member, member);
    case 'stageChanged': {
      const { member: whose, before } = event;
      if (shownStage(whose, before, member) === shownStage(whose, whose.stage, member)) return false;
      return (member.wantsMembers || whose.memberId === member.memberId) && isShown(whose, member);
    }
    case 'permissionsChanged':
      return event.member.memberId === member.memberId;
    case 'storeOpened':
      return event.memberId === member.memberId;
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
