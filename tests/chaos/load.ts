/**
 * Load for the crash test: logins, announced streams, kicks and closed rooms. It records every event that a client or a
 * caller received, until the server is gone.
 *
 * @module
 */

import type { EventFrame, LoginResult } from '@gavel/protocol';
import { signedPath } from '@gavel/server';
import { RawClient, TEST_APP } from '@gavel/testkit';

/** The events that a client or a caller received: `login <user>`, `logout <user>`, `create <stream>`, `close <stream>`, `begin <epoch>`, `end <epoch>`. */
export type Received = Set<string>;

interface Seat {
  readonly userId: string;
  readonly client: RawClient;
  readonly epoch: string;
}

/**
 * Sets bans by the admin API, and lifts all but every tenth, until the server is gone.
 *
 * @param answered gets the id of each ban that was set
 */
export async function driveBans(
  baseUrl: string,
  adminKey: string,
  prefix: string,
  answered: Set<string>,
): Promise<void> {
  async function post(path: string, key: string, body: object): Promise<string> {
    const response = await fetch(`${baseUrl}/admin/v1/bans/${TEST_APP.appId}/production${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
    });
    const { ban } = (await response.json()) as { readonly ban: { readonly id: string } };
    return ban.id;
  }
  try {
    for (let count = 0; ; count += 1) {
      const key = `${prefix}-${count}`;
      const id = await post('', key, { userId: `banned-${key}`, reason: key });
      answered.add(id);
      if (count % 10 !== 0) await post(`/${id}/lift`, `${key}-lift`, { reason: 'sorry' });
    }
  } catch {
    // The server is gone: only what was answered before counts.
  }
}

/**
 * Acts in one room until the server is gone. Names begin with `prefix`, and are not reused.
 *
 * @param kicked gets the users whose kick was answered
 */
export async function driveRoom(
  baseUrl: string,
  roomId: string,
  prefix: string,
  received: Received,
  kicked: Set<string>,
): Promise<void> {
  const seats: Seat[] = [];
  let last = 0;
  const nextName = (): string => {
    last += 1;
    return `${prefix}-${last}`;
  };

  async function call(action: string, params: Record<string, string | string[]>): Promise<boolean> {
    const response = await fetch(baseUrl + signedPath(TEST_APP, action, { RoomId: roomId, ...params }, Date.now()));
    return ((await response.json()) as { Code: number }).Code === 0;
  }

  async function join(): Promise<Seat> {
    const userId = nextName();
    const client = await RawClient.open(baseUrl);
    const gone = client.closed.then(() => {
      throw new Error('gone');
    });
    const login = await Promise.race([client.login(TEST_APP.appId, roomId, userId), gone]);
    const { epoch }: LoginResult = login;
    const seat = { userId, client, epoch };
    seats.push(seat);
    received.add(`login ${userId}`).add(`begin ${epoch}`);
    return seat;
  }

  async function playOneLife(): Promise<void> {
    const watcher = await join();
    for (let step = 0; step < 4; step += 1) {
      const guest = await join();
      const streamId = nextName();
      const isAdded = await call('AddStream', { UserId: guest.userId, UserName: guest.userId, StreamId: streamId });
      if (isAdded) received.add(`create ${streamId}`);
      if (step % 2 === 0 && (await call('DeleteStream', { UserId: 'admin', StreamId: streamId }))) {
        received.add(`close ${streamId}`);
      }
      if (await call('KickoutUser', { 'UserId[]': [guest.userId] })) {
        received.add(`logout ${guest.userId}`);
        kicked.add(guest.userId);
      }
    }
    if (await call('CloseRoom', { RoomCloseCallback: 'true' })) {
      received.add(`logout ${watcher.userId}`).add(`end ${watcher.epoch}`);
    }
  }

  try {
    for (;;) await playOneLife();
  } catch {
    // The server is gone: only what was received before counts.
  }
  for (const { userId, client } of seats) for (const event of client.events) recordEvent(received, userId, event);
}

function recordEvent(received: Received, userId: string, event: EventFrame): void {
  if (event.event === 'memberJoined') received.add(`login ${event.member.user.id}`);
  else if (event.event === 'memberLeft') received.add(`logout ${event.member.user.id}`);
  else if (event.event === 'removed') received.add(`logout ${userId}`);
  else if (event.event === 'streamAdded') received.add(`create ${event.stream.streamId}`);
  else if (event.event === 'streamRemoved') received.add(`close ${event.stream.streamId}`);
}
