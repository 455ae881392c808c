/**
 * Turns the options of local streams into what the browser is asked for, and how the stream is encoded.
 *
 * @module
 */

import type { CaptureOptions } from '../../core/media/capture.ts';
import { CODES, refusal } from '../errors.ts';
import { warnOnce } from '../warnings.ts';
import type {
  ZegoAudioProcessing,
  ZegoCamera,
  ZegoCaptureCamera,
  ZegoCaptureMicrophone,
  ZegoCaptureScreenVideo,
  ZegoCustom,
  ZegoLocalStreamConfig,
  ZegoScreen,
  ZegoVideoSize,
} from './stream-types.ts';

/** How a stream is encoded when it is published; what is undefined is the default. */
export interface Encoding {
  readonly maxVideoKbps?: number;
  readonly startVideoKbps?: number;
  readonly maxAudioKbps?: number;
  /** Whether the picture is sent in several sizes; undefined: if it is larger than 360p. */
  readonly simulcast?: boolean;
}

/** What to capture from a camera, a microphone or a screen. */
export interface CapturePlan {
  readonly origin: 'camera' | 'screen';
  readonly capture: CaptureOptions;
  /** The `contentHint` of the video track. */
  readonly hint: string;
}

/** What to take from the application. */
export interface CustomPlan {
  readonly origin: 'custom';
  readonly audio: MediaStream | HTMLMediaElement | undefined;
  readonly video: MediaStream | HTMLMediaElement | undefined;
  readonly hint: string;
}

/** Where a local stream comes from. */
export type StreamPlan = CapturePlan | CustomPlan;

/** The same members, which may be undefined too. */
type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined };

interface Preset {
  readonly width?: number;
  readonly height?: number;
  readonly frameRate: number;
  readonly kbps: number;
}

/** The vendor's qualities 1 to 3 of a camera, and of a screen. */
const CAMERA_PRESETS: readonly Preset[] = [
  { width: 320, height: 240, frameRate: 15, kbps: 300 },
  { width: 640, height: 480, frameRate: 15, kbps: 800 },
  { width: 1280, height: 720, frameRate: 20, kbps: 1_500 },
];
const SCREEN_PRESETS: readonly Preset[] = [
  { frameRate: 20, kbps: 800 },
  { frameRate: 15, kbps: 1_500 },
  { frameRate: 5, kbps: 2_000 },
];

/** The vendor's default for a microphone and for sources of the application. */
export const AUDIO_KBPS = 48;

/** Options of captures that have no effect. */
const WITHOUT_EFFECT = ['minBitrate', 'keyFrameInterval', 'sourceID', 'captureElement'];

/** Returns the error of a wrong option. */
export function badOption(text: string) {
  return refusal(CODES.badPublishParameter, text);
}

/** Returns options that are an object, or an empty one for `true` and undefined. @throws ZegoServerResponse 1103001 */
export function requireOptions<T extends object>(name: string, value: T | boolean | undefined): T {
  if (value === undefined || value === true) return {} as T;
  if (typeof value !== 'object' || value === null) throw badOption(`${name} must be an object`);
  return value;
}

/** Returns the single source that is named; undefined if none is. @throws ZegoServerResponse 1103001 for several */
export function findSource(
  options: { readonly [Source in 'camera' | 'screen' | 'custom']?: unknown },
): 'camera' | 'screen' | 'custom' | undefined {
  const named = (['camera', 'screen', 'custom'] as const).filter((name) => options[name]);
  if (named.length > 1) throw badOption('a stream has one source: camera, screen or custom');
  return named[0];
}

/** Plans a stream of `createStream`. @throws ZegoServerResponse 1103001 for a wrong option */
export function planStream(config: ZegoLocalStreamConfig): { plan: StreamPlan; encoding: Encoding } {
  const origin = findSource(requireOptions('source', config));
  if (origin === 'custom') return planCustom(requireOptions('custom', config.custom));
  if (origin === 'screen') return planScreen(requireOptions<ZegoScreen>('screen', config.screen));
  return planCamera(requireOptions<ZegoCamera>('camera', config.camera));
}

function planCamera(camera: ZegoCamera): { plan: StreamPlan; encoding: Encoding } {
  const { audio = true, video = true, audioInput, videoInput, channelCount, audioBitrate = AUDIO_KBPS } = camera;
  const { videoQuality, videoOptimizationMode, facingMode, ANS, AGC, AEC } = camera;
  warnAbout({ ...camera });
  if (!audio && !video) throw badOption('one of audio and video must be captured');
  const microphone = { input: audioInput, channelCount, ANS, AGC, AEC };
  const look = { ...sizeOf(camera), quality: videoQuality, input: videoInput, facingMode };
  return {
    plan: {
      origin: 'camera',
      capture: { audio: audio && toMicrophone(microphone), video: video && toCamera(look) },
      hint: toHint(videoOptimizationMode),
    },
    encoding: toEncoding(camera.bitrate ?? bitrateOf('camera', videoQuality), camera.startBitrate, audioBitrate),
  };
}

function planScreen(screen: ZegoScreen): { plan: StreamPlan; encoding: Encoding } {
  const { audio = false, videoQuality, videoOptimizationMode, bitrate = screen.bitRate, startBitrate } = screen;
  warnAbout({ ...screen });
  const look = { ...sizeOf(screen), quality: videoQuality };
  return {
    plan: {
      origin: 'screen',
      capture: { audio: audio && toScreenAudio(screen), video: toScreen(look) },
      hint: toHint(videoOptimizationMode),
    },
    encoding: { ...toEncoding(bitrate ?? bitrateOf('screen', videoQuality), startBitrate), simulcast: false },
  };
}

