/**
 * `RealtimeKitClient`: the call surface of RealtimeKit's web core over Gavel's core (reference realtimekit 8).
 *
 * @example
 * const meeting = await RealtimeKitClient.init({ authToken, baseURI: 'https://rooms.example.org' });
 * meeting.self.on('roomLeft', ({ state }) => console.log(state));
 * meeting.participants.joined.on('videoUpdate', (participant, { videoTrack }) => show(participant, videoTrack));
 * await meeting.join();
 *
 * @module
 */

import type { Results } from '@gavel/protocol';
import { completePlatform, type Platform, randomId } from '../core/platform.ts';
import { RoomSession } from '../core/session.ts';
import type { SessionState } from '../core/session-state.ts';
import { askAsVisitor, type VisitorMethod } from '../core/visitor.ts';
import { Ai } from './ai.ts';
import type { AudioPlayback } from './audio-playback.ts';
import type { MediaConfiguration } from './capture-settings.ts';
import { type LeaveState, leaveStateOf } from './causes.ts';
import { Chat } from './chat.ts';
import { ConnectedMeetings } from './connected-meetings.ts';
import { asDeclared } from './declared.ts';
import { announceError, CODES, RealtimeKitError, toEntryError, toRealtimeKitError } from './errors.ts';
import { Internals } from './internals.ts';
import { Livestream } from './livestream.ts';
import { Meta } from './meta.ts';
import { Participants } from './participants.ts';
import { Plugins } from './plugins.ts';
import { Polls } from './polls.ts';
import { Recording } from './recording.ts';
import { repeat } from './repeating.ts';
import { Self } from './self.ts';
import { type InitMediaOptions, SelfMedia } from './self-media.ts';
import { Stage } from './stage.ts';
import { StoreManager } from './stores.ts';

/** The options of a client. */
export interface RealtimeKitOptions {
  /** The token that the API returned when the participant was added to the meeting. */
  readonly authToken: string;
  /** Base address of the server, `https://` if no scheme is given; default: the page's origin. */
  readonly baseURI?: string;
  readonly defaults?: {
    /** Whether to join with the microphone on; default true. A device that the browser refuses stays off. */
    readonly audio?: boolean;
    /** Whether to join with the camera on, as `audio`. */
    readonly video?: boolean;
    /** How microphone, camera and screen are captured, instead of what the preset says. */
    readonly mediaConfiguration?: MediaConfiguration;
    /** Media that `initMedia` has opened. */
    readonly mediaHandler?: SelfMedia;
  };
  readonly modules?: {
    /** Whether the participants' audio is played without the page's doing; default false. */
    readonly experimentalAudioPlayback?: boolean;
  };
  /** STUN and TURN servers, instead of those of the server. */
  readonly iceServers?: readonly RTCIceServer[];
  /** `relay` sends and receives media through TURN servers only; default `all`. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy;
  /** `forceRelay` is the vendor's name for `iceTransportPolicy: 'relay'`; other overrides have no effect. */
  readonly overrides?: { readonly forceRelay?: boolean };
  /**
   * Is told of the error with which `init` or `join` rejects, and within 10 s why media does not get through (CONN-4): `0011`,
   * with the reason in `cause.code`.
   */
  readonly onError?: (error: RealtimeKitError) => void;
  /** How long to try to re-establish a lost connection, in milliseconds; default 300,000. */
  readonly retryWindowMs?: number;
  /** Replaces browser APIs in tests and other runtimes. */
  readonly platform?: Partial<Platform>;
}

/** How often the quality of what is sent is measured, in milliseconds. */
const MEASURE_MS = 1_000;

/** One participant's client for one meeting. */
export class RealtimeKitClient {
  readonly self: Self;
  readonly participants: Participants;
  readonly chat: Chat;
  readonly polls = new Polls();
  readonly meta = new Meta();
  readonly plugins = new Plugins();
  readonly ai = new Ai();
  readonly stage = new Stage();
  readonly stores: StoreManager;
  readonly recording: Recording;
  readonly connectedMeetings = new ConnectedMeetings(this.meta);
  /** What the vendor's UI kit reads of the client's inside. */
  readonly __internals__: Internals;
  readonly #livestream: Livestream;
  readonly #options: RealtimeKitOptions;
  readonly #platform: Platform;
  #session: RoomSession | undefined;
  #stopMeasuring: () => void = () => {};

