/**
 * Facts about the meeting and the connection to it (reference realtimekit 8.6).
 *
 * @module
 */

import type { LoginResult } from '@gavel/protocol';
import { EventEmitter } from './event-emitter.ts';
import { profileText } from './profile.ts';

/** The state of the connection to the server. */
export type SocketState = 'connecting' | 'connected' | 'reconnecting' | 'disconnected';

/** The events of a meeting's facts. */
export interface MetaEvents {
  /** The start of the session became known, or another session began. */
  meetingStartTimeUpdate: [event: { readonly meetingStartedTimestamp: Date }];
  socketConnectionUpdate: [event: { readonly state: SocketState }];
}

/** Facts about the meeting; empty before the first join. */
export class Meta extends EventEmitter<MetaEvents> {
  #login: LoginResult | undefined;

  get meetingId(): string {
    return profileText(this.#login?.profile, 'meetingId') ?? this.#login?.roomId ?? '';
  }

  get meetingTitle(): string {
    return profileText(this.#login?.profile, 'meetingTitle') ?? '';
  }

  /** The session's id in the API; in a room without a meeting, the room's epoch (decimal digits). */
  get sessionId(): string {
    return this.#login?.session?.id ?? this.#login?.epoch ?? '';
  }

  /** When the session began; this may be earlier than the room's creation, if members came back to the session. */
  get meetingStartedTimestamp(): Date | undefined {
    const { startedAtMs } = this.#login?.session ?? {};
    return startedAtMs === undefined ? undefined : new Date(startedAtMs);
  }

  /** The view type of the own preset, such as `GROUP_CALL`. */
  get viewType(): string {
    const viewType = this.#login?.facts?.viewType;
    return typeof viewType === 'string' ? viewType : '';
  }

  /** Handles the answer of a login. */
  handleLogin(login: LoginResult | undefined): void {
    const before = this.meetingStartedTimestamp?.getTime();
    this.#login = login;
    const { meetingStartedTimestamp } = this;
    if (meetingStartedTimestamp && meetingStartedTimestamp.getTime() !== before) {
      this.emit('meetingStartTimeUpdate', { meetingStartedTimestamp });
    }
  }

  /** Handles a new state of the connection. */
  handleSocket(state: SocketState): void {
    this.emit('socketConnectionUpdate', { state });
  }
}
