/**
 * The own user: fields, state in the room, microphone and camera (reference realtimekit 8.2).
 *
 * @module
 */

import type { LoginResult, WireMember, WirePermissions, WireWaiting } from '@gavel/protocol';
import { Emitter } from '../core/emitter.ts';
import type { MediaPlatform } from '../core/media/media-platform.ts';
import type { RoomSession } from '../core/session.ts';
import type { LeaveState } from './causes.ts';
import { CODES, RealtimeKitError, toRealtimeKitError } from './errors.ts';
import { type DeviceListUpdate, findLossReason, type MediaPermission, OwnDevices } from './own-devices.ts';
import { type Kind, OwnMedia } from './own-media.ts';
import { OwnScreen, type ScreenShareState, type ScreenShareTracks } from './own-screen.ts';
import type { AudioState, VideoState } from './participant.ts';
import { Permissions } from './permissions.ts';
import { type PersonFields, toPersonFields } from './profile.ts';

/** The events of the own user. */
export interface SelfEvents {
  /** In the room; `reconnected` after a lost connection. */
  roomJoined: [event: { readonly reconnected: boolean }];
  /** It waits to be let in; `roomJoined` or `roomLeft` comes of it. */
  waitlisted: [];
  /** Out of the room, for good. */
  roomLeft: [event: { readonly state: LeaveState }];
  audioUpdate: [state: AudioState];
  videoUpdate: [state: VideoState];
  /** Its screen is shared, or is not any more, by whomever that was ended. */
  screenShareUpdate: [state: ScreenShareState];
  /** A device was chosen with `setDevice`. */
  deviceUpdate: [event: { readonly device: MediaDeviceInfo }];
  /** Devices came or went, while in the room. */
  deviceListUpdate: [update: DeviceListUpdate];
  /** A microphone or camera in use has gone, or its permission: its kind is off, and may be enabled again (PRIV-2). */
  mediaPermissionUpdate: [event: { readonly message: MediaPermission; readonly kind: Kind }];
  /** Comes after `mediaPermissionUpdate`, with the constraints that the device was opened with. */
  mediaPermissionError: [
    event: { readonly message: MediaPermission; readonly kind: Kind; readonly constraints: MediaStreamConstraints },
  ];
  /** This connection is pinned for everybody. */
  pinned: [];
  unpinned: [];
}

/** Where it stands. */
export type RoomState = 'init' | 'waitlisted' | 'joined' | LeaveState;

/** What has come of a wait to be let in, if there was one. */
export type WaitlistStatus = 'none' | 'waiting' | 'accepted' | 'rejected';

/** The own user. Fields that come from the server are empty before the first join. */
export class Self extends Emitter<SelfEvents> {
  /** What it may do. */
  readonly permissions = new Permissions();
  readonly #media: OwnMedia;
  readonly #screen: OwnScreen;
  readonly #devices = new OwnDevices((update) => this.emit('deviceListUpdate', update));
  #roomState: RoomState = 'init';
  #waitlistStatus: WaitlistStatus = 'none';
  /** While it waits. */
  #waiting: WireWaiting | undefined;
  #login: LoginResult | undefined;
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

