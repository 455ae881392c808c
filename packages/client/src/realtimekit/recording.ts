/**
 * Recordings of the meeting: present for the call surface, inactive because this server does not record (reference realtimekit 8.1).
 *
 * @module
 */

import { CODES, RealtimeKitError } from './errors.ts';
import { EventEmitter } from './event-emitter.ts';
import type { Permissions } from './permissions.ts';

/** The state of a recording. */
export type RecordingState = 'IDLE' | 'STARTING' | 'RECORDING' | 'PAUSED' | 'STOPPING';

/** One recording. */
export interface RecordingInfo {
  readonly id: string;
  readonly state: RecordingState;
  readonly type: 'BROWSER' | 'TRACK' | 'COMPOSITE';
}

/** The events of recordings. */
export interface RecordingEvents {
  recordingUpdate: [state: RecordingState];
}

/** The recordings of a meeting: those that the application shows with `updateRecordings`. Every request is refused. */
export class Recording extends EventEmitter<RecordingEvents> {
  recordings: RecordingInfo[] = [];
  /** The peers that record. */
  readonly recordingPeerIds: string[] = [];
  readonly #permissions: Permissions;

  constructor(permissions: Permissions) {
    super();
    this.#permissions = permissions;
  }

  /** The state of the first recording in `recordings`; `IDLE` without one. */
  get recordingState(): RecordingState {
    return this.recordings[0]?.state ?? 'IDLE';
  }

  /** Shows recordings that the application makes itself; emits `recordingUpdate`. */
  updateRecordings(recordings: RecordingInfo[]): void {
    this.recordings = Array.isArray(recordings) ? recordings : [];
    this.emit('recordingUpdate', this.recordingState);
  }

  /** @throws RealtimeKitError `1001` without the permission `canRecord`, else `1000`: this server does not record */
  async start(_options?: { readonly allowMultiple: boolean }): Promise<void> {
    this.#refuse();
  }

  /** @throws RealtimeKitError as `start` */
  async stop(_recordingId?: string): Promise<void> {
    this.#refuse();
  }

  /** @throws RealtimeKitError as `start` */
  async pause(_recordingId?: string): Promise<void> {
    this.#refuse();
  }

  /** @throws RealtimeKitError as `start` */
  async resume(_recordingId?: string): Promise<void> {
    this.#refuse();
  }

  #refuse(): never {
    if (!this.#permissions.canRecord) {
      throw new RealtimeKitError(CODES.recordingNotPermitted, 'the preset does not allow recording');
    }
    throw new RealtimeKitError(CODES.noRecording, 'this server does not record meetings');
  }
}
