/**
 * The own user: fields, state in the room, microphone and camera (reference realtimekit 8.2).
 *
 * @module
 */

import type { IdentifyResult, WireMember, WirePermissions, WireWaiting } from '@gavel/protocol';
import type { MediaPlatform } from '../core/media/media-platform.ts';
import { randomId } from '../core/platform.ts';
import type { RoomSession } from '../core/session.ts';
import type { LeaveState } from './causes.ts';
import { CODES, RealtimeKitError, toRealtimeKitError } from './errors.ts';
import { EventEmitter } from './event-emitter.ts';
import { textOf } from './json.ts';
import { type DeviceListUpdate, findLossReason, type MediaPermission, OwnDevices } from './own-devices.ts';
import { type Kind, OwnMedia } from './own-media.ts';
import { OwnScreen, type ScreenShareState, type ScreenShareTracks } from './own-screen.ts';
import type { AudioState, VideoState } from './participant.ts';
import { Permissions } from './permissions.ts';
import { type PersonFields, toPersonFields } from './profile.ts';
import { ThemePreset } from './theme-preset.ts';

/** The events of the own user. */
export interface SelfEvents {
  /** The room was joined; `reconnected` after a lost connection. */
  roomJoined: [event: { readonly reconnected: boolean }];
  /** The participant is on the waiting list; `roomJoined` or `roomLeft` follows. */
  waitlisted: [];
  /** The room was left permanently. */
  roomLeft: [event: { readonly state: LeaveState }];
  audioUpdate: [state: AudioState];
  videoUpdate: [state: VideoState];
  /** Screen sharing started or ended, whoever ended it. */
  screenShareUpdate: [state: ScreenShareState];
  /** `setDevice` selected a device. */
  deviceUpdate: [event: { readonly device: MediaDeviceInfo }];
  /** Devices were added or removed while in the room. */
  deviceListUpdate: [update: DeviceListUpdate];
  /** A microphone or camera in use was lost, or its permission revoked: its kind is off and can be enabled again (PRIV-2). */
  mediaPermissionUpdate: [event: { readonly message: MediaPermission; readonly kind: Kind }];
  /** Follows `mediaPermissionUpdate`, with the constraints with which the device was opened. */
  mediaPermissionError: [
    event: { readonly message: MediaPermission; readonly kind: Kind; readonly constraints: MediaStreamConstraints },
  ];
  /** This connection was pinned for everyone. */
  pinned: [];
  unpinned: [];
}

/** The state in the room. */
export type RoomState = 'init' | 'waitlisted' | 'joined' | LeaveState;

/** The outcome of waiting for admission, if any. */
export type WaitlistStatus = 'none' | 'waiting' | 'accepted' | 'rejected';

/** The own user. */
export class Self extends EventEmitter<SelfEvents> {
  /** The own permissions. */
  readonly permissions = new Permissions();
  /** How the own preset wants the meeting to look, and its limits for media. */
  readonly config = new ThemePreset();
  readonly #media: OwnMedia;
  readonly #screen: OwnScreen;
  readonly #devices = new OwnDevices((update) => this.emit('deviceListUpdate', update));
  #roomState: RoomState = 'init';
  #waitlistStatus: WaitlistStatus = 'none';
  /** Set while on the waiting list. */
  #waiting: WireWaiting | undefined;
  #identity: IdentifyResult | undefined;
  #peerId = randomId();
  #session: RoomSession | undefined;
  #wantedName: string | undefined;
  #isPinned = false;