function planCustom(custom: ZegoCustom): { plan: StreamPlan; encoding: Encoding } {
  const { source, bitrate, startBitrate, audioBitrate = AUDIO_KBPS, videoOptimizationMode } = custom;
  warnAbout({ ...custom });
  return {
    plan: { origin: 'custom', audio: source, video: source, hint: toHint(videoOptimizationMode) },
    encoding: toEncoding(bitrate, startBitrate, audioBitrate),
  };
}

/** Returns the video bitrate of a quality, in kbit/s; undefined for the own sizes of quality 4. */
export function bitrateOf(origin: 'camera' | 'screen', quality = 2): number | undefined {
  return findPreset(origin, quality)?.kbps;
}

/** Returns the constraints of a quality, overridden by the sizes that are given. @throws ZegoServerResponse 1103001 */
export function toVideoConstraints(
  origin: 'camera' | 'screen',
  options: Loose<ZegoVideoSize & { readonly quality: number }>,
): MediaTrackConstraints {
  const { quality = 2 } = options;
  const { kbps: _, ...preset }: Preset = findPreset(origin, quality) ?? { frameRate: 15, kbps: 0 };
  // The vendor ignores sizes beside the qualities 1 to 3.
  const own = options.quality === undefined || quality === 4 ? sizeOf(options) : {};
  return omitUndefined({ ...preset, ...own });
}

/** Returns the constraints of a camera. @throws ZegoServerResponse 1103001 */
export function toCamera(options: Loose<ZegoCaptureCamera>): MediaTrackConstraints {
  const { input, facingMode } = options;
  warnAbout({ ...options });
  const device = facingMode ? { facingMode } : input ? { deviceId: { exact: input } } : {};
  return { ...toVideoConstraints('camera', options), ...device };
}

/** Returns the constraints of a screen. @throws ZegoServerResponse 1103001 */
export function toScreen(options: Loose<ZegoCaptureScreenVideo>): MediaTrackConstraints {
  warnAbout({ ...options });
  return toVideoConstraints('screen', options);
}

/** Returns the constraints of a microphone. */
export function toMicrophone(options: Loose<ZegoCaptureMicrophone>): MediaTrackConstraints {
  const { input, channelCount } = options;
  warnAbout({ ...options });
  if (channelCount === 2) warnOnce('channelCount 2 captures two channels; they are sent as one');
  return omitUndefined({
    ...toProcessing(options),
    channelCount,
    ...(input !== undefined && { deviceId: { exact: input } }),
  });
}

/** Unlike a microphone's, the audio of a screen is not processed by default, apart from echoes. */
export function toScreenAudio({
  ANS = false,
  AGC = false,
  AEC = true,
}: Loose<ZegoAudioProcessing>): MediaTrackConstraints {
  return toProcessing({ ANS, AGC, AEC });
}

/** Returns the constraints of audio processing; undefined leaves the browser's default, which is on. */
export function toProcessing({ ANS, AGC, AEC }: Loose<ZegoAudioProcessing>): MediaTrackConstraints {
  return omitUndefined({ noiseSuppression: ANS, autoGainControl: AGC, echoCancellation: AEC });
}

/** Warns of each option of a capture that has no effect. */
export function warnAbout(options: { readonly [name: string]: unknown }): void {
  for (const name of WITHOUT_EFFECT) {
    if (options[name]) warnOnce(`the capture option ${name} is not supported and has no effect`);
  }
  if (options.channelCount === 2) warnOnce('the capture option channelCount: 2 has no effect: one channel is sent');
}

function findPreset(origin: 'camera' | 'screen', quality: number): Preset | undefined {
  const presets = origin === 'camera' ? CAMERA_PRESETS : SCREEN_PRESETS;
  const preset = presets[quality - 1];
  if (!preset && quality !== 4) throw badOption('the video quality is 1, 2, 3 or 4');
  return preset;
}

function sizeOf(options: Loose<ZegoVideoSize>): ZegoVideoSize {
  const sizes = { width: options.width, height: options.height, frameRate: options.frameRate };
  for (const [name, value] of Object.entries(sizes)) {
    const numbers = typeof value === 'object' && value !== null ? Object.values(value) : [value ?? 1];
    const isRight = numbers.every((number) => typeof number === 'number' && number > 0);
    if (!isRight) throw badOption(`${name} must be a positive number`);
  }
  return omitUndefined(sizes);
}

/** Returns the encoding of the options. @throws ZegoServerResponse 1103001 for a wrong bitrate */
export function toEncoding(
  maxVideoKbps: number | undefined,
  startBitrate: 'default' | 'target' | undefined,
  maxAudioKbps?: number,
): Encoding {
  for (const kbps of [maxVideoKbps, maxAudioKbps]) requireKbps(kbps);
  return omitUndefined({
    maxVideoKbps,
    maxAudioKbps,
    startVideoKbps: startBitrate === 'target' ? maxVideoKbps : undefined,
  });
}

/** @throws ZegoServerResponse 1103001 unless it is a positive number of kbit/s or undefined */
export function requireKbps(kbps: number | undefined): void {
  const isRight = kbps === undefined || (typeof kbps === 'number' && kbps > 0 && kbps <= 10_240);
  if (!isRight) throw badOption('a bitrate must be a number of kbit/s, at most 10,240');
}

/** Returns the `contentHint` of an optimization mode. */
export function toHint(mode = 'default'): string {
  return mode === 'motion' || mode === 'detail' ? mode : '';
}

/** Drops undefined members. */
export function omitUndefined<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
