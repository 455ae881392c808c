/**
 * The own user: fields, state in the room, microphone and camera (reference realtimekit 8.2).
 *
 * @module
 */

import type { IdentifyResult, WireMember, WirePermissions, WireWaiting } from '@gavel/protocol';
import type { MediaPlatform } from '../core/media/media-platform.ts';
import { randomId } from '../core/platform.ts';
import type { RoomSession } from '../core/session.ts';
import { browserDetails, type DeviceConfig } from './browser-details.ts';
import type { LeaveState } from './causes.ts';
import { asDeclared } from './declared.ts';
import { CODES, RealtimeKitError, toParticipantsError, toSelfError } from './errors.ts';
import { textOf } from './json.ts';
import { ScoreChanges, scoresOf } from './media-score.ts';
import { Permissions } from './permissions.ts';
import { type PersonFields, toPersonFields } from './profile.ts';
import { type MediaParts, SelfMedia } from './self-media.ts';
import { type StageStatus, toStageStatus } from './stage.ts';
import { ThemePreset } from './theme-preset.ts';

/** The state in the room. */
export type RoomState = 'init' | 'waitlisted' | 'joined' | LeaveState;

/** The outcome of waiting for admission, if any. */
export type WaitlistStatus = 'none' | 'waiting' | 'accepted' | 'rejected';

/** The own user. */
export class Self extends SelfMedia {
  /** The own permissions. */
  readonly permissions = new Permissions();
  /** How the own preset wants the meeting to look, and its limits for media. */
  readonly config = new ThemePreset();
  /** The browser and its machine. */
  readonly device: DeviceConfig = browserDetails();
  /** Whether others may control this screen; never. */
  readonly supportsRemoteControl = false;
  /** The vendor's media objects; empty. */
  readonly producers: never[] = [];
  #roomState: RoomState = 'init';
  #waitlistStatus: WaitlistStatus = 'none';
  /** Set while on the waiting list. */
  #waiting: WireWaiting | undefined;
  #identity: IdentifyResult | undefined;
  #peerId = randomId();
  #session: RoomSession | undefined;
  #wantedName: string | undefined;
  #isPinned = false;
  #isHidden = false;
  readonly #scores = new ScoreChanges();

  /** `parts`: the media that `initMedia` has opened. */
  constructor(platform: MediaPlatform | undefined, parts?: MediaParts) {
    super(platform, parts);
  }

  /** The peer id of this connection; before the join a random id, which no other participant sees. */
  get id(): string {
    return this.#peerId;
  }

  /** The same as `id`. */
  get peerId(): string {
    return this.id;
  }

  /** The participant record's id. */
  get userId(): string {
    return this.#person?.userId ?? '';
  }

