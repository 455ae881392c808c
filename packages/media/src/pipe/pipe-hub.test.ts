import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FRAME, type PipeFrame } from './pipe-frame.ts';
import { PipeHub } from './pipe-hub.ts';

let folder: string;
let hubs: PipeHub[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pipe-'));
  hubs = [];
});

afterEach(async () => {
  for (const hub of hubs) hub.close();
  await rm(folder, { recursive: true });
});

async function start(worker: number) {
  const frames: (PipeFrame & { readonly from: number })[] = [];
  const errors: string[] = [];
  const hub = new PipeHub(folder, worker, {
    handleFrame: (from, frame) => frames.push({ ...frame, from, bytes: Buffer.from(frame.bytes) }),
    reportError: (where) => errors.push(where),
  });
  hubs.push(hub);
  await hub.listen();
  return { hub, frames, errors };
}

describe('PipeHub', () => {
  test('frames arrive in order, in both directions, with the sender’s number', async () => {
    const [a, b] = [await start(0), await start(1)];
    for (let index = 0; index < 2_000; index += 1) {
      expect(a.hub.send(1, FRAME.rtp, 7, index % 3, Buffer.from([index >> 8, index & 0xff]))).toBe(true);
    }
    b.hub.send(0, FRAME.keyframeRequest, 7, 2, Buffer.alloc(0));
    await vi.waitFor(() => expect([a.frames.length, b.frames.length]).toEqual([1, 2_000]));
    expect(a.frames[0]).toMatchObject({ from: 1, type: FRAME.keyframeRequest, pipe: 7, layer: 2 });
    expect(b.frames.map(({ bytes }) => bytes.readUInt16BE(0))).toEqual(
      Array.from({ length: 2_000 }, (_, index) => index),
    );
    expect(b.frames[1_999]).toMatchObject({ from: 0, layer: 1 });
  });

  test('a packet is copied: its memory may be used again at once', async () => {
    const [a, b] = [await start(0), await start(1)];
    const memory = Buffer.from([1]);
    a.hub.send(1, FRAME.rtp, 1, 0, memory);
    memory[0] = 2;
    await vi.waitFor(() => expect(b.frames.map(({ bytes }) => bytes[0])).toEqual([1]));
  });

  test('a worker that is not there costs its frames, and is reached again when it is', async () => {
    const a = await start(0);
    a.hub.send(1, FRAME.rtp, 1, 0, Buffer.from([1]));
    await vi.waitFor(() => expect(a.errors).toEqual(['the pipe to worker 1']));
    const b = await start(1);
    a.hub.send(1, FRAME.rtp, 1, 0, Buffer.from([2]));
    await vi.waitFor(() => expect(b.frames.map(({ bytes }) => bytes[0])).toEqual([2]));
  });

  test('a worker that does not read costs packets, not memory, but no requests for keyframes', async () => {
    const a = await start(0);
    const b = await start(1);
    const packet = Buffer.alloc(4_000);
    // Nothing is read during one turn of the event loop.
    let accepted = 0;
    while (accepted < 2_000 && a.hub.send(1, FRAME.rtp, 1, 0, packet)) accepted += 1;
    expect(accepted).toBeGreaterThan(600);
    expect(accepted).toBeLessThan(700);
    expect(a.hub.droppedFrames).toBe(1);
    expect(a.hub.send(1, FRAME.keyframeRequest, 1, 0, Buffer.alloc(0))).toBe(true);
    await vi.waitFor(() => expect(b.frames).toHaveLength(accepted + 1));
    expect(a.hub.send(1, FRAME.rtp, 1, 0, packet)).toBe(true);
  });

  test('a stream that cannot be read ends its connection only', async () => {
    const [a, b] = [await start(0), await start(1)];
    const stranger = createConnection(join(folder, '1.sock'));
    stranger.write(Buffer.from([9, 0, 0, 0]));
    await new Promise((resolve) => stranger.on('close', resolve));
    expect(b.errors).toEqual(['the pipe from worker 9']);
    a.hub.send(1, FRAME.rtp, 1, 0, Buffer.from([3]));
    await vi.waitFor(() => expect(b.frames).toHaveLength(1));
  });
});
