/**
 * Facts about the meeting and the connection to it (reference realtimekit 8.6).
 *
 * @module
 */

import type { IdentifyResult } from '@gavel/protocol';
import { asDeclared } from './declared.ts';
import { EventEmitter } from './event-emitter.ts';
import { POOR_SCORE } from './media-score.ts';
import { profileText } from './profile.ts';

/** The state of the connection to the server. */
export interface SocketState {
  /** `connected` also before the join, when the server has answered `init`. */
  readonly state: 'connected' | 'reconnecting' | 'disconnected' | 'failed';
  /** Whether the connection was re-established after a loss. */
  readonly reconnected: boolean;
  /** Always 0: the attempts are not counted. */
  readonly reconnectionAttempt: number;
}

/** The state of the media's connection to the server: what is sent, or what is received. */
export type TransportState = 'new' | 'connected' | 'reconnecting' | 'closed';

/** The states of the media's connections. */
export interface MediaState {
  readonly send: { readonly state: TransportState };
  readonly recv: { readonly state: TransportState };
}

/** A screen that is shown in the middle of the page. */
export interface ActiveTab {
  readonly type: 'screenshare' | 'plugin';
  readonly id: string;
}

/** The events of a meeting's facts. */
export interface MetaEvents {
  /** The start of the session became known, or another session began. */
  meetingStartTimeUpdate: [event: { readonly meetingStartedTimestamp: Date }];
  /** The connection to the server was established, lost or given up. */
  socketConnectionUpdate: [state: SocketState];
  /** Media flows, or was lost and is being re-established. */
  mediaConnectionUpdate: [event: { readonly transport: 'send' | 'recv'; readonly state: TransportState }];
  /** The quality of what is sent became poor. */
  poorConnection: [event: { readonly score: number }];
  /** `setSelfActiveTab` was called. */
  selfTabUpdate: [tab: ActiveTab];
  /** Another participant's tab was spotlighted; never emitted, because this server does not spotlight. */
  activeTabUpdate: [tab: ActiveTab];
  broadcastTabChangesUpdate: [broadcastTabChanges: boolean];
}

/** Facts about the meeting. */
export class Meta extends EventEmitter<MetaEvents> {
  #identity: IdentifyResult | undefined;
  #epoch = '';
  #mediaState: MediaState = { send: { state: 'new' }, recv: { state: 'new' } };
  #selfActiveTab: ActiveTab | undefined;
  #broadcastTabChanges = false;
  #isPoor = false;
  #socketState: SocketState = { state: 'disconnected', reconnected: false, reconnectionAttempt: 0 };

  get meetingId(): string {
    return profileText(this.#identity?.profile, 'meetingId') ?? this.#identity?.roomId ?? '';
  }

  get meetingTitle(): string {
    return profileText(this.#identity?.profile, 'meetingTitle') ?? '';
  }

  /** The session's id in the API; in a room without a meeting, the room's epoch (decimal digits). */
  get sessionId(): string {
    return this.#identity?.session?.id ?? this.#epoch;
  }

  /** When the session began; undefined while none is running; this may be earlier than the room's creation, if members came back to the session. */
  get meetingStartedTimestamp(): Date {
    const { startedAtMs } = this.#identity?.session ?? {};
    return asDeclared(startedAtMs === undefined ? undefined : new Date(startedAtMs));
  }

  /** The view type of the own preset, such as `GROUP_CALL`. */
  get viewType(): string {
    const viewType = this.#identity?.facts?.viewType;
    return typeof viewType === 'string' ? viewType : '';
  }

  /** The state of the connection to the server. */
  get socketState(): SocketState {
    return this.#socketState;
  }

  /** The states of the media's connections; `new` until media flowed for the first time. */
  get mediaState(): MediaState {
    return this.#mediaState;
  }

  /** The tab that the application has set with `setSelfActiveTab`. */
  get selfActiveTab(): ActiveTab | undefined {
    return this.#selfActiveTab;
  }

  /** Whether the application wants its tabs spotlighted; only stored, because this server does not spotlight. */
  get broadcastTabChanges(): boolean {
    return this.#broadcastTabChanges;
  }

  /** Sets which tab is shown here; emits `selfTabUpdate`. */
  setSelfActiveTab(tab: ActiveTab, _tabChangeSource?: number): void {
    this.#selfActiveTab = tab;
    this.emit('selfTabUpdate', tab);
  }

  /** Sets `broadcastTabChanges`. */
  setBroadcastTabChanges(broadcastTabChanges: boolean): void {
    this.#broadcastTabChanges = broadcastTabChanges;
    this.emit('broadcastTabChangesUpdate', broadcastTabChanges);
  }

  /** Handles a measurement of what is sent: emits `poorConnection` when its score falls below the limit. */
  handleScore(score: number): void {
    const isPoor = score < POOR_SCORE;
    if (isPoor && !this.#isPoor) this.emit('poorConnection', { score });
    this.#isPoor = isPoor;
  }

  /** Handles a new state of the media's connections. */
  handleMedia(transport: 'send' | 'recv', state: TransportState): void {
    if (state === this.#mediaState[transport].state) return;
    this.#mediaState = { ...this.#mediaState, [transport]: { state } };
    this.emit('mediaConnectionUpdate', { transport, state });
  }

  /** Handles the answer of `identify`, or of a login with the room's epoch. */
  handleIdentity(identity: IdentifyResult, epoch = this.#epoch): void {
    const before = this.#identity?.session?.startedAtMs;
    this.#identity = identity;
    this.#epoch = epoch;
    const { startedAtMs = before } = identity.session ?? {};
    if (startedAtMs !== before) {
      this.emit('meetingStartTimeUpdate', { meetingStartedTimestamp: this.meetingStartedTimestamp });
    }
  }

  /** Handles a new state of the connection. */
  handleSocket(state: SocketState['state'], reconnected = false): void {
    if (state === this.#socketState.state && !reconnected) return;
    this.#socketState = { state, reconnected, reconnectionAttempt: 0 };
    this.emit('socketConnectionUpdate', this.#socketState);
  }
}
