import { pino } from 'pino';
import { expect, test } from 'vitest';
import { kick } from '../rooms/testing.ts';
import { startDoor } from './testing.ts';

test('a login, a refusal and a disconnect are one line each at info, without a token (LOG-1)', async () => {
  const written: string[] = [];
  const log = pino({ base: null, level: 'info' }, { write: (line: string) => void written.push(line) });
  const door = await startDoor({ log });
  const lines = () => written.map((line) => JSON.parse(line) as Record<string, unknown>);
  const address = '127.0.0.1';

  const client = await door.connect();
  const credential = { scheme: 'app-token', appId: 1, token: 'bad' } as const;
  await expect(client.login(1, 'lobby', 'ann', { credential })).rejects.toThrow('login.bad-credential');
  await client.login(1, 'lobby', 'ann', { credential: { ...credential, token: 'a-good-secret' } });
  await door.rooms.execute(door.room('lobby'), { ...kick('ann'), reason: 'spam' }, door.origin);
  await client.closed;
  await expect.poll(() => written.length).toBe(3);

  const [refused, entered, gone] = lines();
  const who = { level: 30, appId: 1, room: 'lobby', userId: 'ann', address };
  expect(refused).toMatchObject({ ...who, code: 'login.bad-credential', msg: 'login refused' });
  expect(entered).toMatchObject({ ...who, msg: 'logged in' });
  expect(gone).toMatchObject({ ...who, cause: 'kicked', code: 4500, msg: 'disconnected' });
  expect(refused?.requestId).toBe(`${entered?.requestId}/1`);
  expect(gone?.requestId).toBe(entered?.requestId);
  expect(written.join('')).not.toContain('a-good-secret');
  await door.close();
});

test('a wait to be admitted is one line at info when it begins (LOG-1)', async () => {
  const written: string[] = [];
  const log = pino({ base: null, level: 'info' }, { write: (line: string) => void written.push(line) });
  const door = await startDoor({ log });
  await (await door.connect()).request('login', {
    credential: { scheme: 'app-token', appId: 1, token: 'a-good-secret' },
    ...{ clientId: 'c', roomId: 'lobby', userId: 'guest' },
  });
  const who = { level: 30, appId: 1, room: 'lobby', userId: 'guest', address: '127.0.0.1' };
  expect(written.map((line) => JSON.parse(line))).toMatchObject([{ ...who, msg: 'waits to be admitted' }]);
  expect(written.join('')).not.toContain('a-good-secret');
  await door.close();
});
