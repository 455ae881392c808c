/**
 * The maps of a meeting's participants, and who is in which.
 *
 * @module
 */

import type { Participant } from './participant.ts';
import { ParticipantMap } from './participant-map.ts';

/** Fills the maps; the own user is in none of them. */
export class ParticipantMaps {
  readonly joined = new ParticipantMap();
  readonly active = new ParticipantMap();
  readonly pinned = new ParticipantMap();
  readonly videoSubscribed = new ParticipantMap();
  readonly audioSubscribed = new ParticipantMap();
  readonly all = new ParticipantMap();

  /** Takes in who is in the room; tells unless it was there before the own join. */
  handleJoined(participant: Participant, tells: boolean): void {
    // First into its own map, so that whoever hears of something finds the participant there.
    participant.on('pinned', () => this.pinned.handleJoined(participant, true));
    participant.on('unpinned', () => this.pinned.handleLeft(participant.id, false));
    participant.on('videoUpdate', ({ videoTrack }) => this.#follow(this.videoSubscribed, participant, videoTrack));
    participant.on('audioUpdate', ({ audioTrack }) => this.#follow(this.audioSubscribed, participant, audioTrack));
    if (participant.isPinned) this.pinned.handleJoined(participant, tells);
    for (const map of [this.all, this.active, this.joined]) map.handleJoined(participant, tells);
  }

  /** Takes out who has left the room; `all` keeps it. */
  handleLeft(id: string, wasKicked: boolean): void {
    const maps = [this.pinned, this.videoSubscribed, this.audioSubscribed, this.active, this.joined];
    for (const map of maps) map.handleLeft(id, wasKicked);
  }

  /** Forgets everybody. */
  handleCleared(): void {
    const maps = [this.pinned, this.videoSubscribed, this.audioSubscribed, this.active, this.joined, this.all];
    for (const map of maps) map.handleCleared();
  }

  #follow(map: ParticipantMap, participant: Participant, track: MediaStreamTrack | undefined): void {
    if (track && this.joined.has(participant.id)) map.handleJoined(participant, true);
    else map.handleLeft(participant.id, false);
  }
}
