import { expect, test } from 'vitest';
import { createFrameCodec, type FrameMessage } from './frame-codec.ts';
import { type EncodedFrame, type FrameSide, pipeFrames } from './frame-pipe.ts';

const VP8_FRAME = Uint8Array.of(0x31, 0x02, 0x00, 0x07);
const message = (text: string): FrameMessage => ({ type: 243, data: new TextEncoder().encode(text) });

/** Starts a pipe: frames that are written come out of `read`. */
function start(side: FrameSide) {
  const input = new TransformStream<EncodedFrame, EncodedFrame>();
  const output = new TransformStream<EncodedFrame, EncodedFrame>();
  const { port1, port2 } = new MessageChannel();
  const pipe = new Function(`return (${pipeFrames})`)() as typeof pipeFrames;
  pipe(createFrameCodec, { readable: input.readable, writable: output.writable }, port2, side);
  const writer = input.writable.getWriter();
  const reader = output.readable.getReader();
  const pass = async (bytes: Uint8Array): Promise<Uint8Array> => {
    void writer.write({ data: bytes.slice().buffer });
    return new Uint8Array((await reader.read()).value?.data ?? new ArrayBuffer());
  };
  return { port: port1, pass, end: () => writer.close() };
}

/** Waits for what arrives at a port. */
const next = (port: MessagePort): Promise<unknown> =>
  new Promise((resolve) => {
    port.onmessage = ({ data }) => resolve(data);
  });

/** Lets posted messages arrive: a channel delivers in order. */
async function settlePort(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const arrived = next(port1);
  port2.postMessage(0);
  await arrived;
  port1.close();
}

test('a sender adds at most four messages to a frame, and passes the others unchanged', async () => {
  const { port, pass, end } = start('send');
  expect(await pass(VP8_FRAME)).toEqual(VP8_FRAME);
  for (const text of ['a', 'b', 'c', 'd', 'e']) port.postMessage(message(text));
  await settlePort();
  const codec = createFrameCodec();
  // An empty frame carries nothing.
  expect(await pass(new Uint8Array())).toHaveLength(0);
  const first = await pass(VP8_FRAME);
  const second = await pass(VP8_FRAME);
  expect(codec.read(first)).toEqual(['a', 'b', 'c', 'd'].map(message));
  expect(codec.read(second)).toEqual([message('e')]);
  expect(await pass(VP8_FRAME)).toEqual(VP8_FRAME);
  await end();
});

test('while no frames are sent, the newest 30 messages wait', async () => {
  const { port, pass, end } = start('send');
  for (let count = 0; count < 35; count += 1) port.postMessage(message(String(count)));
  await settlePort();
  expect(createFrameCodec().read(await pass(VP8_FRAME))[0]).toEqual(message('5'));
  await end();
});

test('a receiver posts what it finds, and passes the frame unchanged', async () => {
  const { port, pass, end } = start('receive');
  const frame = createFrameCodec().write(VP8_FRAME, [message('hello')]);
  const posted = next(port);
  expect(await pass(frame)).toEqual(frame);
  expect(await posted).toEqual(message('hello'));
  await end();
});
