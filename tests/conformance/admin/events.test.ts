/**
 * Live events at the admin API: server-sent events, resumable.
 */

import { TEST_API_TOKEN, TEST_APP } from '@gavel/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AdminStage, startAdminStage } from './harness.ts';

let stage: AdminStage;
let streams: EventReader[];
beforeEach(async () => {
  streams = [];
  stage = await startAdminStage();
});
afterEach(async () => {
  for (const stream of streams) stream.close();
  await stage.close();
});

interface Received {
  readonly id?: string;
  readonly event?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects.
  readonly data?: any;
}

/** Reads server-sent events. */
class EventReader {
  readonly #abort = new AbortController();
  #events: AsyncIterator<Received> | undefined;
  /** Kept, because the body of a response that is collected as garbage is cancelled. */
  #response: Response | undefined;
  lastId = '';

  async open(query: string, token = TEST_API_TOKEN, lastId?: string): Promise<number> {
    this.#response = await fetch(`${stage.baseUrl}/admin/v1/events${query}`, {
      headers: { authorization: `Bearer ${token}`, ...(lastId !== undefined && { 'last-event-id': lastId }) },
      signal: this.#abort.signal,
    });
    const { body, status } = this.#response;
    if (body) this.#events = parse(body)[Symbol.asyncIterator]();
    streams.push(this);
    return status;
  }

  async next(): Promise<Received> {
    const { value, done } = (await this.#events?.next()) ?? { done: true };
    if (done) throw new Error('the stream has ended');
    if (value.id !== undefined) this.lastId = value.id;
    return value;
  }

  close(): void {
    this.#abort.abort();
  }
}

async function* parse(body: ReadableStream<Uint8Array>): AsyncGenerator<Received> {
  let text = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream() as never) as unknown as AsyncIterable<string>) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = Object.fromEntries(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      text = text.slice(end + 2);
      if (fields.event !== undefined) yield { ...fields, ...(fields.data && { data: JSON.parse(fields.data) }) };
    }
  }
}

const { appId } = TEST_APP;
const join = async (roomId: string, userId: string) => {
  const client = await stage.connect();
  await client.login(appId, roomId, userId);
  return client;
};
const read = async (stream: EventReader, count: number) => {
  const events: Received[] = [];
  while (events.length < count) events.push(await stream.next());
  return events;
};

test('a room is followed, and a client that comes back gets what it has missed (ADM-2)', async () => {
  const stream = new EventReader();
  expect(await stream.open(`?appId=${appId}&roomId=lobby`)).toBe(200);
  expect(await stream.next()).toMatchObject({ event: 'ready', data: {} });
  const anna = await join('lobby', 'anna');
  await join('other', 'zoe');
  const [created, joined] = await read(stream, 2);
  expect([created?.event, joined?.event]).toEqual(['room-created', 'member-joined']);
  expect(joined?.data).toMatchObject({ type: 'member-joined', userId: 'anna', address: '127.0.0.1', memberCount: 1 });
  const { lastId } = stream;
  stream.close();
  await anna.request('logout');
  const again = new EventReader();
  await again.open(`?appId=${appId}&roomId=lobby`, TEST_API_TOKEN, lastId);
  const kinds = (await read(again, 3)).map(({ event }) => event);
  expect(kinds).toEqual(['ready', 'member-left', 'room-closed']);
});

test('a client whose last event is not known is told to read the lists again (ADM-2)', async () => {
  const stream = new EventReader();
  await stream.open('', TEST_API_TOKEN, 'other-7');
  expect(await stream.next()).toMatchObject({ event: 'reset' });
});

test('the list of rooms is followed by figures; a viewer gets no addresses, and a limited token no other Apps (ROLE-1)', async () => {
  const other = await stage.server.apps.create(TEST_APP.accountId, 'other');
  const [all, viewer, limited] = [new EventReader(), new EventReader(), new EventReader()];
  await all.open('');
  await viewer.open('?detail=people', await stage.tokenOf('viewer'));
  const token = await stage.tokenOf('viewer', [other.appId]);
  await limited.open('?detail=people', token);
  expect(await new EventReader().open(`?appId=${appId}`, token)).toBe(403);
  for (const stream of [all, viewer, limited]) await stream.next();
  await join('lobby', 'anna');
  expect((await read(all, 2)).map(({ event, data }) => [event, data.memberCount])).toEqual([
    ['room-created', 0],
    ['room-changed', 1],
  ]);
  expect((await read(viewer, 2)).map(({ data }) => data.address)).toEqual([undefined, undefined]);
  const appClient = await stage.connect();
  const credential = { scheme: 'app-token', appId: other.appId } as const;
  await appClient.request('login', { credential, clientId: 'c', roomId: 'r', userId: 'u', members: true });
  // The other App admits nobody without a token: its stream has nothing until its own room is created by a bus call.
  await stage.rooms.execute(
    { appId: other.appId, environment: 'production', roomId: 'r' as never },
    {
      type: 'login',
      user: { id: 'u' as never, name: 'u' },
      scheme: 'app-token',
      clientId: 'c',
      connectionId: 'none',
      onDuplicate: 'allow',
      wantsMembers: false,
      permissions: { publishAudio: true, publishVideo: true },
      maxMemberCount: 0,
      address: '203.0.113.7',
      callbackData: '',
    },
    { channel: 'server', requestId: 'test' },
  );
  expect((await limited.next()).data).toMatchObject({ type: 'room-created', appId: other.appId });
});

test('a query that names a room names its App', async () => {
  expect(await new EventReader().open('?roomId=lobby')).toBe(400);
});
