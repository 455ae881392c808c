/**
 * What a dead owner has stored of a room and published to nobody: its callbacks are sent, and their numbers are used (CLUS-7).
 *
 * @module
 */

import type { MemberId, PublishId, StreamId } from '@gavel/protocol';
import type { RoomEvent, RoomEventOf } from '../rooms/events.ts';
import type { RoomState } from '../rooms/room-state.ts';
import type { LiveRoom } from '../store/live-rooms.ts';

/** The difference between the store and the newest replica of a room. */
export interface Unpublished {
  /** The replica, with the numbers after which the next owner goes on. */
  readonly state: RoomState;
  /** The end of members and streams that no replica has: their beginning was stored, and nobody was answered. */
  readonly ends: readonly RoomEvent[];
  /** Members and streams whose end was stored: the next owner removes them, and their end is not stored again. */
  readonly goneMembers: readonly MemberId[];
  readonly goneStreams: readonly { readonly streamId: StreamId; readonly publishId: PublishId }[];
}

/**
 * Compares the newest replica of a room with what is stored of it; undefined if nothing is missing in the replica.
 *
 * @param stored the room with its callbacks, in the journal's transaction; undefined for an App without callbacks
 */
export function findUnpublished(state: RoomState, stored: LiveRoom | undefined, atMs: number): Unpublished | undefined {
  if (!stored || stored.epoch !== state.epoch) return undefined;
  const { members, streams } = state;
  const [userSteps, streamSteps] = [stored.userSeq - members.userSeq, stored.streamSeq - streams.streamSeq];
  if (userSteps <= 0 && streamSteps <= 0) return undefined;
  const known = new Set(members.members.map(({ member }) => member.memberId));
  const live = streams.slots.filter((slot) => slot.state === 'live').map(({ info }) => info);
  const knownStreams = new Set(live.map(({ publishId }) => publishId));
  const storedMembers = new Set(stored.members.map(({ memberId }) => memberId));
  const storedStreams = new Set(stored.streams.map(({ publishId }) => publishId));
  // More than the numbers permit is not explained by what was stored last: it is left as it is.
  const goneMembers = atMost(
    userSteps,
    [...known].filter((id) => !storedMembers.has(id)),
  );
  const goneStreams = atMost(
    streamSteps,
    live.filter(({ publishId }) => !storedStreams.has(publishId)),
  );
  const newMembers = atMost(
    userSteps,
    stored.members.filter(({ memberId }) => !known.has(memberId)),
  );
  const newStreams = atMost(
    streamSteps,
    stored.streams.filter(({ publishId }) => !knownStreams.has(publishId)),
  );
  const userSeq = Math.max(stored.userSeq, members.userSeq);
  const streamSeq = Math.max(stored.streamSeq, streams.streamSeq);
  const common = { epoch: state.epoch, seq: state.seq, atMs, cause: 'connection-lost' } as const;
  const streamEnds = newStreams.map(
    (stream, index): RoomEventOf<'streamRemoved'> => ({
      ...common,
      ...{ type: 'streamRemoved', stream, streamSeq: streamSeq + index + 1 },
    }),
  );
  const memberEnds = newMembers.map(
    (member, index): RoomEventOf<'memberLeft'> => ({
      ...common,
      ...{ type: 'memberLeft', member, reason: '', userSeq: userSeq + index + 1 },
      ...{ memberCount: known.size, shown: { ...members.shown } },
    }),
  );
  return {
    // The ends that are not stored again use the last of the stored numbers.
    state: {
      ...state,
      members: { ...members, userSeq: userSeq + memberEnds.length - goneMembers.length },
      streams: { ...streams, streamSeq: streamSeq + streamEnds.length - goneStreams.length },
    },
    ends: [...streamEnds, ...memberEnds],
    goneMembers,
    goneStreams: goneStreams.map(({ streamId, publishId }) => ({ streamId, publishId })),
  };
}

const atMost = <T>(limit: number, found: readonly T[]): readonly T[] => (found.length <= limit ? found : []);
