import { afterEach, expect, test, vi } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { FakeTrack } from '../testing/fake-media.ts';
import { LOST, stream as listed, loginResult, snapshot } from '../testing/fake-server.ts';
import { asElement, asTrack, loginToZego } from '../testing/zego-world.ts';

afterEach(() => void vi.unstubAllGlobals());

async function publish() {
  const all = await loginToZego();
  const stream = await all.open(all.engine.createStream());
  await all.publish('mine', stream);
  const [microphone] = all.devices.live('audio');
  if (!microphone) throw new Error('no microphone');
  const music = all.world.media.page.createElement('audio');
  return { ...all, stream, microphone, music, audio: all.world.media.audio };
}

/** Waits for the mixer, which is loaded at its first use. */
async function mixed() {
  await vi.dynamicImportSettled();
  await settle();
}

const updates = ({ world }: Awaited<ReturnType<typeof publish>>) => world.server.seen('updateStream');

test('mixing sends microphone and music as one track, with a volume for each, and then the microphone again', async () => {
  const all = await publish();
  const { engine, stream, microphone, music, audio, sent } = all;
  expect(engine.startMixingAudio('mine', [asElement(music)])).toBe(true);
  await mixed();
  await settle();
  expect(sent()[0]?.id).toBe('mix-1');
  expect(stream.getAudioTracks()).toEqual([sent()[0]]);
  expect(audio.mix()).toEqual({ [microphone.id]: 1, element: 1 });
  expect(engine.setMixingAudioVolume(stream, 25, asElement(music))).toBe(true);
  expect(await engine.setCaptureVolume(stream, 50)).toEqual({ errorCode: 0 });
  expect(audio.mix()).toEqual({ [microphone.id]: 0.5, element: 0.25 });
  expect(engine.stopMixingAudio('mine')).toBe(true);
  expect(audio.mix()).toEqual({ [microphone.id]: 0.5 });
  expect(await engine.setCaptureVolume(stream, 100)).toEqual({ errorCode: 0 });
  await settle();
  expect([sent()[0], audio.destinations[0]?.stream.getTracks()[0]?.readyState]).toEqual([microphone, 'ended']);
  expect(updates(all)).toEqual([]);
});

test('music goes on with its next file; stopMixingAudio of one element leaves the other', async () => {
  const { engine, world, microphone, music, audio } = await publish();
  const other = world.media.page.createElement('video');
  other.captured.removeTrack(other.captured.getTracks()[0] as FakeTrack);
  expect(engine.startMixingAudio('mine', [asElement(music), asElement(other)])).toBe(true);
  await mixed();
  other.captured.receive(new FakeTrack('audio', 'next'));
  expect(audio.mix()).toEqual({ [microphone.id]: 1, element: 1, next: 1 });
  expect(engine.stopMixingAudio('mine', [asElement(music)])).toBe(true);
  expect(audio.mix()).toEqual({ [microphone.id]: 1, next: 1 });
  expect(engine.stopMixingAudio('mine', [asElement(music)])).toBe(false);
  expect(engine.setMixingAudioVolume('mine', 50, asElement(music))).toBe(false);
});

test('muteMicrophone silences the microphone and not the music (PRIV-1)', async () => {
  const all = await publish();
  const { engine, microphone, music, audio, stream } = all;
  engine.muteMicrophone(true);
  await settle();
  expect([engine.isMicrophoneMuted(), updates(all).at(-1)]).toEqual([true, { streamId: 'mine', audio: false }]);
  engine.startMixingAudio('mine', [asElement(music)]);
  await mixed();
  await settle();
  expect(audio.mix()).toEqual({ element: 1 });
  expect(stream.getAudioTracks()[0]?.enabled).toBe(true);
  expect(updates(all).at(-1)).toEqual({ streamId: 'mine', audio: true });
  engine.stopMixingAudio('mine');
  await settle();
  expect([microphone.enabled, stream.getAudioTracks()]).toEqual([false, [microphone]]);
  expect(updates(all).at(-1)).toEqual({ streamId: 'mine', audio: false });
  engine.muteMicrophone(false);
  await settle();
  expect([microphone.enabled, updates(all).at(-1)]).toEqual([true, { streamId: 'mine', audio: true }]);
});

