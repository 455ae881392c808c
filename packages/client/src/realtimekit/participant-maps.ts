/**
 * The maps of a meeting's participants.
 *
 * @module
 */

import type { Participant } from './participant.ts';
import { ParticipantMap } from './participant-map.ts';

/** Maintains the maps; the own user is in none of them. */
export class ParticipantMaps {
  readonly joined = new ParticipantMap();
  readonly active = new ParticipantMap();
  readonly pinned = new ParticipantMap();
  readonly videoSubscribed = new ParticipantMap();
  readonly audioSubscribed = new ParticipantMap();
  readonly all = new ParticipantMap();

  /** Adds a participant and emits `participantJoined`, also for those who were in the room before the own join, as the vendor does. */
  handleJoined(participant: Participant): void {
    // The specific maps first, so that event handlers find the participant there.
    participant.on('pinned', () => this.pinned.handleJoined(participant, true));
    participant.on('unpinned', () => this.pinned.handleLeft(participant.id, false));
    participant.on('videoUpdate', ({ videoTrack }) => this.#follow(this.videoSubscribed, participant, videoTrack));
    participant.on('audioUpdate', ({ audioTrack }) => this.#follow(this.audioSubscribed, participant, audioTrack));
    if (participant.isPinned) this.pinned.handleJoined(participant, true);
    for (const map of [this.all, this.active, this.joined]) map.handleJoined(participant, true);
  }

  /** Removes a participant that left the room; `all` keeps it. */
  handleLeft(id: string, wasKicked: boolean): void {
    const maps = [this.pinned, this.videoSubscribed, this.audioSubscribed, this.active, this.joined];
    for (const map of maps) map.handleLeft(id, wasKicked);
  }

  /** Clears the maps. */
  handleCleared(): void {
    const maps = [this.pinned, this.videoSubscribed, this.audioSubscribed, this.active, this.joined, this.all];
    for (const map of maps) map.handleCleared();
  }

  #follow(map: ParticipantMap, participant: Participant, track: MediaStreamTrack | undefined): void {
    if (track && this.joined.has(participant.id)) map.handleJoined(participant, true);
    else map.handleLeft(participant.id, false);
  }
}
