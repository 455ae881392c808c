/**
 * The commands about streams that follow from their media: a stream is announced when its media is connected, and ended
 * when it has none.
 *
 * @module
 */

import { isGavelError, type PublishId, type RoomKey } from '@gavel/protocol';
import type { Rooms } from '../owner/rooms.ts';
import type { StreamInfo } from '../rooms/stream.ts';
import type { MediaState } from './media-state.ts';
import type { ConnectedPublish } from './pending-publishes.ts';

/** Dependencies of the announcer. */
export interface AnnouncerDeps {
  readonly rooms: Rooms;
  readonly state: MediaState;
  readonly log: { error(detail: object, message: string): void };
}

/** Announces and ends streams. Its methods never reject: nobody waits for them. */
export class Announcer {
  readonly #deps: AnnouncerDeps;

  constructor(deps: AnnouncerDeps) {
    this.#deps = deps;
  }

  /** Announces a stream whose media is connected (MED-6). */
  async announce({ publishId, kinds, origin }: ConnectedPublish): Promise<void> {
    const { rooms, state, log } = this.#deps;
    const published = state.streams.get(publishId);
    if (!published) return;
    const { key, stream } = published;
    try {
      const command = { type: 'announceStream', streamId: stream.streamId, publishId, ...kinds } as const;
      await rooms.execute(key, command, origin);
    } catch (error) {
      // The stream or the room was removed in the meantime.
      if (isGavelError(error, 'stream.not-found', 'room.not-found')) return;
      log.error({ ...describeStream(key, stream), err: error }, 'announcing a stream failed');
      await this.fail(publishId);
    }
  }

  /** Ends a stream whose media did not connect in time, or was not restored in time. */
  async fail(publishId: PublishId): Promise<void> {
    const { rooms, state, log } = this.#deps;
    const published = state.streams.get(publishId);
    if (!published) return;
    const { key, stream } = published;
    const { streamId } = stream;
    try {
      const command = { type: 'endStream', streamId, publishId, cause: 'media-failed' } as const;
      await rooms.execute(key, command, { channel: 'media', requestId: publishId });
    } catch (error) {
      // If the room no longer exists, the stream does not exist either.
      if (isGavelError(error, 'room.not-found')) return;
      log.error({ ...describeStream(key, stream), err: error }, 'ending a stream without media failed');
    }
  }
}

/** Returns the ids of a stream, for log lines. */
export function describeStream({ appId, roomId }: RoomKey, { streamId, user }: StreamInfo) {
  return { app: appId, room: roomId, user: user.id, stream: streamId };
}