test('audio that is off stays off when mixing starts and stops, whoever turned it off (PRIV-1)', async () => {
  const all = await publish();
  const { engine, microphone, music, stream } = all;
  engine.mutePublishStreamAudio(stream, true);
  engine.startMixingAudio('mine', [asElement(music)]);
  await mixed();
  expect(stream.getAudioTracks().map(({ enabled }) => enabled)).toEqual([false]);
  engine.stopMixingAudio('mine');
  expect([microphone.enabled, stream.getAudioTracks()]).toEqual([false, [microphone]]);
  engine.mutePublishStreamAudio(stream, false);
  // The application may turn the track off by itself.
  microphone.enabled = false;
  engine.startMixingAudio('mine', [asElement(music)]);
  await mixed();
  expect(stream.getAudioTracks().map(({ enabled }) => enabled)).toEqual([false]);
  expect(await engine.setCaptureVolume(stream, 10)).toEqual({ errorCode: 0 });
  expect(stream.getAudioTracks().map(({ enabled }) => enabled)).toEqual([false]);
});

test('a host who mutes the audio is obeyed when mixing starts (PRIV-1)', async () => {
  const all = await publish();
  const { engine, world, music, stream } = all;
  world.media.peer.become('connected');
  const own = listed('mine', 'm-me', { audio: false, muted: ['audio'] });
  await world.server.push({ event: 'streamUpdated', seq: 11, stream: own });
  const isOff = !stream.getAudioTracks()[0]?.enabled;
  engine.startMixingAudio('mine', [asElement(music)]);
  await mixed();
  await settle();
  expect([isOff, stream.getAudioTracks()[0]?.enabled]).toEqual([true, false]);
  expect(updates(all).filter(({ audio }) => audio)).toEqual([]);
});

test('a microphone that vanishes from a mix is told to the others unless music goes on (PRIV-2)', async () => {
  const all = await publish();
  const { engine, devices, music, audio, stream } = all;
  engine.startMixingAudio('mine', [asElement(music)]);
  await mixed();
  devices.unplug('audio');
  await settle();
  expect([audio.mix(), updates(all)]).toEqual([{ element: 1 }, []]);
  engine.stopMixingAudio('mine');
  await settle();
  expect(updates(all)).toEqual([{ streamId: 'mine', audio: false }]);
  expect(await all.open(engine.useAudioDevice(stream, 'other'))).toEqual({ errorCode: 0 });
  expect(updates(all).at(-1)).toEqual({ streamId: 'mine', audio: true });
});

test('a microphone under a volume alone that vanishes is told to the others (PRIV-2)', async () => {
  const all = await publish();
  await all.engine.setCaptureVolume(all.stream, 30);
  await mixed();
  all.devices.unplug('audio');
  await settle();
  expect(updates(all)).toEqual([{ streamId: 'mine', audio: false }]);
});

test('a kick, destroyStream and destroyEngine close the microphone under a mix (KICK-5, PRIV-1)', async () => {
  for (const end of ['kick', 'destroyStream', 'destroyEngine'] as const) {
    const { engine, world, devices, music, stream, audio } = await publish();
    engine.startMixingAudio('mine', [asElement(music)]);
    await mixed();
    await settle();
    if (end === 'kick') await world.server.remove('kicked', '', 4500);
    else if (end === 'destroyStream') engine.destroyStream(stream);
    else engine.destroyEngine();
    await settle();
    const isMixLive = audio.destinations[0]?.stream.getTracks()[0]?.readyState === 'live';
    expect([end, devices.live('audio'), isMixLive, audio.openContexts]).toEqual([
      end,
      [],
      false,
      end === 'destroyEngine' ? 0 : 1,
    ]);
  }
});

test('before the user has touched the page the microphone is sent as it is, and the mix from the first click on', async () => {
  const { engine, world, microphone, music, audio, sent } = await publish();
  audio.refusesStart = true;
  expect(engine.startMixingAudio('mine', [asElement(music)])).toBe(true);
  await mixed();
  expect(sent()[0]).toBe(microphone);
  audio.refusesStart = false;
  world.media.page.raise('click');
  await settle();
  expect([sent()[0]?.id, audio.mix()]).toEqual(['mix-1', { [microphone.id]: 1, element: 1 }]);
});

test('an engine that is destroyed before the user has touched the page mixes nothing, and says nothing', async () => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const { engine, devices, music, audio } = await publish();
  audio.refusesStart = true;
  engine.startMixingAudio('mine', [asElement(music)]);
  await mixed();
  engine.destroyEngine();
  await settle();
  expect([devices.live(), audio.openContexts, audio.destinations, warned.mock.calls]).toEqual([[], 0, [], []]);
  warned.mockRestore();
});

