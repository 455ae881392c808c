/**
 * Executes the media commands of members, at the owner of their rooms.
 *
 * @module
 */

import type { MediaEngine } from '@gavel/media';
import { type AppId, GavelError, type RoomKey } from '@gavel/protocol';
import { KeyedQueue } from '../base/keyed-queue.ts';
import type { MediaCommand, MediaReplyOf } from '../bus/media-commands.ts';
import type { HeldPlay } from '../claims/held-claims.ts';
import type { Rooms } from '../owner/rooms.ts';
import type { Origin } from '../rooms/commands.ts';
import { DONE } from '../rooms/replies.ts';
import type { RoomState } from '../rooms/room-state.ts';
import type { MediaState } from './media-state.ts';
import type { MediaMonitor } from './monitor.ts';
import { type Caller, orderOf, replyOf } from './negotiation.ts';
import type { Negotiator } from './negotiator.ts';
import type { SoundMonitor } from './sound-monitor.ts';

/** Dependencies of the service. */
export interface MediaServiceDeps {
  readonly rooms: Pick<Rooms, 'answer'>;
  readonly negotiator: Negotiator;
  readonly sounds: Pick<SoundMonitor, 'watch'>;
  readonly monitor: Pick<MediaMonitor, 'adopt' | 'abandon'>;
  readonly engine: Pick<MediaEngine, 'limitSending'>;
  readonly state: Pick<MediaState, 'appPlays'>;
  /** Whether this node may decide for a room that it has; by default it may. A node without a valid lease must not (CLUS-5). */
  readonly mayDecide?: (key: RoomKey) => boolean;
}

/** The handler of media commands. */
export class MediaService {
  readonly #deps: MediaServiceDeps;
  /** By member: a stop must not overtake an earlier offer, which waits for the engine (SIG-1). */
  readonly #queue = new KeyedQueue();

  constructor(deps: MediaServiceDeps) {
    this.#deps = deps;
  }

  /**
   * @throws GavelError as the command documents; `room.member-not-found` if the member is not in the room,
   *   `server.node-unavailable` if this node may not decide for the room
   */
  async execute<C extends MediaCommand>(key: RoomKey, command: C, origin: Origin): Promise<MediaReplyOf<C>> {
    const reply = await this.#queue.run(command.memberId, () => this.#execute(key, command, origin));
    return reply as MediaReplyOf<C>;
  }

  /** Goes on with the media of a room that another node owned. Its members are in the room already. */
  adopt(state: RoomState): void {
    this.#deps.monitor.adopt(state);
  }

  /** Closes all media of a room that this node may no longer decide about. */
  abandon(key: RoomKey): Promise<void> {
    return this.#deps.monitor.abandon(key);
  }

  /** Returns the places of plays of an App that this node has, where they are limited. */
  heldPlaysOf(appId: AppId): readonly HeldPlay[] {
    return this.#deps.state.appPlays?.heldOf(appId) ?? [];
  }

  /** Lets media be sent for so long from now, as `MediaEngine.limitSending`. */
  limitSending(remainingMs: number | undefined): void {
    this.#deps.engine.limitSending(remainingMs);
  }

  async #execute(key: RoomKey, command: MediaCommand, origin: Origin): Promise<MediaReplyOf<MediaCommand>> {
    const { rooms, negotiator, sounds } = this.#deps;
    const { member } = rooms.answer(key, { type: 'member', memberId: command.memberId });
    if (!member) throw new GavelError('room.member-not-found');
    if (this.#deps.mayDecide?.(key) === false) throw new GavelError('server.node-unavailable');
    const caller: Caller = { key, member, origin };
    switch (command.type) {
      case 'negotiate':
        return replyOf(await negotiator.negotiate(caller, orderOf(command)));
      case 'unpublish':
        await negotiator.unpublish(caller, command.streamId);
        return DONE;
      case 'stopPlaying':
        await negotiator.stop(caller, command.streamId);
        return DONE;
      case 'preferVideo':
        await negotiator.preferVideo(caller, command.streamId, command.preferences);
        return DONE;
      case 'watchSoundLevels':
        sounds.watch(key, command.memberId, command.intervalMs);
        return DONE;
    }
  }
}
