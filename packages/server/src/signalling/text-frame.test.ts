import type { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import * as ws from 'ws';
import { encodeFrame } from './text-frame.ts';

/** The library's reader of frames, which its types leave out. */
const { Receiver } = ws as unknown as { readonly Receiver: new (options: object) => Writable };

/** What the library, as a client, reads of some bytes. */
function read(bytes: Buffer): { readonly text: string; readonly isBinary: boolean }[] {
  const messages: { text: string; isBinary: boolean }[] = [];
  const receiver = new Receiver({ isServer: false, allowSynchronousEvents: true });
  receiver.on('message', (data: Buffer, isBinary: boolean) => messages.push({ text: data.toString(), isBinary }));
  receiver.write(bytes);
  return messages;
}

/** An object whose JSON is so many bytes long. */
const ofBytes = (bytes: number) => ({ text: 'x'.repeat(bytes - '{"text":""}'.length) });

test.each([20, 125, 126, 127, 65_535, 65_536, 200_000])('a frame of %i bytes is read whole by a client', (bytes) => {
  const frame = ofBytes(bytes);
  expect(Buffer.byteLength(JSON.stringify(frame))).toBe(bytes);
  expect(read(encodeFrame(frame))).toEqual([{ text: JSON.stringify(frame), isBinary: false }]);
});

test('lengths are counted in bytes, and frames one after another stay apart', () => {
  const frames = [{ text: '踢出 – 🚪'.repeat(20) }, { text: '' }, { text: 'é'.repeat(63) }];
  const messages = read(Buffer.concat(frames.map(encodeFrame)));
  expect(messages.map(({ text }) => JSON.parse(text))).toEqual(frames);
});
