/**
 * Plans what a `ZegoLocalStream` captures; loaded with it.
 *
 * @module
 */

import {
  AUDIO_KBPS,
  badOption,
  bitrateOf,
  type CapturePlan,
  type CustomPlan,
  type Encoding,
  findSource,
  omitUndefined,
  requireOptions,
  type StreamPlan,
  toCamera,
  toEncoding,
  toHint,
  toMicrophone,
  toScreen,
  toScreenAudio,
  warnAbout,
} from './capture-plan.ts';
import type {
  ZegoCaptureCamera,
  ZegoCaptureMicrophone,
  ZegoCaptureScreenAudio,
  ZegoCaptureScreenVideo,
  ZegoStreamOptions,
} from './stream-types.ts';

/** Plans a stream of `createZegoStream`. @throws ZegoServerResponse 1103001 for a wrong option */
export function planZegoStream(options: ZegoStreamOptions): { plan: StreamPlan; encoding: Encoding } {
  const origin = findSource(requireOptions('options', options));
  const encoding = toZegoEncoding(options);
  if (origin === 'custom') {
    const { audio, video } = requireOptions<NonNullable<ZegoStreamOptions['custom']>>('custom', options.custom);
    return { plan: planCustomSources(video, audio), encoding };
  }
  if (origin === 'screen') {
    const { audio, video } = requireOptions<NonNullable<ZegoStreamOptions['screen']>>('screen', options.screen);
    return { plan: planScreens(video === false ? true : video, audio), encoding };
  }
  const { audio, video } = origin ? requireOptions('camera', options.camera) : { audio: true, video: true };
  return { plan: planDevices(video, audio), encoding };
}

/** Plans a camera, a microphone or both; false and undefined leave a kind out. @throws ZegoServerResponse 1103001 */
export function planDevices(
  video: boolean | ZegoCaptureCamera | undefined,
  audio: boolean | ZegoCaptureMicrophone | undefined,
): CapturePlan {
  if (!audio && !video) throw badOption('one of audio and video must be captured');
  const camera = video && requireOptions<ZegoCaptureCamera>('video', video);
  const microphone = audio && requireOptions<ZegoCaptureMicrophone>('audio', audio);
  return {
    origin: 'camera',
    capture: { audio: microphone ? toMicrophone(microphone) : false, video: camera ? toCamera(camera) : false },
    hint: camera ? toHint(camera.optimizationMode) : '',
  };
}

/** Plans a screen, with its audio unless that is false or undefined. @throws ZegoServerResponse 1103001 */
export function planScreens(
  video: boolean | ZegoCaptureScreenVideo | undefined,
  audio: boolean | ZegoCaptureScreenAudio | undefined,
): CapturePlan {
  const screen = requireOptions<ZegoCaptureScreenVideo>('video', video);
  return {
    origin: 'screen',
    capture: { audio: audio ? toScreenAudio(requireOptions('audio', audio)) : false, video: toScreen(screen) },
    hint: toHint(screen.optimizationMode),
  };
}

/** Plans tracks of the application. @throws ZegoServerResponse 1103001 */
export function planCustomSources(
  video: { readonly source: MediaStream | HTMLMediaElement; readonly optimizationMode?: string } | undefined,
  audio: { readonly source: MediaStream | HTMLMediaElement } | undefined,
): CustomPlan {
  if (!audio && !video) throw badOption('one of audio and video must be given');
  for (const options of [audio, video]) if (options) warnAbout({ ...options });
  return { origin: 'custom', audio: audio?.source, video: video?.source, hint: toHint(video?.optimizationMode) };
}

function toZegoEncoding({ videoBitrate, audioBitrate, camera, screen, custom }: ZegoStreamOptions): Encoding {
  const given: Exclude<typeof videoBitrate, number | undefined> =
    typeof videoBitrate === 'object' ? videoBitrate : omitUndefined({ bitrate: videoBitrate });
  warnAbout({ ...given });
  const options = screen ? screen.video : camera?.video;
  const quality = typeof options === 'object' ? options.quality : undefined;
  const preset = custom ? undefined : bitrateOf(screen ? 'screen' : 'camera', quality);
  const audioKbps = audioBitrate ?? (screen ? undefined : AUDIO_KBPS);
  return toEncoding(given.bitrate ?? preset, given.startBitrate, audioKbps);
}
