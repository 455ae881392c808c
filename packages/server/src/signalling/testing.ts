/**
 * What the signalling door's tests share: the door on a real socket, with a clock in hand and no media.
 *
 * @module
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AppId, GavelError, MAX_FRAME_BYTES, parseRoomId, parseUserId, type RoomKey } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { FakeMediaEngine } from '@gavel/testkit/fake-media-engine';
import { RawClient } from '@gavel/testkit/raw-client';
import { TestRooms } from '@gavel/testkit/test-rooms';
import { LocalBus } from '../bus/local-bus.ts';
import { Publisher } from '../bus/publisher.ts';
import type { Admission, Authenticator } from '../entry/admission.ts';
import { Entry } from '../entry/entry.ts';
import { Leave } from '../entry/leave.ts';
import { IceServers } from '../ice/ice-servers.ts';
import { MediaEnforcer } from '../media-control/enforcer.ts';
import { MediaResender } from '../media-control/media-resender.ts';
import { MediaState, type MediaStateDeps } from '../media-control/media-state.ts';
import type { PlayLimits } from '../media-control/play-table.ts';
import { SoundMonitor } from '../media-control/sound-monitor.ts';
import { startMedia } from '../media-control/start-media.ts';
import { UnconnectedReports } from '../media-control/unconnected-media.ts';
import { type EventSink, Rooms } from '../owner/rooms.ts';
import type { Permissions } from '../rooms/member.ts';
import { ORIGIN, testSettings } from '../rooms/testing.ts';
import { createLog } from '../telemetry/log.ts';
import { type SignallingDeps, SignallingDoor } from './door.ts';
import { FanOut } from './fan-out.ts';
import { isSignallingUpgrade } from './upgrade.ts';

const RIGHTS: Readonly<Record<string, Partial<Permissions>>> = {
  silent: { chat: { sendPublic: false, sendPrivate: false, receivePrivate: false } },
  shy: { chat: { sendPublic: false, sendPrivate: true, receivePrivate: true } },
  host: { moderation: { kick: true, muteAudio: true, muteVideo: true, changePermissions: true } },
  doorman: { moderation: { acceptWaiting: true } },
  asker: { polls: { create: true, vote: false, view: true } },
  voter: { polls: { create: false, vote: true, view: true } },
  'voter-2': { polls: { create: false, vote: true, view: true } },
  twin: { polls: { create: false, vote: true, view: true } },
  muter: { moderation: { kick: false, muteAudio: true, muteVideo: false, changePermissions: false } },
};

/** The STUN and TURN servers of the door. */
export const TURN_SERVERS = {
  urls: ['stun:turn.test', 'turn:turn.test:3478?transport=udp'],
  secret: 'shared-with-the-turn-server',
  ttlSeconds: 600,
};

/** What a user waits for before it enters: `guest...` to be accepted, `early...` for a doorman. */
function waitsOf(userId: string): Pick<Admission, 'waits'> {
  const until = userId.startsWith('guest') ? 'accepted' : userId.startsWith('early') ? 'attended' : undefined;
  return until ? { waits: { until, rememberedForMs: 60_000 } } : {};
}

/**
 * Admits everybody, but for the token `bad`; the user `host` may moderate, `muter` may mute audio, `doorman`
 * may let in who waits, `silent` may not chat, and `shy` only with some alone; `asker` may make polls, `voter`, `voter-2` and `twin` may vote,
 * and `twin` may be in several times.
 */
function openAuthenticator(clock: FakeClock): Authenticator {
  const expiryOf = (token: string | undefined) => {
    if (token === 'bad') throw new GavelError('login.bad-credential');
    return token === undefined ? {} : { tokenExpiresAtMs: clock.now() + 60_000 };
  };
  return {
    scheme: 'app-token',
    async admit(login): Promise<Admission> {
      const roomId = parseRoomId(login.roomId ?? '');
      const userId = parseUserId(login.userId ?? '');
      if (!roomId) throw new GavelError('login.bad-room-id');
      if (!userId) throw new GavelError('login.bad-user-id');
      return {
        key: { appId: (login.credential.appId ?? 0) as AppId, environment: 'production', roomId },
        user: { id: userId, name: login.userName ?? userId },
        onDuplicate: userId === 'twin' ? 'allow' : 'replace',
        permissions: { publishAudio: true, publishVideo: true, ...RIGHTS[userId] },
        ...waitsOf(userId),
        maxMemberCount: login.maxMemberCount ?? 0,
        ...expiryOf(login.credential.token),
      };
    },
    renew: async (_admission, token) => expiryOf(token),
  };
}

