import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Poster } from './post.ts';
import { sharedMonotonicMs } from './post.ts';
import { createBestPoster, createThreadedPoster } from './threaded-poster.ts';

const workers: Worker[] = [];
const addWorker = (worker: Worker): void => void workers.push(worker);
/** Requests to this path are not answered. */
const SILENT = '/silent';
const silenced: ServerResponse[] = [];
const bodies: string[] = [];
const server = createServer(async (request, response) => {
  if (request.url === SILENT) {
    silenced.push(response);
    server.emit('silenced');
    return;
  }
  let body = '';
  for await (const chunk of request) body += chunk;
  bodies.push(body);
  response.writeHead(Number(request.headers['x-answer'] ?? 200)).end();
});
let url = '';
const posters: Poster[] = [];

beforeAll(async () => {
  process.on('worker', addWorker);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const poster of posters.splice(0)) await poster.close();
  bodies.length = 0;
});
afterAll(() => {
  process.off('worker', addWorker);
  for (const response of silenced) response.destroy();
  server.close();
});

function openPoster(allowPrivateTargets = true): Poster {
  const poster = createThreadedPoster({ allowPrivateTargets });
  posters.push(poster);
  return poster;
}

const request = (path: string, body = '', status = 200) => ({
  ...{ url: `${url}${path}`, body, timeoutMs: 30_000 },
  headers: { 'x-answer': String(status) },
});

it('an attempt that would begin too late is not made, by the clock of the process (CLUS-7)', async () => {
  const { post } = openPoster();
  expect(await post({ ...request('/'), beginBeforeMs: sharedMonotonicMs() })).toEqual({ isTooLate: true });
  expect(bodies).toEqual([]);
  expect(await post({ ...request('/'), beginBeforeMs: sharedMonotonicMs() + 60_000 })).toEqual({ status: 200 });
});

it('each attempt gets its own status, whatever the order of the responses', async () => {
  const { post } = openPoster();
  const statuses = Array.from({ length: 20 }, (_, index) => 200 + index);
  const responses = await Promise.all(statuses.map((status) => post(request('/', `body ü ${status}`, status))));
  expect(responses).toEqual(statuses.map((status) => ({ status })));
  expect(bodies.toSorted()).toEqual(statuses.map((status) => `body ü ${status}`));
});

it('an attempt without a response fails with the reason', async () => {
  const { post } = openPoster();
  await expect(post({ ...request(SILENT), timeoutMs: 30 })).rejects.toThrow('no answer within 30 ms');
});

it('a private address is refused by the poster that must not use it, and by no other', async () => {
  const [strict, open] = [openPoster(false), openPoster()];
  await expect(strict.post(request('/'))).rejects.toThrow('127.0.0.1 is not a public address');
  expect(await open.post(request('/'))).toEqual({ status: 200 });
});

it('a poster that closes ends its attempts, and no others', async () => {
  const [closing, staying] = [openPoster(), openPoster()];
  const ended = closing.post(request(SILENT));
  ended.catch(() => undefined);
  await once(server, 'silenced');
  const kept = staying.post(request(SILENT));
  await once(server, 'silenced');
  await closing.close();
  await expect(ended).rejects.toThrow('the server is stopping');
  silenced.at(-1)?.end();
  expect(await kept).toEqual({ status: 200 });
});

it('attempts fail when the thread ends, and the next one is in a new thread', async () => {
  const { post } = openPoster();
  const lost = post(request(SILENT));
  lost.catch(() => undefined);
  await once(server, 'silenced');
  await workers.at(-1)?.terminate();
  await expect(lost).rejects.toThrow('the thread that posts callbacks has ended');
  expect(await post(request('/'))).toEqual({ status: 200 });
  // One thread serves all posters of the process.
  expect(workers).toHaveLength(2);
});

it('where the process has one core, no thread posts', async () => {
  const before = workers.length;
  const poster = createBestPoster({ allowPrivateTargets: true }, 1);
  posters.push(poster);
  expect(await poster.post(request('/'))).toEqual({ status: 200 });
  expect(workers).toHaveLength(before);
});
