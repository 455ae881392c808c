/**
 * Snapshots of live rooms that the outbox stores with their callbacks, and the events that close a room after its server stopped (ROOM-10).
 *
 * @module
 */

import type { EventBatch } from '../owner/rooms.ts';
import type { RoomEvent, RoomEventOf } from '../rooms/events.ts';
import type { MemberInfo } from '../rooms/member.ts';
import type { StreamInfo } from '../rooms/stream.ts';
import type { LiveRoom, LiveRoomChange } from '../store/live-rooms.ts';

/** Returns the change that a batch makes to the snapshot of its room, or undefined if it makes none. */
export function liveChangeOf({ key, epoch, events }: EventBatch): LiveRoomChange | undefined {
  const members = new Map<string, MemberInfo>();
  const streams = new Map<string, StreamInfo>();
  const gone: LiveRoomChange['gone'][number][] = [];
  const facts: { begins: boolean; ends: boolean; userSeq?: number; streamSeq?: number } = {
    begins: false,
    ends: false,
  };
  let isChanged = false;
  for (const event of events) {
    switch (event.type) {
      case 'roomCreated':
        facts.begins = true;
        break;
      case 'roomClosed':
        facts.ends = true;
        break;
      case 'memberJoined':
        members.set(event.member.memberId, event.member);
        facts.userSeq = event.userSeq;
        break;
      case 'memberLeft':
        if (!members.delete(event.member.memberId)) gone.push(event.member.memberId);
        facts.userSeq = event.userSeq;
        break;
      case 'streamAdded':
        streams.set(event.stream.publishId, event.stream);
        facts.streamSeq = event.streamSeq;
        break;
      case 'streamRemoved':
        if (!streams.delete(event.stream.publishId)) gone.push(event.stream.publishId);
        facts.streamSeq = event.streamSeq;
        break;
      default:
        continue;
    }
    isChanged = true;
  }
  return isChanged
    ? { key, epoch, ...facts, members: [...members.values()], streams: [...streams.values()], gone }
    : undefined;
}

/** Returns the events that close a room that was live when the server stopped or crashed. */
export function closingBatchOf(
  { key, epoch, userSeq, streamSeq, members, streams }: LiveRoom,
  atMs: number,
): EventBatch {
  const cause = 'room-closed';
  const common = { epoch, seq: 0, atMs };
  const streamsRemoved = streams.map(
    (stream, index): RoomEventOf<'streamRemoved'> => ({
      ...common,
      type: 'streamRemoved',
      stream,
      cause,
      streamSeq: streamSeq + index + 1,
    }),
  );
  const membersLeft = members.map((member, index): RoomEventOf<'memberLeft'> => {
    const seq = userSeq + index + 1;
    const memberCount = members.length - index - 1;
    return {
      ...common,
      type: 'memberLeft',
      member,
      cause,
      reason: '',
      userSeq: seq,
      memberCount,
      shown: { userSeq: seq, memberCount },
    };
  });
  const closed: RoomEvent = { ...common, type: 'roomClosed', cause, reason: '', announce: true };
  return {
    key,
    epoch,
    origin: { channel: 'server', requestId: 'restart' },
    events: [...streamsRemoved, ...membersLeft, closed],
  };
}
