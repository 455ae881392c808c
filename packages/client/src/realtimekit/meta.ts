/**
 * Facts about the meeting and the connection to it (reference realtimekit 8.6).
 *
 * @module
 */

import type { LoginResult } from '@gavel/protocol';
import { Emitter } from '../core/emitter.ts';
import { profileText } from './profile.ts';

/** The state of the connection to the server. */
export type SocketState = 'connecting' | 'connected' | 'reconnecting' | 'disconnected';

/** The events of a meeting's facts. */
export interface MetaEvents {
  /** The start of the session is known, or another session has begun. */
  meetingStartTimeUpdate: [event: { readonly meetingStartedTimestamp: Date }];
  socketConnectionUpdate: [event: { readonly state: SocketState }];
}

/** Facts about the meeting; empty before the first join. */
export class Meta extends Emitter<MetaEvents> {
  #login: LoginResult | undefined;

  get meetingId(): string {
    return profileText(this.#login?.profile, 'meetingId') ?? this.#login?.roomId ?? '';
  }

  get meetingTitle(): string {
    return profileText(this.#login?.profile, 'meetingTitle') ?? '';
  }

  /** The session's id, as the API has it; in a room that is no meeting's, the digits that name this life of it. */
  get sessionId(): string {
    return this.#login?.session?.id ?? this.#login?.epoch ?? '';
  }

  /** When the session began; that may be longer ago than the room, which somebody may have come back to. */
  get meetingStartedTimestamp(): Date | undefined {
    const { startedAtMs } = this.#login?.session ?? {};
    return startedAtMs === undefined ? undefined : new Date(startedAtMs);
  }

  /** Such as `GROUP_CALL`, as the own preset says. */
  get viewType(): string {
    const viewType = this.#login?.facts?.viewType;
    return typeof viewType === 'string' ? viewType : '';
  }

  /** Takes the answer of a login. */
  handleLogin(login: LoginResult | undefined): void {
    const before = this.meetingStartedTimestamp?.getTime();
    this.#login = login;
    const { meetingStartedTimestamp } = this;
    if (meetingStartedTimestamp && meetingStartedTimestamp.getTime() !== before) {
      this.emit('meetingStartTimeUpdate', { meetingStartedTimestamp });
    }
  }

  /** Takes a new state of the connection. */
  handleSocket(state: SocketState): void {
    this.emit('socketConnectionUpdate', { state });
  }
}
