/**
 * A map of participants that tells of its changes (reference realtimekit 8.3).
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
  /** It was taken out by a host or an API call; `participantLeft` comes first. */
  kicked: [event: { readonly id: string }];
  /** Everybody was taken out at once, because the own session is over. */
  participantsCleared: [];
  /** The name of one of them has changed. */
  participantsUpdate: [];
  audioUpdate: [participant: Participant, state: AudioState];
  videoUpdate: [participant: Participant, state: VideoState];
  screenShareUpdate: [participant: Participant, state: ScreenShareState];
  pinned: [participant: Participant];
  unpinned: [participant: Participant];
}

class MapEmitter extends Emitter<ParticipantMapEvents> {
  tell<E extends keyof ParticipantMapEvents>(event: E, ...args: ParticipantMapEvents[E]): void {
    this.emit(event, ...args);
  }
}

/** A map of participants by peer id that tells of its changes. The session fills it; do not write to it. */
export class ParticipantMap extends Map<string, Participant> {
  readonly #events = new MapEmitter();
  /** Ends the passing on of a participant's events, by peer id. */
  readonly #unfollow = new Map<string, () => void>();

  on<E extends keyof ParticipantMapEvents>(event: E, handler: Handler<ParticipantMapEvents[E]>): boolean {
    return this.#events.on(event, handler);
  }

  off<E extends keyof ParticipantMapEvents>(event: E, handler?: Handler<ParticipantMapEvents[E]>): boolean {
    return this.#events.off(event, handler);
  }

  /** Everybody in it, in the order of coming. */
  toArray(): Participant[] {
    return [...this.values()];
  }

  /** Puts a participant in, unless it is in, and tells unless it was there before the own join. */
  handleJoined(participant: Participant, tells: boolean): void {
    if (this.has(participant.id)) return;
    this.set(participant.id, participant);
    this.#unfollow.set(participant.id, this.#follow(participant));
    if (tells) this.#events.tell('participantJoined', participant);
  }

  /** Takes a participant out, and tells. */
  handleLeft(id: string, wasKicked: boolean): void {
    const participant = this.get(id);
    if (!participant) return;
    this.delete(id);
    this.#unfollow.get(id)?.();
    this.#unfollow.delete(id);
    this.#events.tell('participantLeft', participant);
    if (wasKicked) this.#events.tell('kicked', { id });
  }

  /** Takes everybody out, and tells once. */
  handleCleared(): void {
    if (this.size === 0) return;
    this.clear();
    for (const unfollow of this.#unfollow.values()) unfollow();
    this.#unfollow.clear();
    this.#events.tell('participantsCleared');
  }

  #follow(participant: Participant): () => void {
    const tell = this.#events.tell.bind(this.#events);
    const audio = (state: AudioState) => tell('audioUpdate', participant, state);
    const video = (state: VideoState) => tell('videoUpdate', participant, state);
    const screen = (state: ScreenShareState) => tell('screenShareUpdate', participant, state);
    const pinned = () => tell('pinned', participant);
    const unpinned = () => tell('unpinned', participant);
    const renamed = () => tell('participantsUpdate');
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
