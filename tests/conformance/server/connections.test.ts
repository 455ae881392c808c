import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signedPath } from '@gavel/server';
import { startTestServer, TEST_API_TOKEN, TEST_APP, type TestServer } from '@gavel/testkit';
import { IS_ONE_PROCESS } from '@gavel/testkit/test-bus';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

/** Short deadlines in ascending order, so that a test can tell which one expired. */
const DEADLINES = { headersTimeoutMs: 400, requestTimeoutMs: 800, idleTimeoutMs: 1500 };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ http: DEADLINES });
});
afterAll(() => server.close());

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Sends a text and returns what is received until the server closes the connection, or until `until` is received. */
async function exchange(text: string, until?: string): Promise<string> {
  const { hostname, port } = new URL(server.baseUrl);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  socket.write(text);
  let received = '';
  await new Promise<void>((resolve) => {
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
    socket.on('data', (bytes) => {
      received += bytes;
      if (until !== undefined && received.includes(until)) resolve();
    });
  });
  return received;
}

const lines = (...texts: string[]) => `${texts.join('\r\n')}\r\n\r\n`;
const H2C = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA'];
const signed = () => signedPath(TEST_APP, 'DescribeUserNum', { 'RoomId[]': ['r'] }, Date.now());
const MEETINGS = `/client/v4/accounts/${TEST_APP.accountId}/realtime/kit/${TEST_APP.rtkAppId}/meetings`;

describe('an upgrade that is no WebSocket', () => {
  test('a call with `Upgrade: h2c`, as curl --http2 sends it, is answered (SIG-5)', async () => {
    const answer = await exchange(lines(`GET ${signed()} HTTP/1.1`, 'Host: x', ...H2C), '"Code"');
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n.*"Code":0/s);
    const body = '{"title":"by h2c"}';
    const head = [`POST ${MEETINGS} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${TEST_API_TOKEN}`];
    const type = ['Content-Type: application/json', `Content-Length: ${body.length}`];
    const made = await exchange(`${lines(...head, ...type, ...H2C)}${body}`, '"title"');
    expect(made).toMatch(/^HTTP\/1.1 201 Created\r\n.*by h2c/s);
  });

  test('a WebSocket at another path, another protocol, and a tunnel are refused, and a reset then ends nothing (SIG-5)', async () => {
    for (const request of [
      lines('GET /x HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: x'),
      lines('GET /x HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'),
    ]) {
      expect(await exchange(request, '\r\n\r\n')).toMatch(/^HTTP\/1.1 404 Not Found/);
      sockets.at(-1)?.resetAndDestroy();
    }
    expect(await exchange(lines('CONNECT x:1 HTTP/1.1', 'Host: x'))).toBe('');
    expect(await exchange('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toMatch(/^(HTTP\/1.1 400|$)/);
    expect((await fetch(`${server.baseUrl}/healthz`)).status).toBe(200);
  });
});

describe('deadlines of connections (LIM-6)', () => {
  test.each([
    ['nothing at all', ''],
    ['half a header', 'GET / HTTP/1.1\r\nHost:'],
  ])('%s: closed when the headers are due', async (_, text) => {
    expect(await exchange(text)).toMatch(/^HTTP\/1.1 408/);
  });

  test.each([
    ['of the ZEGO API', () => [`POST ${signed()} HTTP/1.1`]],
    ['of the RealtimeKit API', () => [`POST ${MEETINGS} HTTP/1.1`, `Authorization: Bearer ${TEST_API_TOKEN}`]],
    ['of the admin API', () => ['POST /admin/v1/api-tokens HTTP/1.1', `Authorization: Bearer ${TEST_API_TOKEN}`]],
    ['of a stranger', () => [`POST ${MEETINGS} HTTP/1.1`, 'Authorization: Bearer x']],
    ['to no route', () => ['POST /nothing HTTP/1.1']],
  ])('a body %s that never ends: its connection is closed when the request is due', async (_, head) => {
    const type = ['Host: x', 'Content-Type: application/json', 'Content-Length: 1000'];
    const answer = exchange(`${lines(...head(), ...type)}{`);
    const drip = setInterval(() => sockets.at(-1)?.write(' '), 50);
    await answer;
    clearInterval(drip);
  });

  test('an idle connection is closed, a WebSocket is not', async () => {
    const client = await server.connect();
    await exchange(lines('GET /healthz HTTP/1.1', 'Host: x'));
    expect(await client.login(TEST_APP.appId, 'r', 'ann')).toMatchObject({ user: { id: 'ann' } });
  });
});

describe('a start that is refused', () => {
  // The lock is that of a process on its folder.
  test.runIf(IS_ONE_PROCESS)(
    'a folder in use is said, on whatever port, and nothing of it changes (START-1, START-2)',
    async () => {
      const dataDir = mkdtempSync(join(tmpdir(), 'gavel-twice-'));
      const first = await startTestServer({ dataDir });
      const before = readdirSync(dataDir).sort();
      await expect(startTestServer({ dataDir })).rejects.toThrow(
        `another Gavel process uses the data folder ${dataDir}`,
      );
      expect(readdirSync(dataDir).sort()).toEqual(before);
      await first.close();
      await (await startTestServer({ dataDir })).close();
      rmSync(dataDir, { recursive: true });
    },
  );

  test('a port in use: nothing is written (START-1)', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'gavel-port-'));
    const port = Number(new URL(server.baseUrl).port);
    await expect(startTestServer({ dataDir, port })).rejects.toThrow('EADDRINUSE');
    expect(readdirSync(dataDir)).toEqual([]);
    await (await startTestServer({ dataDir })).close();
    rmSync(dataDir, { recursive: true });
  });
});
