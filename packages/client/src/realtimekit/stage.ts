/**
 * The stage (reference realtimekit 8.6).
 *
 * @module
 */

import { EventEmitter } from './event-emitter.ts';

/** A participant's place: everybody is on stage in meetings without one. */
export type StageStatus = 'OFF_STAGE' | 'REQUESTED_TO_JOIN_STAGE' | 'ACCEPTED_TO_JOIN_STAGE' | 'ON_STAGE';

/** The events of the stage. */
export interface StageEvents {
  stageStatusUpdate: [status: StageStatus];
}

/** The stage of a meeting: everybody is on it. */
export class Stage extends EventEmitter<StageEvents> {
  get status(): StageStatus {
    return 'ON_STAGE';
  }

  /** The requests to join the stage; none, since everybody is on it. */
  getAccessRequests(): { stageRequests: { displayName: string; userId: string; peerId: string }[] } {
    return { stageRequests: [] };
  }
}