/** No file was uploaded, and none can be. */
const NO_FILES: SignallingDeps['files'] = {
  createUpload: async () => {
    throw new GavelError('member.not-allowed');
  },
  claim: async () => {
    throw new GavelError('file.not-found');
  },
};

/** Longer than a request to the door takes. */
const LATE_MS = 50;

/** Settings of a door's media in tests. */
interface MediaChanges extends Partial<PlayLimits>, Pick<MediaStateDeps, 'playClaims'> {
  /** Delivers batches to the media enforcer later than the reply of their command, but in order. */
  readonly isEnforcerLate?: boolean;
}

/** Starts a door on a free port. */
export async function startDoor(
  changes: Partial<SignallingDeps> = {},
  { isEnforcerLate = false, playClaims, ...playLimits }: MediaChanges = {},
) {
  const clock = new FakeClock();
  const engine = new FakeMediaEngine();
  const fanOut = new FanOut();
  const log = changes.log ?? createLog('silent');
  const state = new MediaState({
    ...{ clock, playClaims },
    connectTimeoutMs: 30_000,
    lostStreamTimeoutMs: 100_000,
    limits: { maxPlaysPerMember: 200, maxPlaysPerApp: 0, ...playLimits },
  });
  const unconnected = new UnconnectedReports({ clock, log });
  const parts = { engine, clock, log, state, unconnected };
  const publisher = new Publisher();
  const sounds = new SoundMonitor({ ...parts, notifier: publisher });
  const resender = new MediaResender({ state, notifier: publisher });
  const enforcer = new MediaEnforcer(parts);
  const late: EventSink = { handle: (batch) => void setTimeout(() => enforcer.handle(batch), LATE_MS) };
  const sinks = { first: [isEnforcerLate ? late : enforcer], after: [publisher, sounds, resender] };
  const rooms = new Rooms(testSettings(clock), sinks);
  const media = startMedia({ ...parts, rooms, sounds, notifier: publisher });
  const bus = new LocalBus({ rooms, media, publisher });
  bus.subscribe(fanOut);
  rooms.start();
  const http = createServer({ shouldUpgradeCallback: isSignallingUpgrade }, (_request, response) => {
    response.writeHead(404).end();
  });
  const door = new SignallingDoor(http, {
    bus,
    entry: new Entry({ bus, authenticators: [openAuthenticator(clock)], ticketIssuer: 't1' }),
    leave: new Leave({ bus, clock, log }),
    files: NO_FILES,
    fanOut,
    clock,
    log: createLog('silent'),
    iceServers: new IceServers({ clock, apps: { find: () => undefined }, settings: () => TURN_SERVERS }),
    heartbeatIntervalMs: 30_000,
    heartbeatTimeoutMs: 100_000,
    loginTimeoutMs: 10_000,
    maxFrameBytes: MAX_FRAME_BYTES,
    maxLoginBytes: 16 * 1024,
    maxBufferedBytes: 1024 * 1024,
    maxRequestsPerSecond: 100,
    maxPendingPerAddress: 1000,
    trustedProxies: [],
    ...changes,
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const room = (roomId: string): RoomKey => ({
    appId: 1 as AppId,
    environment: 'production',
    roomId: roomId as RoomKey['roomId'],
  });
  return {
    clock,
    engine,
    bus,
    rooms: new TestRooms(bus),
    transfer: rooms.transfer,
    media,
    fanOut,
    door,
    baseUrl,
    room,
    origin: ORIGIN,
    connect: () => RawClient.open(baseUrl),
    /** Connects and logs in; gives the client and the answer to its login. */
    async join(roomId: string, userId: string, more: Parameters<RawClient['login']>[3] = {}) {
      const client = await RawClient.open(baseUrl);
      return { client, login: await client.login(1, roomId, userId, more) };
    },
    async close() {
      rooms.stop();
      door.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
