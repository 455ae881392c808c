/**
 * A map of participants that emits its changes (reference realtimekit 8.3).
 *
 * @module
 */

import { Emitter, type Handler } from '../core/emitter.ts';
import type { ScreenShareState } from './own-screen.ts';
import type { AudioState, Participant, VideoState } from './participant.ts';

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
  pinned: [participant: Participant];
  unpinned: [participant: Participant];
}

class MapEmitter extends Emitter<ParticipantMapEvents> {
  raise<E extends keyof ParticipantMapEvents>(event: E, ...args: ParticipantMapEvents[E]): void {
    this.emit(event, ...args);
  }
}

/** A map of participants by peer id that emits its changes. The session fills it; do not write to it. */
export class ParticipantMap extends Map<string, Participant> {
  readonly #events = new MapEmitter();
  /** Functions that stop forwarding a participant's events, by peer id. */
  readonly #unfollow = new Map<string, () => void>();

  on<E extends keyof ParticipantMapEvents>(event: E, handler: Handler<ParticipantMapEvents[E]>): boolean {
    return this.#events.on(event, handler);
  }

  off<E extends keyof ParticipantMapEvents>(event: E, handler?: Handler<ParticipantMapEvents[E]>): boolean {
    return this.#events.off(event, handler);
  }

  /** Returns all participants, in the order of joining. */
  toArray(): Participant[] {
    return [...this.values()];
  }

  /** Adds a participant if it is missing; emits `participantJoined` unless it was in the room before the own join. */
  handleJoined(participant: Participant, shouldEmit: boolean): void {
    if (this.has(participant.id)) return;
    this.set(participant.id, participant);
    this.#unfollow.set(participant.id, this.#follow(participant));
    if (shouldEmit) this.#events.raise('participantJoined', participant);
  }

  /** Removes a participant and emits `participantLeft`. */
  handleLeft(id: string, wasKicked: boolean): void {
    const participant = this.get(id);
    if (!participant) return;
    this.delete(id);
    this.#unfollow.get(id)?.();
    this.#unfollow.delete(id);
    this.#events.raise('participantLeft', participant);
    if (wasKicked) this.#events.raise('kicked', { id });
  }

  /** Removes all participants and emits one event. */
  handleCleared(): void {
    if (this.size === 0) return;
    this.clear();
    for (const unfollow of this.#unfollow.values()) unfollow();
    this.#unfollow.clear();
    this.#events.raise('participantsCleared');
  }

  #follow(participant: Participant): () => void {
    const raise = this.#events.raise.bind(this.#events);
    const audio = (state: AudioState) => raise('audioUpdate', participant, state);
    const video = (state: VideoState) => raise('videoUpdate', participant, state);
    const screen = (state: ScreenShareState) => raise('screenShareUpdate', participant, state);
    const pinned = () => raise('pinned', participant);
    const unpinned = () => raise('unpinned', participant);
    const renamed = () => raise('participantsUpdate');
    participant.on('audioUpdate', audio);
    participant.on('videoUpdate', video);
    participant.on('screenShareUpdate', screen);
    participant.on('pinned', pinned);
    participant.on('unpinned', unpinned);
    participant.on('nameUpdate', renamed);
    return () => {
      participant.off('audioUpdate', audio);
      participant.off('videoUpdate', video);
      participant.off('screenShareUpdate', screen);
      participant.off('pinned', pinned);
      participant.off('unpinned', unpinned);
      participant.off('nameUpdate', renamed);
    };
  }
}
