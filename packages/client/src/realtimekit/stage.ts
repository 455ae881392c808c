/**
 * The stage: who may send media now, in meetings whose presets have one (reference realtimekit 8.6).
 *
 * @module
 */

import type { Params, StageState, WireMember } from '@gavel/protocol';
import type { RoomChange } from '../core/room-view.ts';
import type { RoomSession } from '../core/session.ts';
import { CODES, RealtimeKitError, requireIds, toRealtimeKitError } from './errors.ts';
import { EventEmitter } from './event-emitter.ts';

/** The kinds of requests to join the stage. */
export const RequestToJoinType = { PRESENT: 'REQUEST_TO_PRESENT' } as const;

/** A participant's place: everybody is on stage in meetings without one. */
export type StageStatus = 'OFF_STAGE' | 'REQUESTED_TO_JOIN_STAGE' | 'ACCEPTED_TO_JOIN_STAGE' | 'ON_STAGE';

/** A request to join the stage. */
export interface StageRequest {
  readonly displayName: string;
  readonly userId: string;
  readonly peerId: string;
}

/** The events of the stage. */
export interface StageEvents {
  /** The own place changed. */
  stageStatusUpdate: [status: StageStatus];
  /** A host granted the own request: `join` may be called now. */
  stageRequestApproved: [];
  /** A host denied the own request. */
  stageRequestRejected: [];
  /** The requests of others changed; only with the permission `acceptStageRequests`, as the next event. */
  stageAccessRequestUpdate: [requests: StageRequest[]];
  /** Others ask for access; `count` is how many ask now. */
  newStageRequest: [event: { readonly count: number }];
}

const STATUS_OF = {
  off: 'OFF_STAGE',
  requested: 'REQUESTED_TO_JOIN_STAGE',
  accepted: 'ACCEPTED_TO_JOIN_STAGE',
  on: 'ON_STAGE',
} as const satisfies Record<StageState, StageStatus>;

/** Converts the place of a member; undefined is that of a member without a stage. */
export const toStageStatus = (state: StageState | undefined): StageStatus => STATUS_OF[state ?? 'on'];

/** The stage of a meeting. */
export class Stage extends EventEmitter<StageEvents> {
  #session: RoomSession | undefined;
  #status: StageStatus = 'ON_STAGE';
  #requests: StageRequest[] = [];
  #isCancelling = false;

  /** The own place; `ON_STAGE` in meetings without a stage, and before the join. */
  get status(): StageStatus {
    return this.#status;
  }

  /** The own peer id; empty outside the room. */
  get peerId(): string {
    return this.#session?.self?.memberId ?? '';
  }

  /** The requests of others to join the stage; empty without the permission `acceptStageRequests`. */
  getAccessRequests(): { stageRequests: StageRequest[] } {
    return { stageRequests: [...this.#requests] };
  }

  /**
   * Asks the hosts for access. A participant whose preset allows the stage is accepted at once.
   *
   * @throws RealtimeKitError `1201` if the preset excludes the stage, `0002` outside the room, `0013` for more than 5
   *   steps in a second
   */
  async requestAccess(): Promise<void> {
    await this.#change('request');
  }

  /** Withdraws the own request; throws as `requestAccess` does. */
  async cancelRequestAccess(): Promise<void> {
    this.#isCancelling = true;
    try {
      await this.#change('cancel');
    } finally {
      this.#isCancelling = false;
    }
  }

  /** Joins the stage, after a host's acceptance or if the preset allows it; throws as `requestAccess` does. */
  async join(): Promise<void> {
    await this.#change('join');
  }

  /** Leaves the stage: the own microphone, camera and screen are off. Throws as `requestAccess` does. */
  async leave(): Promise<void> {
    await this.#change('leave');
  }

  /**
   * Lets users join the stage, whether they asked or not, on all of their connections.
   *
   * @throws RealtimeKitError `1201` without the permission `acceptStageRequests`, or if a user's preset excludes the stage;
   *   `1204` if none of the users is in the room
   */
  async grantAccess(userIds: string[]): Promise<void> {
    await this.#moderate('grantStage', userIds);
  }

  /** Denies users the stage, also after an acceptance that they have not used; throws as `grantAccess` does. */
  async denyAccess(userIds: string[]): Promise<void> {
    await this.#moderate('denyStage', userIds);
  }

  /** Takes users off the stage: their media ends at once. They may ask again. Throws as `grantAccess` does. */
  async kick(userIds: string[]): Promise<void> {
    await this.#moderate('removeFromStage', userIds);
  }

  /** Subscribes to a session that has just been joined. */
  attach(session: RoomSession): void {
    this.#session = session;
    this.#status = toStageStatus(session.room?.stage);
    this.#requests = this.#findRequests();
    session.on('changed', (change) => {
      if (this.#session === session) this.#handleChange(change);
    });
    if (this.#requests.length > 0) this.#emitRequests(true);
  }

  /** Drops the session. */
  detach(): void {
    this.#session = undefined;
    this.#status = 'ON_STAGE';
    this.#requests = [];
  }

  #handleChange({ membersJoined, membersLeft, membersUpdated }: RoomChange): void {
    this.#handleStatus(toStageStatus(this.#session?.room?.stage));
    if (membersJoined.length + membersLeft.length + membersUpdated.length === 0) return;
    const before = new Set(this.#requests.map(({ peerId }) => peerId));
    const now = this.#findRequests();
    const isNew = now.some(({ peerId }) => !before.has(peerId));
    if (!isNew && now.length === before.size) return;
    this.#requests = now;
    this.#emitRequests(isNew);
  }

  #emitRequests(isNew: boolean): void {
    this.emit('stageAccessRequestUpdate', [...this.#requests]);
    if (isNew) this.emit('newStageRequest', { count: this.#requests.length });
  }

  #handleStatus(status: StageStatus): void {
    const before = this.#status;
    if (status === before) return;
    this.#status = status;
    this.emit('stageStatusUpdate', status);
    if (before !== 'REQUESTED_TO_JOIN_STAGE' || this.#isCancelling) return;
    if (status === 'OFF_STAGE') this.emit('stageRequestRejected');
    else this.emit('stageRequestApproved');
  }

  #findRequests(): StageRequest[] {
    const others = this.#session?.room?.otherMembers() ?? [];
    return others.filter(({ stage }) => stage === 'requested').map(toRequest);
  }

  #change(action: Params<'changeStage'>['action']): Promise<void> {
    return this.#with((session) => session.request('changeStage', { action }));
  }

  #moderate(action: 'grantStage' | 'denyStage' | 'removeFromStage', userIds: string[]): Promise<void> {
    return this.#with((session) => {
      requireIds(userIds);
      return session.request('moderate', { action, userIds: [...userIds] });
    });
  }

  async #with(request: (session: RoomSession) => Promise<unknown>): Promise<void> {
    if (!this.#session) throw new RealtimeKitError(CODES.couldNotJoin, 'not in the room');
    try {
      await request(this.#session);
    } catch (error) {
      throw toRealtimeKitError(error);
    }
  }
}

const toRequest = ({ memberId, user }: WireMember): StageRequest => ({
  displayName: user.name,
  userId: user.id,
  peerId: memberId,
});
