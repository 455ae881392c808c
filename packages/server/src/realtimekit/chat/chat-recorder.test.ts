import { FakeClock } from '@gavel/testkit/fake-clock';
import { beforeEach, expect, it } from 'vitest';
import type { RoomEvent } from '../../rooms/events.ts';
import type { ChatChange } from '../../store/chat.ts';
import { CHAT_WRITE_MS, ChatRecorder, type ChatRecorderDeps } from './chat-recorder.ts';

let clock: FakeClock;
let written: string[][];
let logged: object[];
let fails: boolean;
let recorder: ChatRecorder;

beforeEach(() => {
  clock = new FakeClock();
  written = [];
  logged = [];
  fails = false;
  const keep = async (changes: readonly ChatChange[]): Promise<void> => {
    if (fails) throw new Error('the disk is full');
    written.push(changes.map((change) => (change.type === 'put' ? change.message.text : `deleted ${change.id}`)));
  };
  const log = { error: (fields: object) => void logged.push(fields) };
  recorder = new ChatRecorder({ store: { chat: { keep } as never as ChatRecorderDeps['store']['chat'] }, clock, log });
});

let lastId = 0;
const say = (text: string, over: object = {}): void => {
  lastId += 1;
  const from = { id: 'anna', name: 'Anna' };
  const facts = {
    type: 'message',
    kind: 'chat',
    messageId: lastId,
    from,
    text,
    absent: [],
    epoch: '1',
    seq: 1,
    atMs: 1,
  };
  recorder.add('session', [{ ...facts, ...over } as never as RoomEvent]);
};
const advance = async (ms: number): Promise<void> => {
  clock.advance(ms);
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

it('what was said within a second is written at once, in the order in which it was said (CHAT-7)', async () => {
  say('one');
  await advance(CHAT_WRITE_MS - 1);
  say('two', { kind: 'broadcast' });
  expect(written).toEqual([]);
  await advance(1);
  expect(written).toEqual([['one', 'two']]);
  say('three');
  await recorder.flush();
  expect(written).toEqual([['one', 'two'], ['three']]);
  await advance(CHAT_WRITE_MS * 3);
  expect(written).toHaveLength(2);
});

it('much that is said does not wait for the second to be over (CHAT-7)', async () => {
  for (let index = 0; index < 500; index += 1) say(`${index}`);
  await advance(0);
  expect(written.map((each) => each.length)).toEqual([500]);
});

it('what was said in private, and what is no chat, is not written (CHAT-7)', async () => {
  say('to Ben', { to: ['ben'] });
  say('a command', { kind: 'command' });
  say('a barrage', { kind: 'barrage' });
  await recorder.flush();
  expect(written).toEqual([]);
});

it('what cannot be written is tried again, before what was said since (CHAT-7)', async () => {
  fails = true;
  say('one');
  await advance(CHAT_WRITE_MS);
  say('two');
  await advance(CHAT_WRITE_MS);
  expect([written, logged.length]).toEqual([[], 2]);
  fails = false;
  await advance(CHAT_WRITE_MS);
  expect(written).toEqual([['one', 'two']]);
});

it('a store that fails for long costs the oldest messages, not the memory of the server (CHAT-7)', async () => {
  fails = true;
  for (let index = 0; index < 10_100; index += 1) say(`${index}`);
  await advance(CHAT_WRITE_MS);
  fails = false;
  await recorder.flush();
  const texts = written.flat();
  expect(texts.length).toBeLessThanOrEqual(10_000);
  expect([texts[0], texts.at(-1)]).toEqual(['500', '10099']);
});