  constructor(media: MediaPlatform | undefined) {
    super();
    this.#media = new OwnMedia(media, {
      changed: (kind) => this.#emitUpdate(kind),
      lost: (kind, constraints) => void this.#emitLoss(kind, constraints),
    });
    this.#screen = new OwnScreen(media, (state) => this.emit('screenShareUpdate', state));
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

  get picture(): string | undefined {
    return this.#person?.picture;
  }

  /** The App's id in the REST API; empty in rooms without it. */
  get organizationId(): string {
    return textOf(this.#identity?.facts?.organizationId, '');
  }

  get customParticipantId(): string | undefined {
    return this.#person?.customParticipantId;
  }

  get presetName(): string | undefined {
    return this.#person?.presetName;
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

  get audioEnabled(): boolean {
    return this.#media.isEnabled('audio');
  }

  get videoEnabled(): boolean {
    return this.#media.isEnabled('video');
  }

  get audioTrack(): MediaStreamTrack | undefined {
    return this.#media.track('audio');
  }

  get videoTrack(): MediaStreamTrack | undefined {
    return this.#media.track('video');
  }

  get screenShareEnabled(): boolean {
    return this.#screen.state.screenShareEnabled;
  }

  /** The tracks of the shared screen, with audio if the browser provides it. */
  get screenShareTracks(): ScreenShareTracks {
    return this.#screen.state.screenShareTracks;
  }

  /** Returns the machine's microphones, cameras and speakers; their names are empty until the user has permitted a device. */
  getAllDevices(): Promise<readonly MediaDeviceInfo[]> {
    return this.#devices.all();
  }

  /**
   * Selects the device for audio or video; takes effect at once if the kind is on.
   *
   * @throws RealtimeKitError `0002` for a speaker, which the page itself selects, and if the browser refuses the device
   */
  async setDevice(device: MediaDeviceInfo): Promise<void> {
    if (device.kind === 'audiooutput') {
      throw new RealtimeKitError(CODES.couldNotJoin, 'a speaker cannot be set: the page plays the audio itself');
    }
    await this.#media.setDevice(device.kind === 'audioinput' ? 'audio' : 'video', device.deviceId);
    this.emit('deviceUpdate', { device });
  }

  /**
   * Changes the own name for everyone in the room; before the join, sets the name to join with, which is used if
   * the preset allows it.
   *
   * @param name 1 to 256 characters
   * @throws RealtimeKitError `1201` without the permission `canEditDisplayName`, `0013` for more than 2 in a second
   */
  async setName(name: string): Promise<void> {
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

  /**
   * Turns the microphone on, or uses the given track instead. The last call wins: if another call supersedes this one
   * before the device is open, this one resolves, and a device that the browser opens later is closed (PRIV-1).
   *
   * @throws RealtimeKitError `1201` if the preset or a host does not allow it, otherwise the code of the browser's refusal
   */
  async enableAudio(customTrack?: MediaStreamTrack): Promise<void> {
    await this.#media.enable('audio', customTrack);
  }

  /** Turns the camera on, or uses the given track instead; throws as `enableAudio` does. */
  async enableVideo(customTrack?: MediaStreamTrack): Promise<void> {
    await this.#media.enable('video', customTrack);
  }

  /** Turns the microphone off; the device stays open, so that it can be turned on again at once. */
  async disableAudio(): Promise<void> {
    await this.#media.disable('audio');
  }

  /** Turns the camera and its light off. */
  async disableVideo(): Promise<void> {
    await this.#media.disable('video');
  }

  /**
   * Asks the user for a screen, window or tab and shares it, with audio if the browser provides it; resolves when it is sent.
   *
   * `disableScreenShare`, the browser's own button, a host, or the end of the session ends the sharing.
   *
   * @throws RealtimeKitError `1201` if the preset or a host does not allow it, or the maximum number of screens is
   *   already shared; `0002` before the join, and if the browser or its user refuses
   */
  async enableScreenShare(): Promise<void> {
    await this.#screen.enable();
  }

  /** Ends screen sharing. */
  async disableScreenShare(): Promise<void> {
    this.#screen.disable();
  }

  /** Handles the answer of `identify`, and of a login. */
  handleIdentity(identity: IdentifyResult): void {
    this.#identity = identity;
    this.permissions.handle(identity.permissions, false, identity.facts);
    if (identity.facts) this.config.handleFacts(identity.facts, this.presetName ?? '');
    this.#media.handlePermissions(identity.permissions);
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
    this.#media.handleJoined(session);
    this.#screen.handleJoined(session);
    this.#devices.watch();
    this.#becomePinned(session.room?.members.get(this.id)?.pinned === true);
    this.emit('roomJoined', { reconnected });
    this.#media.start();
  }

  /** Handles an update of this connection's member. */
  handleMember({ user, pinned }: WireMember): void {
    if (this.#identity) this.#identity = { ...this.#identity, user };
    this.#becomePinned(pinned === true);
  }

  /** Applies new permissions: a kind that is no longer allowed is turned off; a newly allowed one can be turned on. */
  handlePermissions(permissions: WirePermissions): void {
    this.#media.handlePermissions(permissions);
    this.#screen.handlePermissions(permissions);
    this.permissions.handle(permissions, true);
  }

  /** Handles the end of a session: stops all media, unless the session was never joined and the join can be retried. */
  handleLeft(state: LeaveState, keepsMedia: boolean): void {
    this.#roomState = state;
    this.#waiting = undefined;
    this.#waitlistStatus = state === 'rejected' ? 'rejected' : 'none';
    this.#session = undefined;
    this.#isPinned = false;
    this.#media.handleLeft(keepsMedia);
    this.#screen.handleLeft();
    this.#devices.unwatch();
    this.emit('roomLeft', { state });
  }

  /** Closes microphone, camera and screen without a session. */
  handleClosed(): void {
    this.#media.handleLeft(false);
    this.#screen.handleLeft();
  }

  #becomePinned(isPinned: boolean): void {
    if (isPinned === this.#isPinned) return;
    this.#isPinned = isPinned;
    this.emit(isPinned ? 'pinned' : 'unpinned');
  }

  async #setPinned(pinned: boolean): Promise<void> {
    await this.#with((session) => session.request('moderate', { action: 'pin', memberId: this.id, pinned }));
  }

  async #with(ask: (session: RoomSession) => Promise<unknown>): Promise<void> {
    if (!this.#session) throw new RealtimeKitError(CODES.couldNotJoin, 'not in the room');
    try {
      await ask(this.#session);
    } catch (error) {
      throw toRealtimeKitError(error);
    }
  }

  get #person(): PersonFields | undefined {
    const known = this.#waiting ?? this.#identity;
    return known && toPersonFields(known.user, known.profile);
  }

  async #emitLoss(kind: Kind, constraints: MediaStreamConstraints): Promise<void> {
    const message = await findLossReason(kind);
    this.emit('mediaPermissionUpdate', { message, kind });
    this.emit('mediaPermissionError', { message, kind, constraints });
  }

  #emitUpdate(kind: Kind): void {
    if (kind === 'audio') {
      this.emit('audioUpdate', { audioEnabled: this.audioEnabled, audioTrack: this.audioTrack });
    } else {
      this.emit('videoUpdate', { videoEnabled: this.videoEnabled, videoTrack: this.videoTrack });
    }
  }
}
