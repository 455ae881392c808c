import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { createPoster, type Poster, sharedMonotonicMs } from './post.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** What a server got on its connections, in order. */
interface Endpoint {
  readonly url: string;
  readonly requests: string[];
  readonly sockets: Socket[];
  readonly server: Server;
}

/** Starts a server that calls `answer` with what each connection has sent so far. */
async function startEndpoint(answer: (socket: Socket, request: string) => void): Promise<Endpoint> {
  const requests: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket
      .on('error', () => undefined)
      .on('data', (bytes) => {
        requests.push(bytes.toString());
        answer(socket, bytes.toString());
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/a b?c=ü`, requests, sockets, server };
}

function openPoster(allowPrivateTargets = true): Poster {
  const poster = createPoster({ allowPrivateTargets });
  closers.push(() => poster.close());
  return poster;
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
const request = (url: string, body = '{}', timeoutMs = 30_000) => ({ url, body, timeoutMs, headers: { 'x-id': '1' } });

it('a post is one request with its headers and the bytes of its body', async () => {
  const endpoint = await startEndpoint((socket) => socket.write(OK));
  expect(await openPoster().post(request(endpoint.url, '{"name":"ü"}'))).toEqual({ status: 200 });
  const { host } = new URL(endpoint.url);
  const first = ['POST /a%20b?c=%C3%BC HTTP/1.1', `host: ${host}`, 'connection: keep-alive'];
  const head = [...first, 'x-id: 1', 'content-length: 13'];
  expect(endpoint.requests).toEqual([`${head.join('\r\n')}\r\n\r\n{"name":"ü"}`]);
});

it('a post that would begin too late sends nothing, also when it has waited for a connection (CLUS-7)', async () => {
  const endpoint = await startEndpoint((socket) => socket.write(OK));
  const { post } = openPoster();
  const before = { ...request(endpoint.url), beginBeforeMs: sharedMonotonicMs() };
  expect(await post(before)).toEqual({ isTooLate: true });
  expect(endpoint.requests).toEqual([]);
  expect(await post({ ...before, beginBeforeMs: sharedMonotonicMs() + 60_000 })).toEqual({ status: 200 });
});

it('requests one after another use the same connections', async () => {
  const endpoint = await startEndpoint((socket) => socket.write(OK));
  const { post } = openPoster();
  for (let count = 0; count < 10; count += 1) await post(request(endpoint.url));
  // A connection rests for a turn of the event loop after each response; another one may then be opened.
  expect(endpoint.sockets.length).toBeLessThan(5);
});

it('requests at the same time use a connection each', async () => {
  const endpoint = await startEndpoint((socket) => socket.write(OK));
  const { post } = openPoster();
  await Promise.all(Array.from({ length: 3 }, () => post(request(endpoint.url))));
  expect(endpoint.sockets).toHaveLength(3);
});

it('a connection that the server has closed is not used again', async () => {
  const endpoint = await startEndpoint((socket) => socket.write(OK));
  const { post } = openPoster();
  await post(request(endpoint.url));
  const [socket] = endpoint.sockets;
  socket?.end();
  await once(socket as Socket, 'close');
  expect(await post(request(endpoint.url))).toEqual({ status: 200 });
  expect(endpoint.sockets).toHaveLength(2);
});

it('a connection is closed after a response whose end is not certain, and after one that says so', async () => {
  const answers = [
    'HTTP/1.0 299 Old\r\n\r\n',
    'HTTP/1.1 410 Gone\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
    OK,
  ];
  const endpoint = await startEndpoint((socket) => {
    const answer = answers.shift() ?? '';
    if (answer.startsWith('HTTP/1.0')) socket.end(answer);
    else socket.write(answer);
  });
  const { post } = openPoster();
  for (const status of [299, 410, 200]) expect(await post(request(endpoint.url))).toEqual({ status });
  expect(endpoint.sockets).toHaveLength(3);
});

it('an attempt without a response fails with the reason', async () => {
  const silent = await startEndpoint(() => undefined);
  const cut = await startEndpoint((socket) => socket.end());
  const other = await startEndpoint((socket) => socket.write('220 mail\r\n\r\n'));
  const { post } = openPoster();
  await expect(post(request(silent.url, '{}', 30))).rejects.toThrow('no answer within 30 ms');
  await expect(post(request(cut.url))).rejects.toThrow('other side closed');
  await expect(post(request(other.url))).rejects.toThrow(/Expected HTTP/);
  cut.server.close();
  for (const socket of cut.sockets) socket.destroy();
  await once(cut.server, 'close');
  await expect(post(request(cut.url))).rejects.toThrow(/ECONNREFUSED/);
  await expect(post(request('http://no-such-host.invalid/'))).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
});

it('a response whose body does not end counts when the time is over', async () => {
  const endpoint = await startEndpoint((socket) => socket.write('HTTP/1.1 202 Yes\r\ncontent-length: 5\r\n\r\nx'));
  expect(await openPoster().post(request(endpoint.url, '{}', 1500))).toEqual({ status: 202 });
});

it('a header that would begin another one is refused', async () => {
  const endpoint = await startEndpoint((socket) => socket.write(OK));
  const headers = { 'x-id': 'a\r\nx-other: b' };
  await expect(openPoster().post({ ...request(endpoint.url), headers })).rejects.toThrow('x-id');
  expect(endpoint.requests).toEqual([]);
});

it('addresses that are not public are refused, as are names that have no others', async () => {
  const { post } = openPoster(false);
  for (const url of ['http://127.0.0.1:9/', 'https://[::1]/', 'http://10.1.2.3/', 'http://localhost:9/']) {
    await expect(post(request(url))).rejects.toThrow('is not a public address');
  }
});

it('closing ends the requests that are being answered, and refuses further ones', async () => {
  const endpoint = await startEndpoint(() => undefined);
  const poster = openPoster();
  const pending = poster.post(request(endpoint.url));
  await once(endpoint.server, 'connection');
  await poster.close();
  await expect(pending).rejects.toThrow('the server is stopping');
  await expect(poster.post(request(endpoint.url))).rejects.toThrow('The client is destroyed');
});

it('an endpoint over TLS must have a certificate of its name that is trusted; a later connection resumes the session', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gavel-post-'));
  closers.push(() => rmSync(folder, { recursive: true }));
  const [keyPath, certPath] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync('openssl', ['req', '-x509', '-nodes', ...curve, ...names, '-keyout', keyPath, '-out', certPath], {
    stdio: 'ignore',
  });
  const cert = readFileSync(certPath, 'utf8');
  const resumed: boolean[] = [];
  const server = createHttpsServer({ key: readFileSync(keyPath), cert }, (message, response) => {
    message.resume().on('end', () => response.writeHead(201, { connection: 'close' }).end('yes'));
  });
  server.on('secureConnection', (socket) => resumed.push(socket.isSessionReused()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { post } = openPoster();
  await expect(post(request(`https://localhost:${port}/`))).rejects.toThrow(/self-signed/);
  const trusted = getCACertificates('default');
  closers.push(() => setDefaultCACertificates(trusted));
  setDefaultCACertificates([...trusted, cert]);
  await expect(post(request(`https://127.0.0.1:${port}/`))).rejects.toThrow(/IP: 127.0.0.1 is not in the cert/);
  for (let count = 0; count < 2; count += 1) {
    expect(await post(request(`https://localhost:${port}/`))).toEqual({ status: 201 });
  }
  expect(resumed.at(-1)).toBe(true);
});
