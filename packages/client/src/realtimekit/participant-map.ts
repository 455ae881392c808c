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
  audioUpdate: [participant: Participant, state: AudioState];
  videoUpdate: [participant: Participant, state: VideoState];
  screenShareUpdate: [participant: Participant, state: ScreenShareState];
}

class MapEmitter extends Emitter<ParticipantMapEvents> {
  tell<E extends keyof ParticipantMapEvents>(event: E, ...args: ParticipantMapEvents[E]): void {
    this.emit(event, ...args);
  }
}

/** A map of participants by peer id that tells of its changes. The session fills it; do not write to it. */
export class ParticipantMap extends Map<string, Participant> {
  readonly #events = new MapEmitter();

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

  /** Puts a participant in, and tells unless it was there before the own join. */
  handleJoined(participant: Participant, tells: boolean): void {
    this.set(participant.id, participant);
    participant.on('audioUpdate', (state) => this.#events.tell('audioUpdate', participant, state));
    participant.on('videoUpdate', (state) => this.#events.tell('videoUpdate', participant, state));
    participant.on('screenShareUpdate', (state) => this.#events.tell('screenShareUpdate', participant, state));
    if (tells) this.#events.tell('participantJoined', participant);
  }

  /** Takes a participant out, and tells. */
  handleLeft(id: string, wasKicked: boolean): void {
    const participant = this.get(id);
    if (!participant) return;
    this.delete(id);
    this.#events.tell('participantLeft', participant);
    if (wasKicked) this.#events.tell('kicked', { id });
  }

  /** Takes everybody out, and tells once. */
  handleCleared(): void {
    if (this.size === 0) return;
    this.clear();
    this.#events.tell('participantsCleared');
  }
}
