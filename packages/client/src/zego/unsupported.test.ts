import { beforeEach, expect, test, vi } from 'vitest';
import { createWorld } from '../testing/harness.ts';
import { ZegoExpressEngine } from './engine.ts';

const createEngine = (): ZegoExpressEngine =>
  new ZegoExpressEngine(1, 'https://rooms.test', { platform: createWorld().platform });

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});

const REJECTING = [
  ['startMixerTask', 1101003],
  ['stopMixerTask', 1101003],
  ['setMixerTaskConfig', 1101003],
  ['startAutoMixerTask', 1101003],
  ['stopAutoMixerTask', 1101003],
  ['addPublishCdnUrl', 1101003],
  ['removePublishCdnUrl', 1101003],
  ['setEffectsBeauty', 1103072],
  ['setLowlightEnhancement', 1103072],
  ['initBackgroundModule', 1101003],
  ['setBackgroundBlurOptions', 1101003],
  ['setTransparentBackgroundOptions', 1101003],
  ['setVirtualBackgroundOptions', 1101003],
  ['enableBackgroundProcess', 1101003],
  ['setVoiceChangerPreset', 1101003],
  ['setVoiceChangerParam', 1101003],
  ['setReverbPreset', 1101003],
  ['enableVirtualStereo', 1101003],
  ['enableLiveAudioEffect', 1101003],
  ['setAudioChangerParam', 1101003],
  ['enableAiDenoise', 1101003],
  ['setAiDenoiseMode', 1101003],
  ['loadAudioEffect', 1101003],
  ['setAudioFrameCallback', 1101003],
  ['setCaptureAudioFrameCallback', 1101003],
  ['sendTransparentMessage', 1009010],
  ['getElectronScreenSources', 1103043],
  ['uploadLog', 1102025],
  ['callExperimentalAPI', 1100001],
] as const;

test.each(REJECTING)('%s rejects with %i, whatever it is given', async (name, errorCode) => {
  const zg = createEngine();
  const extendedData = 'not supported';
  await expect(zg[name]()).rejects.toEqual({ errorCode, extendedData });
  await expect(zg[name](undefined, null, {}, 1)).rejects.toEqual({ errorCode, extendedData });
});

test.each([
  'createAudioEffectPlayer',
  'createRangeAudioInstance',
  'createStreamCompositor',
  'createCopyrightedMusic',
  'createRealTimeSequentialDataManager',
] as const)('%s throws what other calls reject with', (name) => {
  const zg = createEngine();
  expect(() => zg[name]('x')).toThrow(expect.objectContaining({ errorCode: 1101003 }));
});

test.each([
  ['unloadAudioEffect', false],
  ['setDummyCaptureImagePath', false],
  ['setStreamAlignmentProperty', false],
  ['setLowStreamParameter', undefined],
  ['enableHardwareEncoder', undefined],
  ['destroyCopyrightedMusic', undefined],
  ['destroyRealTimeSequentialDataManager', undefined],
] as const)('%s does nothing and answers %s', async (name, answer) => {
  expect(await createEngine()[name](1, 2)).toBe(answer);
});