test('sound levels of published, played and captured streams are reported at the interval', async () => {
  const { world, engine, audio } = await publish();
  world.server.login = loginResult({ room: snapshot({ streams: [listed('theirs', 'ann')] }) });
  engine.startPlayingStream('theirs').catch(() => {});
  await settle();
  world.media.peer.become('connected');
  const hear = (...levels: readonly { readonly streamId: string; readonly level: number }[]) =>
    world.server.push({ event: 'soundLevels', levels });
  const log: unknown[] = [];
  engine.on('soundLevelUpdate', (levels) => log.push(levels));
  engine.on('capturedSoundLevelUpdate', (level) => log.push(level));
  audio.level = 0.75;
  engine.setSoundLevelDelegate(true, 500);
  await vi.dynamicImportSettled();
  await settle();
  expect(world.server.seen('watchSoundLevels')).toEqual([{ intervalMs: 500 }]);
  await hear({ streamId: 'theirs', level: 20 });
  await world.clock.advance(500);
  const levels = (mine: number, theirs: number) => [
    { streamID: 'mine', soundLevel: mine, type: 'push' },
    { streamID: 'theirs', soundLevel: theirs, type: 'pull' },
  ];
  expect(log.splice(0)).toEqual([levels(0, 10), 75]);
  await hear({ streamId: 'mine', level: 0 }, { streamId: 'theirs', level: 40 });
  await world.clock.advance(500);
  expect(log).toEqual([levels(100, 1), 75]);
  world.media.page.hidden = true;
  await world.clock.advance(1_000);
  expect(log).toHaveLength(2);
  engine.setSoundLevelDelegate(true, 500, { enableInBackground: true });
  await settle();
  await world.clock.advance(500);
  expect(log).toHaveLength(4);
  engine.setSoundLevelDelegate(false);
  await settle();
  expect(world.server.seen('watchSoundLevels').at(-1)).toEqual({});
  await world.clock.advance(5_000);
  expect(log).toHaveLength(4);
});

test('levels are asked for again after a new login, not more often than the server reports them (SPK-2)', async () => {
  const { world, engine } = await publish();
  const asked = () => world.server.seen('watchSoundLevels');
  engine.setSoundLevelDelegate(true, 100);
  await vi.dynamicImportSettled();
  await world.clock.advance(1_000);
  expect(asked()).toEqual([{ intervalMs: 200 }]);
  world.server.login = loginResult({ memberId: 'm-again' });
  world.server.resume = LOST;
  world.server.socket.close(1006);
  await world.clock.advance(5_000);
  expect(asked()).toEqual([{ intervalMs: 200 }, { intervalMs: 200 }]);
});

test('the captured level is there before anything is published, and 0 while muted', async () => {
  const { world, engine, open } = await loginToZego();
  const stream = await open(engine.createZegoStream());
  const levels: number[] = [];
  engine.on('capturedSoundLevelUpdate', (level) => levels.push(level));
  engine.setSoundLevelDelegate(true);
  await vi.dynamicImportSettled();
  await world.clock.advance(1_000);
  engine.mutePublishStreamAudio(stream, true);
  await world.clock.advance(1_000);
  expect(levels).toEqual([50, 0]);
  await stream.stopCaptureAudio();
  await world.clock.advance(1_000);
  expect(levels).toHaveLength(2);
  engine.destroyEngine();
  engine.setSoundLevelDelegate(true);
  await world.clock.advance(5_000);
  expect([levels.length, world.media.audio.openContexts, world.clock.pending]).toEqual([2, 0, 0]);
});

test('levels that are turned off while their module is loaded are not reported', async () => {
  const { world, engine } = await publish();
  const reported = vi.fn();
  engine.on('soundLevelUpdate', reported);
  engine.setSoundLevelDelegate(true);
  engine.setSoundLevelDelegate(false);
  await vi.dynamicImportSettled();
  await world.clock.advance(5_000);
  expect(reported).not.toHaveBeenCalled();
});

test('a track of the application is mixed as a microphone is', async () => {
  const { engine, audio, music, stream } = await publish();
  await engine.replaceTrack(stream, asTrack(new FakeTrack('audio', 'synthesizer')));
  engine.startMixingAudio(stream, [asElement(music)]);
  await mixed();
  expect(audio.mix()).toEqual({ synthesizer: 1, element: 1 });
  await engine.replaceTrack(stream, asTrack(new FakeTrack('audio', 'other')));
  expect(audio.mix()).toEqual({ other: 1, element: 1 });
});
