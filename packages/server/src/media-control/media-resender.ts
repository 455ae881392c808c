/**
 * Sends a member that resumes the media events that it may have missed: they are about a state, not about a change.
 *
 * @module
 */

import type { MemberId, PersonalEventFrame, RoomKey } from '@gavel/protocol';
import type { Notifier } from '../bus/bus.ts';
import type { EventBatch, EventSink } from '../owner/rooms.ts';
import type { MediaState } from './media-state.ts';

/** Dependencies of the resender. */
export interface MediaResenderDeps {
  readonly state: MediaState;
  readonly notifier: Notifier;
}

/** Follows the events of rooms, as a sink that is called after the fan-out. */
export class MediaResender implements EventSink {
  readonly #deps: MediaResenderDeps;

  constructor(deps: MediaResenderDeps) {
    this.#deps = deps;
  }

  handle({ key, events }: EventBatch): void {
    for (const event of events) if (event.type === 'memberResumed') this.#resend(key, event.member.memberId);
  }

  #resend(key: RoomKey, memberId: MemberId): void {
    const { state, notifier } = this.#deps;
    const notify = (frame: PersonalEventFrame) => notifier.notify({ key, to: [memberId], frame });
    for (const { stream, demand } of state.streamsOf(memberId)) {
      if (demand) notify({ event: 'demandChanged', streamId: stream.streamId, ...demand });
    }
    for (const { streamId, isPaused } of state.plays.ofMember(memberId)) {
      if (isPaused !== undefined) notify({ event: 'videoPaused', streamId, isPaused });
    }
  }
}
