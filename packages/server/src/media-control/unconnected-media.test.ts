import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDoor } from '../signalling/testing.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { readMediaAddresses } from './unconnected-media.ts';

const ANSWER = [
  'v=0',
  'a=candidate:1 1 UDP 2114977791 203.0.113.9 7701 typ host',
  'a=candidate:1 1 UDP 2114977791 203.0.113.9 7701 typ host',
  'a=candidate:2 1 UDP 2114977790 2001:db8::9 7701 typ host',
  '',
].join('\r\n');
const ADDRESSES = ['203.0.113.9:7701', '[2001:db8::9]:7701'];

let door: Awaited<ReturnType<typeof startDoor>>;
let written: Record<string, unknown>[];
beforeEach(async () => {
  written = [];
  const write = (line: string) => void written.push(JSON.parse(line) as Record<string, unknown>);
  door = await startDoor({ log: pino({ base: null, level: 'info' }, { write }) });
  door.engine.answer = ANSWER;
});
afterEach(() => door.close());

const reports = () => written.filter(({ msg }) => String(msg).includes('before its media connected'));

test('a publish that never connected is logged with the addresses that its client was told to use (CONN-4)', async () => {
  door.engine.connects = false;
  const { client } = await door.join('lobby', 'ann');
  await client.media.publish('s');
  await door.clock.advance(30_000);
  await client.event('publishEnded');
  const requestId = written.find(({ msg }) => msg === 'logged in')?.requestId;
  const facts = { app: 1, room: 'lobby', user: 'ann', stream: 's', requestId, addresses: ADDRESSES, waitedMs: 30_000 };
  expect(reports()).toMatchObject([{ level: 30, ...facts }]);
});

test('a play that its client gave up is logged too, with the user (CONN-4)', async () => {
  const ann = await door.join('lobby', 'ann');
  await ann.client.media.publish('s');
  await ann.client.event('streamAdded');
  door.engine.connects = false;
  const { client } = await door.join('lobby', 'bob');
  await client.media.play('s');
  await door.clock.advance(9_000);
  await client.media.stop('s');
  const facts = { app: 1, room: 'lobby', user: 'bob', stream: 's', addresses: ADDRESSES, waitedMs: 9_000 };
  expect(reports()).toMatchObject([{ ...facts, requestId: expect.any(String) }]);
});

test('media that connected, or was given up soon, is not reported', async () => {
  const { client } = await door.join('lobby', 'ann');
  await client.media.publish('s');
  await client.event('streamAdded');
  await client.media.unpublish('s');
  door.engine.connects = false;
  await client.media.publish('t');
  await door.clock.advance(1_000);
  await client.media.unpublish('t');
  expect(reports()).toEqual([]);
});

test('a metric counts media that never connected, by role (CONN-4)', async () => {
  const metrics = new Metrics();
  metrics.media.countUnconnected('publish');
  for (const _ of [1, 2]) metrics.media.countUnconnected('play');
  const text = await metrics.text();
  expect(text).toContain('gavel_media_unconnected_total{role="publish"} 1');
  expect(text).toContain('gavel_media_unconnected_total{role="play"} 2');
});

test('an answer without candidates has no addresses', () => {
  expect(readMediaAddresses('v=0\r\n')).toEqual([]);
});
