import { expect, test } from 'vitest';
import { ConsoleSession } from './session.ts';

const WHO = { name: 'mia', role: 'moderator', appIds: [7], csrfToken: 'csrf-1', expiresAtMs: 1 } as const;

/** A server with the rules of the real one: a changing call needs the CSRF token, and a call without a session is refused. */
class FakeServer {
  isSignedIn = false;
  isDown = false;
  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    if (this.isDown) throw new TypeError('Failed to fetch');
    const { method } = init;
    const headers = new Headers(init.headers);
    const path = url.replace('/admin/v1', '');
    if (path === '/session' && method === 'GET') return this.#answer(200, { session: this.isSignedIn ? WHO : null });
    if (path === '/session' && method === 'POST') {
      if (JSON.parse(String(init.body)).token !== 'right') return this.#refuse(401, 'unauthorized');
      this.isSignedIn = true;
      return this.#answer(200, WHO);
    }
    if (!this.isSignedIn) return this.#refuse(401, 'unauthorized');
    if (method !== 'GET' && headers.get('x-gavel-csrf') !== WHO.csrfToken) return this.#refuse(403, 'forbidden');
    if (path === '/session') this.isSignedIn = false;
    return this.#answer(200, { path, key: headers.get('idempotency-key') });
  };

  #answer(status: number, body: object): Response {
    return new Response(JSON.stringify(body), { status });
  }

  #refuse(status: number, code: string): Response {
    return this.#answer(status, { error: { code, message: `refused: ${code}` } });
  }
}

async function open(server = new FakeServer()) {
  const session = new ConsoleSession(server.fetch);
  await session.open();
  return { server, session };
}

test('a browser that is not signed in gets the form, and a wrong token a message', async () => {
  const { session } = await open();
  expect(session.state.session).toEqual({ phase: 'signed-out', message: '' });
  await session.signIn('wrong');
  expect(session.state.session).toEqual({ phase: 'signed-out', message: 'refused: unauthorized' });
});

test('after sign-in, changing calls have the CSRF token and their idempotency key', async () => {
  const { session } = await open();
  await session.signIn('right');
  expect(session.state.session).toEqual({ phase: 'signed-in', who: WHO });
  const answer = await session.client.post('/kick', { body: {}, idempotencyKey: 'k1' });
  expect(answer).toEqual({ path: '/kick', key: 'k1' });
});

test('a page that is loaded again is still signed in', async () => {
  const { server, session } = await open();
  await session.signIn('right');
  const { session: other } = await open(server);
  expect(other.state.session).toMatchObject({ phase: 'signed-in' });
  await other.signOut();
  expect(server.isSignedIn).toBe(false);
  expect(other.state.session).toEqual({ phase: 'signed-out', message: '' });
});

test('a session that has ended leads to the form, and says why', async () => {
  const { server, session } = await open();
  await session.signIn('right');
  server.isSignedIn = false;
  await expect(session.client.get('/rooms')).rejects.toMatchObject({ code: 'unauthorized', status: 401 });
  expect(session.state.session).toMatchObject({ phase: 'signed-out', message: expect.stringContaining('ended') });
});

test('a server that does not answer is said to be so, and the user stays signed in', async () => {
  const { server, session } = await open();
  await session.signIn('right');
  server.isDown = true;
  await expect(session.client.get('/rooms')).rejects.toMatchObject({ code: 'unreachable', status: 0 });
  expect(session.state.session).toMatchObject({ phase: 'signed-in' });
  const { session: other } = await open(server);
  expect(other.state.session).toMatchObject({ phase: 'unreachable' });
});

test('empty parameters of a query are omitted', async () => {
  const { session } = await open();
  await session.signIn('right');
  const answer = await session.client.get('/rooms', { search: '', limit: 50, cursor: undefined, q: 'a&b' });
  expect(answer).toMatchObject({ path: '/rooms?limit=50&q=a%26b' });
});
