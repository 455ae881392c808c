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

/** The events of a live stream; none is emitted. */
export interface LivestreamEvents {
  livestreamUpdate: [state: LivestreamState];
  viewerCountUpdate: [count: number];
}

/** The live stream of a meeting. It is never live; every request is refused. */
export class Livestream extends EventEmitter<LivestreamEvents> {
  readonly state: LivestreamState = 'IDLE';
  readonly viewerCount = 0;
  readonly playbackUrl: string | undefined = undefined;
  /** Always undefined. */
  readonly ingestionCredentials = asDeclared<{ ingestionServer: string; streamKey: string }>(undefined);
  readonly #permissions: Permissions;

  constructor(permissions: Permissions) {
    super();
    this.#permissions = permissions;
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
