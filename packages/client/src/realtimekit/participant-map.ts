/**
 * A map of participants that emits its changes (reference realtimekit 8.3).
 *
 * @module
 */

import { EmittingMap } from './emitting-map.ts';
import type { MediaScore } from './media-score.ts';
import type { ScreenShareState } from './own-screen.ts';
import type { AudioState, Participant, UnsupportedMedia, VideoState } from './participant.ts';

/** The events of a map of participants. */
export interface ParticipantMapEvents {
  participantJoined: [participant: Participant];
  participantLeft: [participant: Participant];
  /** It was removed by a host or an API call; `participantLeft` is emitted first. */
  kicked: [event: { readonly id: string }];
  /** All participants were removed because the own session ended. */
  participantsCleared: [];
  /** A participant's name changed. */
  participantsUpdate: [];
  audioUpdate: [participant: Participant, state: AudioState];
  videoUpdate: [participant: Participant, state: VideoState];
  screenShareUpdate: [participant: Participant, state: ScreenShareState];
  /** The events of a participant follow it here with their own arguments; for these three, that is the participant again. */
  pinned: [participant: Participant, again: Participant];
  unpinned: [participant: Participant, again: Participant];
  stageStatusUpdate: [participant: Participant, again: Participant];
  mediaScoreUpdate: [participant: Participant, score: MediaScore];
  /** Specific to Gavel: media of this kind is sent, but this browser supports none of its codecs (MED-8). */
  mediaUnsupported: [participant: Participant, media: Pick<UnsupportedMedia, 'kind' | 'source'>];
  poorConnection: [participant: Participant, event: { readonly score: number; readonly kind: string }];
}

/** A map of participants by peer id that emits its changes. The session fills it; do not write to it. */
export class ParticipantMap extends EmittingMap<Participant, ParticipantMapEvents> {
  /** Functions that stop forwarding a participant's events, by peer id. */
  readonly #unfollow = new Map<string, () => void>();

  /** The event of an addition. */
  readonly onAddEvent = 'participantJoined';
  /** The event of a removal. */
  readonly onDeleteEvent = 'participantLeft';
  /** The event of the removal of all. */
  readonly onClearEvent = 'participantsCleared';

  /** Adds a participant to this map only. The client fills its maps itself. */
  add(participant: Participant, emitEvent = true): this {
    this.handleJoined(participant, emitEvent);
    return this;
  }

  /** Adds a participant if it is missing; emits `participantJoined` unless it was in the room before the own join. */
  handleJoined(participant: Participant, shouldEmit: boolean): void {
    if (this.has(participant.id)) return;
    this.set(participant.id, participant);
    this.#unfollow.set(participant.id, this.#follow(participant));
    if (shouldEmit) this.emit('participantJoined', participant);
  }

  /** Removes a participant and emits `participantLeft`. */
  handleLeft(id: string, wasKicked: boolean): void {
    const participant = this.get(id);
    if (!participant) return;
    this.delete(id);
    this.#unfollow.get(id)?.();
    this.#unfollow.delete(id);
    this.emit('participantLeft', participant);
    if (wasKicked) this.emit('kicked', { id });
  }

  /** Handles a new name of a participant. */
  handleRenamed(id: string): void {
    if (this.has(id)) this.emit('participantsUpdate');
  }

  /** Removes all participants and emits one event. */
  handleCleared(): void {
    if (this.size === 0) return;
    this.clear();
    for (const unfollow of this.#unfollow.values()) unfollow();
    this.#unfollow.clear();
    this.emit('participantsCleared');
  }

  /** Emits every event of a participant, with the participant as the first argument. */
  #follow(participant: Participant): () => void {
    const relay = (event: string, ...args: unknown[]) => {
      this.emit(event as 'audioUpdate', participant, ...(args as [AudioState]));
    };
    participant.on('*', relay);
    return () => void participant.off('*', relay);
  }
}
