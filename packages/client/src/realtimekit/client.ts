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

import { identify } from '../core/identify.ts';
import { completePlatform, type Platform, randomId } from '../core/platform.ts';
import { RoomSession } from '../core/session.ts';
import type { SessionState } from '../core/session-state.ts';
import { Ai } from './ai.ts';
import { leaveStateOf } from './causes.ts';
import { Chat } from './chat.ts';
import { ConnectedMeetings } from './connected-meetings.ts';
import { announceError, CODES, RealtimeKitError, toEntryError, toRealtimeKitError } from './errors.ts';
import { Internals } from './internals.ts';
import { Livestream } from './livestream.ts';
import { Meta } from './meta.ts';
import { Participants } from './participants.ts';
import { Plugins } from './plugins.ts';
import { Polls } from './polls.ts';
import { Recording } from './recording.ts';
import { Self } from './self.ts';
import { Stage } from './stage.ts';
import { StoreManager } from './stores.ts';

/** The options of a client. */
export interface RealtimeKitOptions {
  /** The token that the API returned when the participant was added to the meeting. */
  readonly authToken: string;
  /** Base address of the server, `https://` if no scheme is given; default: the page's origin. */
  readonly baseURI?: string;
  /** Whether to join with microphone and camera on; default true. A device that the browser refuses stays off. */
  readonly defaults?: { readonly audio?: boolean; readonly video?: boolean };
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

/** One participant's client for one meeting. */
export class RealtimeKitClient {
  readonly self: Self;
  readonly participants = new Participants();
  readonly chat = new Chat(this.participants);
  readonly polls = new Polls();
  readonly meta = new Meta();
  readonly plugins = new Plugins();
  readonly ai = new Ai();
  readonly stage = new Stage();
  readonly stores = new StoreManager();
  readonly recording: Recording;
  readonly connectedMeetings = new ConnectedMeetings(this.meta);
  /** What the vendor's UI kit reads of the client's inside. */
  readonly __internals__: Internals;
  readonly #livestream: Livestream;
  readonly #options: RealtimeKitOptions;
  readonly #platform: Platform;
  #session: RoomSession | undefined;

  private constructor(options: RealtimeKitOptions) {
    this.#options = options;
    this.#platform = completePlatform(options.platform);
    this.self = new Self(this.#platform.media);
    this.recording = new Recording(this.self.permissions);
    this.#livestream = new Livestream(this.self.permissions);
    this.__internals__ = new Internals(options.authToken);
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

  async #identify(): Promise<void> {
    const { authToken, baseURI } = this.#options;
    if (!this.#platform.media && 'document' in globalThis) {
      throw new RealtimeKitError(CODES.browserNotSupported, 'this browser has no WebRTC');
    }
    const credential = { scheme: 'participant-token', token: authToken } as const;
    const identity = await identify(this.#platform, toServer(baseURI), { credential });
    this.meta.handleIdentity(identity);
    this.self.handleIdentity(identity);
    this.meta.handleSocket('connected');
  }

  async #openDefaults(): Promise<void> {
    const { audio = true, video = true } = this.#options.defaults ?? {};
    if (!this.#platform.media) return;
    // A device that the browser refuses stays off: joining without a camera is better than not joining.
    if (audio) await this.self.enableAudio().catch(() => {});
    if (video) await this.self.enableVideo().catch(() => {});
  }

  /** The live stream; undefined in meetings of other view types than `LIVESTREAM`. */
  get livestream(): Livestream | undefined {
    return this.meta.viewType === 'LIVESTREAM' ? this.#livestream : undefined;
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

  /** Leaves the room, or cancels a pending join; closes microphone, camera and screen (PRIV-1). */
  async leave(): Promise<void> {
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
          this.participants.attach(session);
          this.chat.attach(session);
          this.polls.attach(session);
        }
        this.self.handleJoined(session, state.via !== 'login');
        break;
      case 'reconnecting':
        this.meta.handleSocket('reconnecting');
        break;
      case 'ended':
        this.#session = undefined;
        this.meta.handleSocket(state.end.kind === 'gave-up' ? 'failed' : 'disconnected');
        this.self.handleLeft(leaveStateOf(state.end), before.name === 'connecting' && state.end.kind !== 'left');
        this.participants.detach();
        this.chat.detach();
        this.polls.detach();
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