  /** The name that others see; before the join, the one set with `setName`. */
  get name(): string {
    const known = this.#person?.name ?? '';
    return this.roomJoined ? known : (this.#wantedName ?? known);
  }

  /** The name to join with, if one was set. */
  get wantedName(): string | undefined {
    return this.#wantedName;
  }

  /** Whether this connection is pinned for everyone. */
  get isPinned(): boolean {
    return this.#isPinned;
  }

  get picture(): string {
    return asDeclared(this.#person?.picture);
  }

  /** The App's id in the REST API; empty in rooms without it. */
  get organizationId(): string {
    return textOf(this.#identity?.facts?.organizationId, '');
  }

  get customParticipantId(): string {
    return asDeclared(this.#person?.customParticipantId);
  }

  get presetName(): string {
    return asDeclared(this.#person?.presetName);
  }

  /** `init`, `waitlisted`, `joined`, or the leave state. */
  get roomState(): RoomState {
    return this.#roomState;
  }

  get waitlistStatus(): WaitlistStatus {
    return this.#waitlistStatus;
  }

  get roomJoined(): boolean {
    return this.#roomState === 'joined';
  }

  /** Whether the own tile is hidden, here only; see `hide`. */
  get hidden(): boolean {
    return this.#isHidden;
  }

  /** How many videos the preset shows at once, on this kind of machine. */
  get maxVideoStreams(): number {
    const { mobile, desktop } = this.config.maxVideoStreams;
    return this.device.isMobile ? mobile : desktop;
  }

  /** `ON_STAGE` in meetings without a stage. */
  get stageStatus(): StageStatus {
    return toStageStatus(this.#session?.room?.stage);
  }

  /** The preset's name: the vendor's clients have no other role. */
  get role(): string | undefined {
    return this.presetName;
  }

  /**
   * Opens microphone and camera as `init` does.
   *
   * @param options.forceReset closes both first
   * @throws RealtimeKitError as `enableAudio` and `enableVideo`
   */
  async setupTracks(options: { video?: boolean; audio?: boolean; forceReset?: boolean } = {}): Promise<void> {
    const { audio, video, forceReset } = options ?? {};
    if (forceReset === true) this.cleanUpTracks();
    await this.init({ audio: audio === true, video: video === true });
  }

  /** Closes microphone, camera and screen (PRIV-1). */
  cleanUpTracks(): void {
    this.media.closeAll();
    this.screen.disable();
  }

  /** The same as `cleanUpTracks`. */
  async destructMediaHandler(): Promise<void> {
    this.cleanUpTracks();
  }

  /** Stops watching the list of devices. */
  async removeDocumentEventListeners(): Promise<void> {
    this.devices.unwatch();
  }

  /** The same as `removeDocumentEventListeners`. */
  cleanupEvents(): void {
    this.devices.unwatch();
  }

  /**
   * Changes the own name for everyone in the room; before the join, sets the name to join with, which is used if
   * the preset allows it.
   *
   * @param name 1 to 256 characters
   * @throws RealtimeKitError `1101` without the permission `canEditDisplayName`, `1103` for an empty name, `0013` for more than
   *   2 in a second
   */
  async setName(name: string): Promise<void> {
    if (typeof name !== 'string' || name === '') throw new RealtimeKitError(CODES.emptyName, 'the name is empty');
    if (this.roomJoined) await this.#with((session) => session.rename(name));
    this.#wantedName = name;
  }

  /** Pins this connection for everyone. @throws RealtimeKitError `1201` without the permission `pinParticipant` */
  async pin(): Promise<void> {
    await this.#setPinned(true);
  }

  /** Unpins this connection; throws as `pin` does. */
  async unpin(): Promise<void> {
    await this.#setPinned(false);
  }

  /** Changes here only whether this connection is pinned, until the next update. */
  setIsPinned(isPinned: boolean, emitEvent = true): void {
    if (isPinned === this.#isPinned) return;
    this.#isPinned = isPinned;
    if (emitEvent) this.emit(isPinned ? 'pinned' : 'unpinned', this);
  }

  /** Hides the own tile, for the application: emits `toggleTile`. @throws RealtimeKitError `1105` before the join */
  async hide(): Promise<void> {
    this.#setHidden(true);
  }

  /** Shows the own tile again; throws as `hide` does. */
  show(): void {
    this.#setHidden(false);
  }

  /** Handles the answer of `identify`, and of a login. */
  handleIdentity(identity: IdentifyResult): void {
    this.#identity = identity;
    this.permissions.handle(identity.permissions, false, identity.facts);
    if (identity.facts) this.config.handleFacts(identity.facts, this.presetName ?? '');
    this.media.handlePermissions(identity.permissions);
    if (identity.facts) this.media.settings.setPreset(this.config.mediaConstraints);
    this.devices.watch();
  }

  /** Measures what is sent, and emits changes of its quality. Returns the lowest score, if anything is sent. */
  async measure(): Promise<number | undefined> {
    const stats = await this.media.measure();
    const scores = stats ? scoresOf(stats, { participantId: this.id, isScreenshare: false }) : [];
    for (const score of scores.filter((score) => this.#scores.isNew(score))) this.emit('mediaScoreUpdate', score);
    return scores.length > 0 ? Math.min(...scores.map(({ score }) => score)) : undefined;
  }

  /** Handles being put on the waiting list; this may repeat after a lost connection. */
  handleWaiting(waiting: WireWaiting): void {
    this.#waiting = waiting;
    this.#peerId = waiting.memberId;
    this.#waitlistStatus = 'waiting';
    if (this.#roomState === 'waitlisted') return;
    this.#roomState = 'waitlisted';
    this.emit('waitlisted');
  }

  /** Handles the answer of a login; `reconnected` after a lost connection. */
  handleJoined(session: RoomSession, reconnected: boolean): void {
    this.#session = session;
    if (session.self) {
      this.handleIdentity(session.self);
      this.#peerId = session.self.memberId;
    }
    this.#roomState = 'joined';
    this.#waiting = undefined;
    if (this.#waitlistStatus !== 'none') this.#waitlistStatus = 'accepted';
    this.media.handleJoined(session);
    this.screen.handleJoined(session);
    this.devices.watch();
    this.setIsPinned(session.room?.members.get(this.id)?.pinned === true);
    this.emit('roomJoined', { reconnected });
    this.media.start();
  }

  /** Handles an update of this connection's member. */
  handleMember({ user, pinned }: WireMember): void {
    if (this.#identity) this.#identity = { ...this.#identity, user };
    this.setIsPinned(pinned === true);
  }

  /** Applies new permissions: a kind that is no longer allowed is turned off; a newly allowed one can be turned on. */
  handlePermissions(permissions: WirePermissions): void {
    this.media.handlePermissions(permissions);
    this.screen.handlePermissions(permissions);
    this.permissions.handle(permissions, true);
  }

  /** Handles the end of a session: stops all media, unless the session was never joined and the join can be retried. */
  handleLeft(state: LeaveState, keepsMedia: boolean): void {
    this.#roomState = state;
    this.#waiting = undefined;
    this.#waitlistStatus = state === 'rejected' ? 'rejected' : 'none';
    this.#session = undefined;
    this.#isPinned = false;
    this.media.handleLeft(keepsMedia);
    this.screen.handleLeft();
    this.devices.unwatch();
    this.emit('roomLeft', { state });
  }

  /** Closes microphone, camera and screen without a session. */
  handleClosed(): void {
    this.media.handleLeft(false);
    this.screen.handleLeft();
    this.devices.unwatch();
  }

  async #setPinned(pinned: boolean): Promise<void> {
    const pin = { action: 'pin', memberId: this.id, pinned } as const;
    await this.#with((session) =>
      session.request('moderate', pin).catch((error: unknown) => {
        throw toParticipantsError(error);
      }),
    );
  }

  async #with(ask: (session: RoomSession) => Promise<unknown>): Promise<void> {
    if (!this.#session) throw new RealtimeKitError(CODES.selfNotJoined, 'not in the room');
    try {
      await ask(this.#session);
    } catch (error) {
      throw toSelfError(error);
    }
  }

  get #person(): PersonFields | undefined {
    const known = this.#waiting ?? this.#identity;
    return known && toPersonFields(known.user, known.profile);
  }

  #setHidden(hidden: boolean): void {
    if (!this.roomJoined) throw new RealtimeKitError(CODES.selfNotJoined, 'not in the room');
    if (hidden === this.#isHidden) return;
    this.#isHidden = hidden;
    this.emit('toggleTile', { hidden });
  }
}
