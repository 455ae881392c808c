import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createFrameCodec } from '../core/media/frame-data/frame-codec.ts';
import { settle } from '../testing/fake-clock.ts';
import { FakeScriptTransform, FakeWorker } from '../testing/fake-frames.ts';
import { loginToZego } from '../testing/zego-world.ts';
import type { ZegoPlayOptions, ZegoPublishOptions } from './types.ts';

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  vi.stubGlobal('RTCRtpScriptTransform', FakeScriptTransform);
  vi.stubGlobal('Worker', FakeWorker);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const VP8_FRAME = Uint8Array.of(0x31, 0x02, 0x00, 0x07);
const codec = createFrameCodec();
const encode = (text: string) => new TextEncoder().encode(text);
const UUID = '0123456789abcdef';

/** Waits until messages that were posted have arrived. */
async function settlePorts(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  await new Promise((resolve) => {
    port1.onmessage = resolve;
    port2.postMessage(0);
  });
  port1.close();
}

async function publish(options: ZegoPublishOptions) {
  const zego = await loginToZego();
  const { world, engine, open } = zego;
  const local = await open(engine.createStream({ camera: {} }));
  engine.startPublishingStream('mine', local, options);
  await vi.dynamicImportSettled();
  await settle();
  world.media.peer.become('connected');
  const next = async () => {
    await settlePorts();
    const frame = await world.media.peer.transceivers[1]?.sender.frames.pass(VP8_FRAME);
    return codec.read(frame ?? VP8_FRAME);
  };
  return { ...zego, next };
}

async function play(options: ZegoPlayOptions) {
  const zego = await loginToZego();
  const { world, engine } = zego;
  const heard: string[] = [];
  engine.on('playerRecvSEI', (streamID, data) => heard.push(`${streamID}: ${new TextDecoder().decode(data)}`));
  engine.startPlayingStream('theirs', options).catch(() => {});
  await vi.dynamicImportSettled();
  await settle();
  world.media.peer.become('connected');
  const hear = async (type: number, text: string) => {
    const frame = codec.write(VP8_FRAME, [{ type, data: encode(text) }]);
    await world.media.peer.transceivers.at(-1)?.receiver.frames.pass(frame);
    await settlePorts();
  };
  return { ...zego, heard, hear };
}

test('sendSEI puts the data in the next frame, also after the media was re-created', async () => {
  const { world, engine, next } = await publish({ isSEIStart: true });
  expect(engine.sendSEI('mine', encode('one'))).toBe(true);
  expect(await next()).toEqual([{ type: 243, data: encode('one') }]);
  world.media.peer.become('failed');
  expect(engine.sendSEI('mine', encode('lost'))).toBe(false);
  await world.clock.advance(2_000);
  await settle();
  world.media.peer.become('connected');
  expect(engine.sendSEI('mine', encode('two'))).toBe(true);
  expect(await next()).toEqual([{ type: 243, data: encode('two') }]);
  engine.stopPublishingStream('mine');
  expect(engine.sendSEI('mine', encode('late'))).toBe(false);
});

test('SEIType 1 is sent as user data', async () => {
  const { engine, next } = await publish({ isSEIStart: true, SEIType: 1 });
  engine.sendSEI('mine', encode(`${UUID}text`));
  expect(await next()).toEqual([{ type: 5, data: encode(`${UUID}text`) }]);
});

test('sendSEI refuses more than 4,096 bytes, more than 30 in a second, and what is no data', async () => {
  const { world, engine } = await publish({ isSEIStart: true });
  expect(engine.sendSEI('mine', new Uint8Array(4_097))).toBe(false);
  for (const wrong of [undefined, null, 'text', [1], new ArrayBuffer(2)]) {
    expect(engine.sendSEI('mine', wrong as unknown as Uint8Array)).toBe(false);
  }
  const areSent = Array.from({ length: 31 }, () => engine.sendSEI('mine', new Uint8Array(4_096)));
  expect(areSent.filter(Boolean)).toHaveLength(30);
  await world.clock.advance(1_000);
  expect(engine.sendSEI('mine', encode('again'))).toBe(true);
});

test('without isSEIStart, and in a browser without access to frames, media is untouched and sendSEI returns false', async () => {
  const without = await publish({});
  expect(without.engine.sendSEI('mine', encode('x'))).toBe(false);
  expect(without.world.media.peer.configuration).not.toHaveProperty('encodedInsertableStreams');
  vi.unstubAllGlobals();
  const { engine, world } = await publish({ isSEIStart: true });
  expect(engine.sendSEI('mine', encode('x'))).toBe(false);
  expect(world.media.peer.configuration).not.toHaveProperty('encodedInsertableStreams');
  const warnings = vi.mocked(console.warn).mock.calls.flat();
  expect(warnings).toContain('[gavel] isSEIStart has no effect: this browser gives no access to encoded frames');
});

test('a publish that is stopped while SEI is loaded sends nothing to the server', async () => {
  const { world, engine, open } = await loginToZego();
  const local = await open(engine.createStream({ camera: {} }));
  engine.startPublishingStream('mine', local, { isSEIStart: true });
  engine.stopPublishingStream('mine');
  await vi.dynamicImportSettled();
  await settle();
  expect(world.server.seen('publish')).toEqual([]);
});

test('playerRecvSEI reports what the frames contain, with isSEIStart only', async () => {
  const { engine, heard, hear } = await play({ isSEIStart: true });
  await hear(243, 'hello');
  await hear(5, `${UUID}user data`);
  // A buffering period of an encoder: no message.
  await hear(0, 'x');
  expect(heard).toEqual(['theirs: hello', `theirs: ${UUID}user data`]);
  engine.stopPlayingStream('theirs');
  await hear(243, 'late');
  expect(heard).toHaveLength(2);
  const without = await play({});
  await without.hear(243, 'hello');
  expect(without.heard).toEqual([]);
});

test('unregisterSEIFilter selects user data by its UUID', async () => {
  const { engine, heard, hear } = await play({ isSEIStart: true });
  engine.setSEIConfig({ unregisterSEIFilter: UUID });
  await hear(5, 'fedcba9876543210 other');
  await hear(5, `${UUID} wanted`);
  await hear(243, 'any');
  engine.setSEIConfig(undefined as unknown as object);
  await hear(5, 'fedcba9876543210 other');
  expect(heard).toEqual([`theirs: ${UUID} wanted`, 'theirs: any', 'theirs: fedcba9876543210 other']);
});
