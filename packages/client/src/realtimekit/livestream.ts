/**
 * The live stream of the meeting: present for the call surface in meetings of the view type `LIVESTREAM`, inactive because this
 * server does not stream to a content delivery network (reference realtimekit 8.1).
 *
 * @module
 */

import { asDeclared } from './declared.ts';
import { CODES, RealtimeKitError } from './errors.ts';
import { EventEmitter } from './event-emitter.ts';
import type { Permissions } from './permissions.ts';

/** The state of a live stream. */
export type LivestreamState = 'IDLE' | 'STARTING' | 'WAITING_ON_MANUAL_INGESTION' | 'LIVESTREAMING' | 'STOPPING';

/** The events of a live stream. */
export interface LivestreamEvents {
  livestreamUpdate: [state: LivestreamState];
  viewerCountUpdate: [count: number];
}

/** The live stream of a meeting: `IDLE`, unless the application shows one with `setLivestreamState`. Every request is refused. */
export class Livestream extends EventEmitter<LivestreamEvents> {
  state: LivestreamState = 'IDLE';
  readonly viewerCount = 0;
  readonly playbackUrl: string | undefined = undefined;
  /** Always undefined. */
  readonly ingestionCredentials = asDeclared<{ ingestionServer: string; streamKey: string }>(undefined);
  readonly #permissions: Permissions;

  constructor(permissions: Permissions) {
    super();
    this.#permissions = permissions;
  }

  /** Shows the state of a live stream that the application makes itself; emits `livestreamUpdate`. */
  setLivestreamState(livestreamState: LivestreamState): void {
    this.state = livestreamState;
    this.emit('livestreamUpdate', livestreamState);
  }

  /** @throws RealtimeKitError `1901` without the permission `canLivestream`, else `1900`: this server has no live streams */
  async start(_config?: { readonly manualIngestion: boolean }): Promise<void> {
    if (!this.#permissions.canLivestream) {
      throw new RealtimeKitError(CODES.livestreamNotPermitted, 'the preset does not allow a live stream');
    }
    throw new RealtimeKitError(CODES.noLivestream, 'this server has no live streams');
  }

  /** @throws RealtimeKitError `1902`: no live stream has started */
  async stop(): Promise<void> {
    throw new RealtimeKitError(CODES.livestreamNotStarted, 'no live stream has started');
  }
}
