/**
 * The maps of a meeting's participants.
 *
 * @module
 */

import type { Participant } from './participant.ts';
import { ParticipantMap } from './participant-map.ts';
import { ParticipantView, type ViewState } from './participant-view.ts';

/** Maintains the maps; the own user is in none of them. */
export class ParticipantMaps {
  readonly joined = new ParticipantMap();
  readonly active = new ParticipantMap();
  readonly pinned = new ParticipantMap();
  readonly videoSubscribed = new ParticipantMap();
  readonly audioSubscribed = new ParticipantMap();
  readonly all = new ParticipantMap();

  readonly view: ParticipantView;

  /** `viewChanged` is called when the view mode or the page has changed. */
  constructor(viewChanged: (event: 'viewModeChanged' | 'pageChanged', state: ViewState) => void) {
    this.view = new ParticipantView(this.active, viewChanged);
  }

  /** Adds a participant and emits `participantJoined`, also for those who were in the room before the own join, as the vendor does. */
  handleJoined(participant: Participant): void {
    // The specific maps first, so that event handlers find the participant there.
    participant.on('pinned', () => this.pinned.handleJoined(participant, true));
    participant.on('unpinned', () => this.pinned.handleLeft(participant.id, false));
    participant.on('videoUpdate', ({ videoTrack }) => this.#follow(this.videoSubscribed, participant, videoTrack));
    participant.on('audioUpdate', ({ audioTrack }) => this.#follow(this.audioSubscribed, participant, audioTrack));
    if (participant.isPinned) this.pinned.handleJoined(participant, true);
    this.all.handleJoined(participant, true);
    participant.on('stageStatusUpdate', () => this.#followStage(participant));
    this.#followStage(participant);
    this.joined.handleJoined(participant, true);
  }

  /** Removes a participant that left the room; `all` keeps it. */
  handleLeft(id: string, wasKicked: boolean): void {
    for (const map of [this.pinned, this.videoSubscribed, this.audioSubscribed]) map.handleLeft(id, wasKicked);
    this.view.handleLeft(id, wasKicked);
    this.joined.handleLeft(id, wasKicked);
  }

  /** Handles a new name of a participant. */
  handleRenamed(id: string): void {
    for (const map of [this.pinned, this.videoSubscribed, this.audioSubscribed, this.active, this.joined, this.all]) {
      map.handleRenamed(id);
    }
  }

  /** Clears the maps. */
  handleCleared(): void {
    for (const map of [this.pinned, this.videoSubscribed, this.audioSubscribed]) map.handleCleared();
    this.view.handleCleared();
    this.joined.handleCleared();
    this.all.handleCleared();
  }

  /** Only participants on the stage are shown: nobody else sends. */
  #followStage(participant: Participant): void {
    if (participant.stageStatus !== 'ON_STAGE') this.view.handleLeft(participant.id, false);
    else this.view.handleJoined(participant);
  }

  #follow(map: ParticipantMap, participant: Participant, track: MediaStreamTrack | undefined): void {
    if (track && this.joined.has(participant.id)) map.handleJoined(participant, true);
    else map.handleLeft(participant.id, false);
  }
}