  /** The peer id: this connection. */
  get id(): string {
    return (this.#waiting ?? this.#login)?.memberId ?? '';
  }

  /** The same as `id`. */
  get peerId(): string {
    return this.id;
  }

  /** The participant record's id. */
  get userId(): string {
    return this.#person?.userId ?? '';
  }

  /** As others see it; before the join the one that was set with `setName`. */
  get name(): string {
    const known = this.#person?.name ?? '';
    return this.roomJoined ? known : (this.#wantedName ?? known);
  }

  /** The name to come in with, where one was set. */
  get wantedName(): string | undefined {
    return this.#wantedName;
  }

  /** Whether this connection is pinned for everybody. */
  get isPinned(): boolean {
    return this.#isPinned;
  }

  get picture(): string | undefined {
    return this.#person?.picture;
  }

  get customParticipantId(): string | undefined {
    return this.#person?.customParticipantId;
  }

  get presetName(): string | undefined {
    return this.#person?.presetName;
  }

  /** `init`, `waitlisted`, `joined`, or how it was left. */
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

  /** The tracks of the shared screen; sound is among them where the browser gives it. */
  get screenShareTracks(): ScreenShareTracks {
    return this.#screen.state.screenShareTracks;
  }

  /** Gives the machine's microphones, cameras and speakers; their names are empty until the user has allowed one. */
  getAllDevices(): Promise<readonly MediaDeviceInfo[]> {
    return this.#devices.all();
  }

  /**
   * Takes sound or picture from this device from now on, at once where that is on.
   *
   * @throws RealtimeKitError `0002` for a speaker, which is the page's to choose, and where the browser refuses the device
   */
  async setDevice(device: MediaDeviceInfo): Promise<void> {
    if (device.kind === 'audiooutput') {
      throw new RealtimeKitError(CODES.couldNotJoin, 'sound is played by the page, which chooses the speaker');
    }
    await this.#media.setDevice(device.kind === 'audioinput' ? 'audio' : 'video', device.deviceId);
    this.emit('deviceUpdate', { device });
  }

  /**
   * Changes the own name for everybody in the room; before the join, the name to come in with, which counts where
   * the preset lets it.
   *
   * @param name 1 to 256 characters
   * @throws RealtimeKitError `1201` without the permission `canEditDisplayName`, `0013` for more than 2 in a second
   */
  async setName(name: string): Promise<void> {
    if (this.roomJoined) await this.#with((session) => session.rename(name));
    this.#wantedName = name;
  }

  /** Pins this connection for everybody. @throws RealtimeKitError `1201` without the permission `pinParticipant` */
  async pin(): Promise<void> {
    await this.#setPinned(true);
  }

  /** Takes the pin off; throws as `pin` does. */
  async unpin(): Promise<void> {
    await this.#setPinned(false);
  }

  /**
   * Turns the microphone on, or takes the given track in its place. The last call wins: where another call overtakes it
   * before the device is open, it resolves, and what the browser gives later is closed (PRIV-1).
   *
   * @throws RealtimeKitError `1201` where the preset or a host does not allow it, else that of the browser's refusal
   */
  async enableAudio(customTrack?: MediaStreamTrack): Promise<void> {
    await this.#media.enable('audio', customTrack);
  }

  /** Turns the camera on, or takes the given track in its place; throws as `enableAudio` does. */
  async enableVideo(customTrack?: MediaStreamTrack): Promise<void> {
    await this.#media.enable('video', customTrack);
  }

  /** Turns the microphone off; the device stays open, so that it is on again at once. */
  async disableAudio(): Promise<void> {
    await this.#media.disable('audio');
  }

  /** Turns the camera off, and its light. */
  async disableVideo(): Promise<void> {
    await this.#media.disable('video');
  }

  /**
   * Asks for a screen, a window or a tab and shares it, with its sound where the browser gives that; resolves when it is sent.
   *
   * It ends by `disableScreenShare`, by the browser's own button, by a host, and with the session.
   *
   * @throws RealtimeKitError `1201` where the preset or a host does not allow it, or as many screens are shared as it
   *   allows; `0002` before the join, and where the browser or its user refuses
   */
  async enableScreenShare(): Promise<void> {
    await this.#screen.enable();
  }

  /** Ends the sharing of the screen. */
  async disableScreenShare(): Promise<void> {
    this.#screen.disable();
  }

  /** Takes that it waits to be let in; after a lost connection it may be told so again. */
  handleWaiting(waiting: WireWaiting): void {
    this.#waiting = waiting;
    this.#waitlistStatus = 'waiting';
    if (this.#roomState === 'waitlisted') return;
    this.#roomState = 'waitlisted';
    this.emit('waitlisted');
  }

  /** Takes the answer of a login; `reconnected` after a lost connection. */
  handleJoined(session: RoomSession, reconnected: boolean): void {
    this.#session = session;
    this.#login = session.self;
    if (session.self) this.permissions.handle(session.self.permissions, false, session.self.facts);
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

  /** Takes what the room says of this connection now. */
  handleMember({ user, pinned }: WireMember): void {
    if (this.#login) this.#login = { ...this.#login, user };
    this.#becomePinned(pinned === true);
  }

  /** Takes new permissions: what is not allowed any more is off, and what is allowed now can be turned on. */
  handlePermissions(permissions: WirePermissions): void {
    this.#media.handlePermissions(permissions);
    this.#screen.handlePermissions(permissions);
    this.permissions.handle(permissions, true);
  }

  /** Takes the end of a session: everything is stopped, unless it was never joined and may be tried again. */
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
    const known = this.#waiting ?? this.#login;
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
