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

  /** Names this life of the room: decimal digits. */
  get sessionId(): string {
    return this.#login?.epoch ?? '';
  }

  /** Takes the answer of a login. */
  handleLogin(login: LoginResult | undefined): void {
    this.#login = login;
  }

  /** Takes a new state of the connection. */
  handleSocket(state: SocketState): void {
    this.emit('socketConnectionUpdate', { state });
  }
}
