/**
 * A session on a fake platform. For tests only.
 *
 * @module
 */

// Loaded at its first use otherwise, which takes real time.
import '../core/media/member-connection.ts';
import type { Platform } from '../core/platform.ts';
import { RoomSession, type SessionOptions } from '../core/session.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeMedia } from './fake-media.ts';
import { FakeServer } from './fake-server.ts';

/** The fake platform of a client. */
export interface World {
  readonly clock: FakeClock;
  readonly server: FakeServer;
  readonly media: FakeMedia;
  readonly platform: Platform;
  /** Reports to the client that the machine is online again. */
  goOnline(): void;
  /** Closes the client's page. */
  hidePage(): void;
}

/** Creates a fake platform; every random number is 0.5. */
export function createWorld(): World {
  const clock = new FakeClock();
  const server = new FakeServer();
  const media = new FakeMedia();
  const watchers = new Set<() => void>();
  const pages = new Set<() => void>();
  const platform: Platform = {
    clock,
    random: () => 0.5,
    openSocket: server.openSocket,
    watchOnline: (back) => {
      watchers.add(back);
      return () => watchers.delete(back);
    },
    watchPageHide: (hidden) => {
      pages.add(hidden);
      return () => pages.delete(hidden);
    },
    fetch: server.fetch,
    media: media.platform,
  };
  return {
    clock,
    server,
    media,
    platform,
    goOnline: () => [...watchers].forEach((back) => void back()),
    hidePage: () => [...pages].forEach((hidden) => void hidden()),
  };
}

/** The answer to a login that has to wait. */
export const WAIT_ANSWER = {
  waiting: { memberId: 'm-me', user: { id: 'me', name: 'Me' }, sinceMs: 1 },
  ticket: 'w-1',
  heartbeatIntervalMs: 30_000,
  heartbeatTimeoutMs: 100_000,
  serverTimeMs: 0,
};

/** Creates a session on a fake platform. */
export function createSession(world: World, more: Partial<SessionOptions> = {}): RoomSession {
  return new RoomSession({
    server: 'https://rooms.test',
    login: {
      credential: { scheme: 'app-token', appId: 1, token: 'token-1' },
      clientId: 'client',
      roomId: 'room',
      userId: 'me',
      members: true,
    },
    platform: world.platform,
    ...more,
  });
}
