import { afterEach, expect, test } from 'vitest';
import { startDoor } from './testing.ts';

let door: Awaited<ReturnType<typeof startDoor>>;
afterEach(() => door.close());

/** Records the commands and queries on the bus from now on, but for the activity of members. */
function recordCalls(): string[] {
  const calls: string[] = [];
  const { bus } = door;
  const [call, query] = [bus.call.bind(bus), bus.query.bind(bus)];
  bus.call = (envelope) => {
    if (envelope.command.type !== 'touch') calls.push(envelope.command.type);
    return call(envelope);
  };
  bus.query = (subject, question) => {
    calls.push(question.type);
    return query(subject, question);
  };
  return calls;
}

test('a request of a member is one command or one query (BUS-8)', async () => {
  door = await startDoor();
  const { client } = await door.join('r', 'asker', { members: true });
  const calls = recordCalls();
  const { result } = await client.request('createPoll', { question: '?', options: ['a', 'b'] });
  expect(result).toMatchObject({ pollId: expect.any(String) });
  const requests: readonly [string, object][] = [
    ['send', { kind: 'chat', text: 'hi' }],
    ['changeMessage', { messageId: 1, action: 'edit', text: 'ho' }],
    ['chatHistory', { direction: 'before', limit: 10 }],
    ['sendCustom', { type: 'wave', payload: {} }],
    ['setRoomInfo', { key: 'k', value: 'v' }],
    ['openStores', { names: ['s'] }],
    ['changeStore', { name: 's', steps: [{ action: 'set', key: 'k', value: 1 }] }],
    ['snapshot', {}],
    ['renewToken', { token: 'new' }],
    ['heartbeat', {}],
    ['logout', {}],
  ];
  for (const [method, params] of requests) {
    expect(await client.request(method, params)).toHaveProperty('result');
  }
  expect(calls).toEqual([
    ...['createPoll', 'send', 'changeMessage', 'chat', 'sendCustom', 'setRoomInfo', 'openStores', 'changeStore'],
    ...['snapshot', 'renewToken', 'logout'],
  ]);
});

test('a login, and a resume with missed events, is one command (BUS-8)', async () => {
  door = await startDoor();
  const calls = recordCalls();
  const { client, login } = await door.join('r', 'doorman', { members: true });
  await door.join('r', 'ben');
  const again = await door.connect();
  const { result } = await again.request('resume', { ticket: login.ticket, lastSeq: login.room.seq });
  expect(result).toMatchObject({ events: [{ event: 'memberJoined' }], waitingList: [] });
  expect(calls).toEqual(['login', 'login', 'resume']);
  client.cut();
});
