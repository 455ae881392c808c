/**
 * Rules about streams: kinds of a stream that are held back in a room, and stream ids that may not be published at all.
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

/** Holds back nothing. */
export const NOTHING_BLOCKED: BlockedKinds = { audio: false, video: false };

/** A rule that holds back kinds of one stream in one room, published now or later (RULE-2). */
export interface StreamBlock extends Rule {
  readonly roomId: RoomId;
  readonly streamId: StreamId;
  readonly blocked: BlockedKinds;
}

/** Most blocks in force at a time in one world. */
export const MAX_STREAM_BLOCKS = 10_000;
/** Most stream ids that are forbidden at a time in one world. */
export const MAX_FORBIDDEN_STREAMS = 100_000;

// A room id may not have a line break in it.
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

  /** The block of a stream that is in force now. */
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

/** The forbidden stream ids of all worlds. They have no end. */
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

  /** Whether a stream id is forbidden now. */
  has(world: World, streamId: StreamId): boolean {
    return this.find(world, streamId) !== undefined;
  }
}
