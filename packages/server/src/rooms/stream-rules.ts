/**
 * Rules about streams: blocks of kinds of a stream in a room, and forbidden stream ids.
 *
 * @module
 */

import type { RoomId, RoomKey, StreamId } from '@gavel/protocol';
import { type Rule, RuleBook, type RuleBookDeps } from './rule-book.ts';
import type { World } from './rule-keeper.ts';

/** Kinds of media that a rule holds back. */
export interface BlockedKinds {
  readonly audio: boolean;
  readonly video: boolean;
}

/** No kind is held back. */
export const NOTHING_BLOCKED: BlockedKinds = { audio: false, video: false };

/** A rule that holds back kinds of one stream in one room, even if it is published later (RULE-2). */
export interface StreamBlock extends Rule {
  readonly roomId: RoomId;
  readonly streamId: StreamId;
  readonly blocked: BlockedKinds;
}

/** Maximum number of blocks in force in one world. */
export const MAX_STREAM_BLOCKS = 10_000;
/** Maximum number of forbidden stream ids in one world. */
export const MAX_FORBIDDEN_STREAMS = 100_000;

// A room id cannot contain a line break.
const subjectOf = (roomId: RoomId, streamId: StreamId) => `${roomId}\n${streamId}`;

/** The blocks of all worlds. */
export class StreamBlocks extends RuleBook<StreamBlock> {
  constructor(deps: RuleBookDeps) {
    super(deps, {
      kind: 'stream-block',
      max: MAX_STREAM_BLOCKS,
      subjectOf: ({ roomId, streamId }) => subjectOf(roomId, streamId),
      write: ({ roomId, streamId, blocked }) => ({ roomId, streamId, blocked }),
      read: (definition, { createdAtMs, untilMs }) => ({
        ...(definition as unknown as Omit<StreamBlock, keyof Rule>),
        createdAtMs,
        untilMs,
      }),
    });
  }

  /** Returns the block of a stream that is in force now. */
  of(key: RoomKey, streamId: StreamId): StreamBlock | undefined {
    return this.find(key, subjectOf(key.roomId, streamId));
  }

  /** Ends the block of a stream, if there is one. */
  async lift(key: RoomKey, streamId: StreamId): Promise<void> {
    await this.delete(key, [subjectOf(key.roomId, streamId)]);
  }
}

/** A stream id that may not be published in any room. */
export interface ForbiddenStream extends Rule {
  readonly streamId: StreamId;
}

/** The forbidden stream ids of all worlds. These rules have no end. */
export class ForbiddenStreams extends RuleBook<ForbiddenStream> {
  constructor(deps: RuleBookDeps) {
    super(deps, {
      kind: 'forbidden-stream',
      max: MAX_FORBIDDEN_STREAMS,
      subjectOf: ({ streamId }) => streamId,
      write: ({ streamId }) => ({ streamId }),
      read: (definition, times) => ({ ...(definition as unknown as { streamId: StreamId }), ...times }),
    });
  }

  /** Returns whether a stream id is forbidden now. */
  has(world: World, streamId: StreamId): boolean {
    return this.find(world, streamId) !== undefined;
  }
}
