/**
 * Calls of the vendor's engine for services and modules that Gavel does not have. They exist, so that an application that
 * offers them still runs: what returns a promise rejects with the vendor's code, what returns a boolean refuses, and what
 * returns nothing warns once.
 *
 * @module
 */

import { DeviceEngine } from './device-engine.ts';
import { CODES, refusal } from './errors.ts';
import { ignore } from './page-settings.ts';

const NOT_SUPPORTED = 'not supported';

/** Creates a call that rejects. */
function rejectWith(errorCode: number) {
  return async (..._args: readonly unknown[]): Promise<never> => {
    throw refusal(errorCode, NOT_SUPPORTED);
  };
}

/** Rejects with the vendor's code for a service whose module is not loaded. */
const reject = rejectWith(CODES.moduleNotImported);

/** Throws what other calls reject with. */
function refuse(..._args: readonly unknown[]): never {
  throw refusal(CODES.moduleNotImported, NOT_SUPPORTED);
}

/** The calls of the engine that are not supported. */
export abstract class UnsupportedEngine extends DeviceEngine {
  // Cloud mixing.
  readonly startMixerTask = reject;
  readonly stopMixerTask = reject;
  readonly setMixerTaskConfig = reject;
  readonly startAutoMixerTask = reject;
  readonly stopAutoMixerTask = reject;

  // Publishing to a CDN.
  readonly addPublishCdnUrl = reject;
  readonly removePublishCdnUrl = reject;

  // Beauty effects, virtual backgrounds, an image in place of the camera.
  readonly setEffectsBeauty = rejectWith(CODES.beautyNotSupported);
  readonly setLowlightEnhancement = rejectWith(CODES.beautyNotSupported);
  readonly initBackgroundModule = reject;
  readonly setBackgroundBlurOptions = reject;
  readonly setTransparentBackgroundOptions = reject;
  readonly setVirtualBackgroundOptions = reject;
  readonly enableBackgroundProcess = reject;
  readonly setDummyCaptureImagePath = ignore('setDummyCaptureImagePath', Promise.resolve(false));

  // Voice effects and AI noise reduction.
  readonly setVoiceChangerPreset = reject;
  readonly setVoiceChangerParam = reject;
  readonly setReverbPreset = reject;
  readonly enableVirtualStereo = reject;
  readonly enableLiveAudioEffect = reject;
  readonly setAudioChangerParam = reject;
  readonly enableAiDenoise = reject;
  readonly setAiDenoiseMode = reject;

  // Audio effects and raw audio frames.
  readonly createAudioEffectPlayer = refuse;
  readonly loadAudioEffect = reject;
  readonly unloadAudioEffect = ignore('unloadAudioEffect', false);
  readonly setAudioFrameCallback = reject;
  readonly setCaptureAudioFrameCallback = reject;

  // The sizes of streams, the choice of the encoder, aligned streams.
  readonly setLowStreamParameter = ignore('setLowStreamParameter');
  readonly enableHardwareEncoder = ignore('enableHardwareEncoder');
  readonly setStreamAlignmentProperty = ignore('setStreamAlignmentProperty', Promise.resolve(false));

  // Range audio, composed streams, copyrighted music, real-time sequential data.
  readonly createRangeAudioInstance = refuse;
  readonly createStreamCompositor = refuse;
  readonly createCopyrightedMusic = refuse;
  readonly destroyCopyrightedMusic = ignore('destroyCopyrightedMusic');
  readonly createRealTimeSequentialDataManager = refuse;
  readonly destroyRealTimeSequentialDataManager = ignore('destroyRealTimeSequentialDataManager');

  // Messages with binary content, the screens of Electron, uploaded logs, experimental calls.
  readonly sendTransparentMessage = rejectWith(CODES.messageFailed);
  readonly getElectronScreenSources = rejectWith(CODES.screenNotSupported);
  readonly uploadLog = rejectWith(CODES.uploadFailed);
  readonly callExperimentalAPI = rejectWith(CODES.badParameter);
}