  private constructor(options: RealtimeKitOptions) {
    this.#options = options;
    this.#platform = completePlatform(options.platform);
    this.self = new Self(this.#platform.media, options.defaults?.mediaHandler?.parts);
    this.participants = new Participants({
      ...this.#platform,
      connectionChanged: (state) => this.meta.handleMedia('recv', state),
      preview: async () => (await this.#ask('preview')).members,
    });
    this.self.parts.media.on('connection', (state) => this.meta.handleMedia('send', state));
    const { fetch, clock } = this.#platform;
    this.stores = new StoreManager(clock);
    this.chat = new Chat(this.participants, { fetch, clock, server: toServer(options.baseURI) });
    this.recording = new Recording(this.self.permissions);
    this.#livestream = new Livestream(this.self.permissions);
    this.__internals__ = new Internals(options.authToken);
    if (options.modules?.experimentalAudioPlayback) this.#playAudio();
  }

  /**
   * Creates a client: asks the server who the token's owner is, and opens microphone and camera as in `defaults`. Does not join
   * the room yet. `onError` and the page (event `ClientError` of `window`) are told of an error too.
   *
   * @throws RealtimeKitError `0004` if the token is missing or not valid, `0010` in a browser without WebRTC, `0001` if the
   *   server cannot be reached, and for every other failure
   */
  static async init(options: RealtimeKitOptions): Promise<RealtimeKitClient> {
    try {
      const client = new RealtimeKitClient(requireOptions(options));
      await client.#identify();
      await client.#openDefaults();
      return client;
    } catch (error) {
      throw report(toEntryError(error, CODES.couldNotInitialize), options?.onError);
    }
  }

  /**
   * Opens microphone and camera before there is a client, for a page that shows a preview; `init` takes them over as
   * `defaults.mediaHandler`.
   *
   * @param platform replaces browser APIs in tests
   * @throws RealtimeKitError as `self.enableAudio` and `self.enableVideo`
   */
  static async initMedia(options: InitMediaOptions = {}, platform?: Partial<Platform>): Promise<SelfMedia> {
    const media = new SelfMedia(completePlatform(platform).media);
    await media.init(options);
    return media;
  }

  async #identify(): Promise<void> {
    if (!this.#platform.media && 'document' in globalThis) {
      throw new RealtimeKitError(CODES.browserNotSupported, 'this browser has no WebRTC');
    }
    const identity = await this.#ask('identify');
    this.meta.handleIdentity(identity);
    this.self.handleIdentity(identity);
    this.participants.setMaxActiveParticipantsCount(Math.max(1, this.self.maxVideoStreams));
    this.meta.handleSocket('connected');
  }

  /** Asks the server about the token's owner and its meeting, without a login. */
  #ask<M extends VisitorMethod>(method: M): Promise<Results[M]> {
    const { authToken, baseURI } = this.#options;
    const credential = { scheme: 'participant-token', token: authToken } as const;
    return askAsVisitor(this.#platform, toServer(baseURI), method, { credential });
  }

  async #openDefaults(): Promise<void> {
    const { audio = true, video = true, mediaConfiguration, mediaHandler } = this.#options.defaults ?? {};
    if (mediaConfiguration) this.self.configureMedia(mediaConfiguration);
    // What `initMedia` has opened, or was asked not to open, stays so.
    if (!this.#platform.media || mediaHandler) return;
    // A device that the browser refuses stays off: joining without a camera is better than not joining.
    if (audio) await this.self.enableAudio().catch(() => {});
    if (video) await this.self.enableVideo().catch(() => {});
  }

  /** The live stream; undefined in meetings of other view types than `LIVESTREAM`. */
  get livestream(): Livestream {
    return asDeclared(this.meta.viewType === 'LIVESTREAM' ? this.#livestream : undefined);
  }

  /** Plays the participants' audio, if the page does not do so itself. */
  get audio(): AudioPlayback {
    return this.self.audioPlayback;
  }

  /** The peer id of this connection. */
  get peerId(): string {
    return this.self.peerId;
  }

  /**
   * Joins the meeting's room; resolves when it has joined or is on the waiting list. `self.roomState` shows which, and `self`
   * emits the outcome of waiting.
   *
   * @throws RealtimeKitError `0004` for a token that is not valid any more, `0013` after too many requests, else `0002`
   */
  async join(): Promise<void> {
    if (this.#session) throw new RealtimeKitError(CODES.couldNotJoin, 'already in the room, or joining it');
    let session: RoomSession | undefined;
    try {
      session = this.#createSession();
      await this.#login(session);
    } catch (error) {
      // After `leave`, another join may be in progress.
      if (this.#session === session) this.#session = undefined;
      throw report(toEntryError(error, CODES.couldNotJoin), this.#options.onError);
    }
  }

  /**
   * Leaves the room, or cancels a pending join; closes microphone, camera and screen (PRIV-1).
   *
   * @param _state accepted as the vendor's clients pass it, and ignored: the leave state is `left`
   */
  async leave(_state?: LeaveState | 'connected-meeting' | 'stageLeft'): Promise<void> {
    if (this.#session) this.#session.logout();
    else this.self.handleClosed();
  }

  async #login(session: RoomSession): Promise<void> {
    this.#session = session;
    session.on('changed', ({ ownMember }) => ownMember && this.self.handleMember(ownMember));
    session.on('permissionsChanged', (permissions) => this.self.handlePermissions(permissions));
    session.on('stateChanged', (state, before) => this.#handleState(session, state, before));
    session.on('mediaProblem', (problem) => this.#options.onError?.(toRealtimeKitError(problem)));
    const waits = new Promise<void>((resolve) => {
      session.on('stateChanged', ({ name }) => name === 'waiting' && resolve());
    });
    const login = session.login();
    // `self` emits the outcome of waiting.
    login.catch(() => {});
    await Promise.race([login, waits]);
  }

  async #measure(): Promise<void> {
    const score = await this.self.measure();
    if (score !== undefined) this.meta.handleScore(score);
  }

  #playAudio(): void {
    const { joined } = this.participants;
    joined.on('audioUpdate', ({ id }, { audioTrack }) => {
      if (audioTrack) this.audio.addParticipantTrack(id, audioTrack);
      else this.audio.removeParticipantTrack(id);
    });
    joined.on('participantLeft', ({ id }) => this.audio.removeParticipantTrack(id));
    joined.on('participantsCleared', () => this.audio.stop());
  }

  #createSession(): RoomSession {
    const { authToken, baseURI, iceServers, retryWindowMs } = this.#options;
    const { overrides, iceTransportPolicy = overrides?.forceRelay ? 'relay' : 'all' } = this.#options;
    const { wantedName } = this.self;
    return new RoomSession({
      server: toServer(baseURI),
      login: {
        credential: { scheme: 'participant-token', token: authToken },
        clientId: randomId(),
        members: true,
        ...(wantedName !== undefined && { userName: wantedName }),
      },
      ...(iceServers && { iceServers }),
      iceTransportPolicy,
      ...(retryWindowMs !== undefined && { retryWindowMs }),
      platform: this.#platform,
    });
  }

  #handleState(session: RoomSession, state: SessionState, before: SessionState): void {
    if (this.#session !== session) return;
    switch (state.name) {
      case 'idle':
      case 'connecting':
        break;
      case 'waiting':
        this.meta.handleSocket('connected');
        this.self.handleWaiting(state.waiting);
        break;
      case 'joined':
        if (session.self) this.meta.handleIdentity(session.self, session.self.epoch);
        this.meta.handleSocket('connected', state.via !== 'login');
        if (state.via === 'login') {
          this.#stopMeasuring = repeat(this.#platform.clock, MEASURE_MS, () => this.#measure());
          this.participants.attach(session);
          this.chat.attach(session);
          this.stage.attach(session);
          this.polls.attach(session);
          this.stores.attach(session);
        }
        this.self.handleJoined(session, state.via !== 'login');
        break;
      case 'reconnecting':
        this.meta.handleSocket('reconnecting');
        break;
      case 'ended':
        this.#session = undefined;
        this.#stopMeasuring();
        this.meta.handleSocket(state.end.kind === 'gave-up' ? 'failed' : 'disconnected');
        this.self.handleLeft(leaveStateOf(state.end), before.name === 'connecting' && state.end.kind !== 'left');
        this.participants.detach();
        this.chat.detach();
        this.stage.detach();
        this.polls.detach();
        this.stores.detach();
    }
  }
}

/** @throws RealtimeKitError `0004` */
function requireOptions(options: RealtimeKitOptions): RealtimeKitOptions {
  const { authToken } = options ?? {};
  if (typeof authToken !== 'string' || authToken === '') {
    throw new RealtimeKitError(CODES.invalidToken, 'the auth token is missing');
  }
  return options;
}

/** Tells everybody who listens of an error, and returns it. */
function report(error: RealtimeKitError, onError: RealtimeKitOptions['onError']): RealtimeKitError {
  announceError(error);
  onError?.(error);
  return error;
}

function toServer(baseURI: string | undefined): string {
  if (baseURI === undefined) return globalThis.location?.origin ?? '';
  return /^\w+:\/\//.test(baseURI) ? baseURI : `https://${baseURI}`;
}
