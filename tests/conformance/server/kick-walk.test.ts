/** The walk of a kick in ARCHITECTURE.md is what the server does. */

import { readFileSync } from 'node:fs';
import { type RawClient, startTestServer } from '@gavel/testkit';
import { afterEach, expect, test, vi } from 'vitest';
import { Connection } from '../../../packages/server/src/signalling/connection.ts';

const DOCUMENT = new URL('../../../ARCHITECTURE.md', import.meta.url);
/** Files that the events pass, or that are called, without being on the stack when the victim's frame is written. */
const BESIDE = ['owner/owned-room.ts', 'rooms/room.ts', 'media-control/enforcer.ts', 'journal/batch-journal.ts'];

const { stackTraceLimit } = Error;
afterEach(() => {
  Error.stackTraceLimit = stackTraceLimit;
  vi.restoreAllMocks();
});

/** Returns the files of the server in a stack trace, outermost first. */
function filesOf(stack: string): string[] {
  const files = [...stack.matchAll(/packages\/server\/src\/([\w/-]+\.ts)/g)].map(([, file]) => file ?? '');
  return [...new Set(files.reverse())];
}

test('a kick passes the files that its walk names, fewer than 20, in their order (KICK-5)', async () => {
  const server = await startTestServer({ wrapBus: (bus) => bus });
  try {
    const join = async (userId: string): Promise<RawClient> => {
      const client = await server.connect();
      const credential = { scheme: 'app-token', appId: server.app.appId } as const;
      await client.request('login', { credential, roomId: 'room', userId, clientId: userId });
      return client;
    };
    await join('host');
    const victim = await join('victim');
    Error.stackTraceLimit = 200;
    const stacks: string[] = [];
    const { close } = Connection.prototype;
    vi.spyOn(Connection.prototype, 'close').mockImplementation(function (this: Connection, ...args) {
      stacks.push(new Error('here').stack ?? '');
      close.apply(this, args);
    });
    expect((await server.call('KickoutUser', { RoomId: 'room', 'UserId[]': ['victim'] })).Code).toBe(0);
    expect((await victim.closed).code).toBe(4500);

    const walk = readFileSync(DOCUMENT, 'utf8').split('### A kick, step by step')[1]?.split('\n## ')[0] ?? '';
    const named = [...walk.matchAll(/^\d+\. `([^`]+)`/gm)].map(([, file]) => file ?? '');
    expect(named.length).toBeLessThan(20);
    const onStack = named.filter((file) => !BESIDE.includes(file));
    expect([...filesOf(stacks[0] ?? ''), 'signalling/connection.ts']).toEqual(onStack);
  } finally {
    await server.close();
  }
});
