/**
 * Clients that were offline while they were removed, and return much later: a real server, the SDK's client in Node, and
 * clocks that a test advances (KICK-12).
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePlatform, type Platform, RoomSession } from '@gavel/client/node';
import { FakeClock, startTestServer, TEST_APP, type TestServer } from '@gavel/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock as ClientClock } from '../../../packages/client/src/testing/fake-clock.ts';

/** Both clocks advance in steps, so that heartbeats are answered in between. */
const STEP_MS = 2_000;

/** The network of one client. */
class Network {
  #isUp = true;
  readonly #cuts = new Set<() => void>();

  readonly openSocket: Platform['openSocket'] = (url, protocol, handlers) => {
    if (!this.#isUp) {
      queueMicrotask(() => handlers.closed(1006, ''));
      return { send() {}, close() {} };
    }
    let isCut = false;
    const closed = (code: number, reason: string): void => {
      this.#cuts.delete(cut);
      if (!isCut) handlers.closed(code, reason);
      isCut = true;
    };
    const link = nodePlatform().openSocket?.(url, protocol, { ...handlers, closed });
    if (!link) throw new Error('this Node has no WebSocket');
    // The server sees a connection without a close code, as of a lost network.
    const cut = (): void => {
      closed(1006, '');
      link.close(1000, '');
    };
    this.#cuts.add(cut);
    return link;
  };

  fail(): void {
    this.#isUp = false;
    for (const cut of this.#cuts) cut();
  }

  restore(): void {
    this.#isUp = true;
  }
}

let dataDir: string;
let server: TestServer;
let clock: FakeClock;
let clientClock: ClientClock;
const sessions: RoomSession[] = [];

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'gavel-returning-'));
  [clock, clientClock] = [new FakeClock(), new ClientClock()];
  server = await startTestServer({ clock, dataDir });
});
afterEach(async () => {
  for (const session of sessions.splice(0)) void session.logout();
  await clientClock.advance(20_000);
  await server.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function enter(roomId: string, userId: string, clientId: string) {
  const network = new Network();
  const session = new RoomSession({
    server: server.baseUrl,
    login: { credential: { scheme: 'app-token', appId: TEST_APP.appId }, clientId, roomId, userId },
    platform: { ...nodePlatform(), clock: clientClock, openSocket: network.openSocket },
  });
  sessions.push(session);
  await session.login();
  return { session, network };
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    clock.advance(STEP_MS);
    await clientClock.advance(STEP_MS);
    // A round trip: the server has handled what the clients sent in this step.
    await fetch(`${server.baseUrl}/healthz`);
  }
}

async function restart(): Promise<void> {
  const port = Number(new URL(server.baseUrl).port);
  await server.close();
  server = await startTestServer({ clock, dataDir, port });
}

async function untilEnded(session: RoomSession) {
  for (let tries = 0; tries < 600 && session.state.name !== 'ended'; tries += 1) await pass(STEP_MS);
  return session.state.name === 'ended' ? session.state.end : session.state.name;
}

const usersOf = async (roomId: string): Promise<string[]> => {
  const key = { appId: TEST_APP.appId, environment: 'production', roomId } as never;
  return ((await server.rooms.snapshot(key))?.members ?? []).map(({ user }) => user.id);
};

describe('a client that was offline while it was removed', () => {
  const acts = {
    kicked: ['KickoutUser', { RoomId: 'r', 'UserId[]': ['ann'], CustomReason: 'spam' }],
    'room-closed': ['CloseRoom', { RoomId: 'r', CustomReason: 'over' }],
  } as const;
  for (const [cause, [action, params]] of Object.entries(acts)) {
    for (const restarts of [false, true]) {
      const more = restarts ? ', and the server was restarted' : '';
      test(`${action}: returns after 140 s and stays out, with the cause${more} (KICK-12)`, async () => {
        const ann = await enter('r', 'ann', 'laptop');
        await enter('r', 'ben', 'phone');
        ann.network.fail();
        expect((await server.call(action, params)).Code).toBe(0);
        if (restarts) await restart();
        await pass(140_000);
        expect(ann.session.state.name).toBe('reconnecting');
        ann.network.restore();
        expect(await untilEnded(ann.session)).toEqual({
          ...{ kind: 'removed', cause, reason: params.CustomReason },
        });
        await pass(60_000);
        expect(await usersOf('r')).not.toContain('ann');
      });
    }
  }

  test('a laptop that the phone replaced returns after 132 s: it stays out, and the phone stays in (KICK-12)', async () => {
    const laptop = await enter('r', 'ann', 'laptop');
    laptop.network.fail();
    const phone = await enter('r', 'ann', 'phone');
    await pass(132_000);
    laptop.network.restore();
    expect(await untilEnded(laptop.session)).toMatchObject({ kind: 'removed', cause: 'replaced' });
    await pass(60_000);
    // Its connection may have been lost, as its clock runs faster than its network; it needs the clock to connect again.
    await expect
      .poll(async () => {
        await pass(1_000);
        return phone.session.state.name;
      })
      .toBe('joined');
    expect(await usersOf('r')).toEqual(['ann']);
  });
});
