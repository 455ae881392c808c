import { expect, test } from 'vitest';
import { readEvents } from './event-stream.ts';

test('events are read however their text is cut; comments and ids are not events', async () => {
  const text =
    'retry: 2000\nid: 1\nevent: ready\ndata: {}\n\n: heartbeat\n\nid: 2\n\nevent: a\ndata: 1\ndata: 2\n\ndata:x\n\n';
  const expected = [
    { event: 'ready', data: '{}' },
    { event: 'a', data: '1\n2' },
    { event: 'message', data: 'x' },
  ];
  for (const size of [1, 7, text.length]) {
    async function* cut() {
      for (let from = 0; from < text.length; from += size) yield text.slice(from, from + size);
    }
    expect(await Array.fromAsync(readEvents(cut()))).toEqual(expected);
  }
});
