/**
 * Transcripts of the meeting: present for the call surface, empty because this server does not transcribe (reference realtimekit 8.1).
 *
 * @module
 */

import { EventEmitter } from './event-emitter.ts';

/** What one participant said. */
export interface Transcript {
  readonly id: string;
  readonly name: string;
  readonly peerId: string;
  readonly userId: string;
  readonly customParticipantId: string;
  readonly transcript: string;
  readonly isPartialTranscript: boolean;
  readonly date: Date;
}

/** The events of transcripts. */
export interface AiEvents {
  transcript: [transcript: Transcript];
}

/** The transcripts of a meeting. */
export class Ai extends EventEmitter<AiEvents> {
  /** What an application has added with `onTranscript`. */
  transcripts: Transcript[] = [];

  /** Resolves at once: there is no transcript to fetch. */
  async getActiveTranscript(): Promise<void> {}

  /** Adds a transcript that the application made itself, and emits it. */
  async onTranscript(transcript: Transcript): Promise<void> {
    this.transcripts = [...this.transcripts, transcript];
    this.emit('transcript', transcript);
  }
}
