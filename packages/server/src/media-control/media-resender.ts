/**
 * Sends a member that resumes the media events that it may have missed: they are about a state, not about a change.
 *
 * @module
 */

import type { MemberId, PersonalEventFrame } from '@gavel/protocol';
import type { EventBatch, EventSink } from '../rooms/rooms.ts';
import type { MediaState } from './media-state.ts';

/** Dependencies of the resender. */
export interface MediaResenderDeps {
  readonly state: MediaState;
  /** Sends an event to one member's client. */
  readonly notify: (memberId: MemberId, frame: PersonalEventFrame) => void;
}

/** Follows the events of rooms, as a sink that is called after the fan-out. */
export class MediaResender implements EventSink {
  readonly #deps: MediaResenderDeps;

  constructor(deps: MediaResenderDeps) {
    this.#deps = deps;
  }

  handle({ events }: EventBatch): void {
    for (const event of events) if (event.type === 'memberResumed') this.#resend(event.member.memberId);
  }

  #resend(memberId: MemberId): void {
    const { state, notify } = this.#deps;
    for (const { stream, demand } of state.streamsOf(memberId)) {
      if (demand) notify(memberId, { event: 'demandChanged', streamId: stream.streamId, ...demand });
    }
    for (const { streamId, isPaused } of state.plays.ofMember(memberId)) {
      if (isPaused !== undefined) notify(memberId, { event: 'videoPaused', streamId, isPaused });
    }
  }
}
