/**
 * The constraints with which microphone, camera and screen are captured.
 *
 * @module
 */

import type { CaptureOptions } from '../core/media/capture.ts';
import type { PublishOptions } from '../core/media/publication.ts';
import type { PresetMedia } from './theme-preset.ts';

/** The size and the rate of a picture. */
export interface VideoQualityConstraints {
  readonly width?: { readonly ideal?: number; readonly max?: number };
  readonly height?: { readonly ideal?: number; readonly max?: number };
  readonly frameRate?: { readonly ideal?: number; readonly max?: number };
}

/** How sound is captured; the browser decides what is absent. */
export interface AudioQualityConstraints {
  readonly echoCancellation?: boolean;
  /** Spelt as the vendor spells it. */
  readonly noiseSupression?: boolean;
  readonly autoGainControl?: boolean;
  readonly enableStereo?: boolean;
}

/** How a screen is captured. */
export interface ScreenshareQualityConstraints extends VideoQualityConstraints {
  readonly displaySurface?: 'window' | 'monitor' | 'browser';
  readonly selfBrowserSurface?: 'include' | 'exclude';
}

/** The application's settings, which replace those of the preset. */
export interface MediaConfiguration {
  readonly audio?: AudioQualityConstraints;
  readonly video?: VideoQualityConstraints | string;
  readonly screenshare?: ScreenshareQualityConstraints;
}

/** The sizes of the presets' qualities. */
const SIZES: Readonly<Record<string, readonly [width: number, height: number]>> = {
  qvga: [320, 240],
  vga: [640, 480],
  hd: [1280, 720],
  fhd: [1920, 1080],
  uhd: [3840, 2160],
};

/** The settings of the preset and of the application, and the selected devices. */
export class CaptureSettings {
  readonly #deviceIds: { audio?: string; video?: string } = {};
  #preset: PresetMedia | undefined;
  #application: MediaConfiguration = {};

  /** The selected device; undefined: the browser's choice. */
  deviceId(kind: 'audio' | 'video'): string | undefined {
    return this.#deviceIds[kind];
  }

  /** Selects a device, or leaves the choice to the browser. */
  setDeviceId(kind: 'audio' | 'video', deviceId: string | undefined): void {
    if (deviceId === undefined) delete this.#deviceIds[kind];
    else this.#deviceIds[kind] = deviceId;
  }

  /** Uses the preset's settings. */
  setPreset(preset: PresetMedia): void {
    this.#preset = preset;
  }

  /** How the preset and the application want media to be sent. */
  get sending(): Pick<PublishOptions, 'simulcast' | 'stereo'> {
    const { audio, video } = this.#preset ?? {};
    const stereo = this.#application.audio?.enableStereo ?? audio?.enableStereo ?? false;
    return { stereo, ...(video?.simulcast === false && { simulcast: false }) };
  }

  /** Replaces some of the preset's settings. */
  configure(configuration: MediaConfiguration): void {
    this.#application = { ...this.#application, ...configuration };
  }

  /** The constraints of the microphone or the camera alone. */
  camera(kind: 'audio' | 'video'): CaptureOptions {
    const deviceId = this.#deviceIds[kind];
    const constraints = {
      ...(kind === 'audio' ? this.#audio() : this.#video()),
      ...(deviceId !== undefined && { deviceId: { exact: deviceId } }),
    };
    return { [kind]: Object.keys(constraints).length > 0 ? constraints : true };
  }

  /** The constraints of the screen, with audio if the browser provides it. */
  screen(): CaptureOptions & { readonly selfBrowserSurface?: 'include' | 'exclude' } {
    const { selfBrowserSurface, ...given } = this.#application.screenshare ?? {};
    const { quality = '', frameRate = 0 } = this.#preset?.screenshare ?? {};
    const [width, height] = SIZES[quality] ?? [];
    const video = {
      ...(width !== undefined && { width: { max: width }, height: { max: height } }),
      ...(frameRate > 0 && { frameRate: { ideal: frameRate } }),
      ...given,
    };
    return {
      audio: true,
      video: Object.keys(video).length > 0 ? (video as MediaTrackConstraints) : true,
      ...(selfBrowserSurface && { selfBrowserSurface }),
    };
  }

  #audio(): MediaTrackConstraints {
    const { echoCancellation, noiseSupression, autoGainControl, enableStereo } = this.#application.audio ?? {};
    const isStereo = enableStereo ?? this.#preset?.audio.enableStereo;
    return {
      ...(echoCancellation !== undefined && { echoCancellation }),
      ...(noiseSupression !== undefined && { noiseSuppression: noiseSupression }),
      ...(autoGainControl !== undefined && { autoGainControl }),
      ...(isStereo && { channelCount: 2 }),
    };
  }

  #video(): MediaTrackConstraints {
    const given = this.#application.video;
    if (typeof given === 'object') return given as MediaTrackConstraints;
    const { quality = '', frameRate = 0 } = this.#preset?.video ?? {};
    const [width, height] = SIZES[given ?? quality] ?? [];
    return {
      ...(width !== undefined && { width: { ideal: width }, height: { ideal: height ?? width } }),
      ...(frameRate > 0 && { frameRate: { ideal: frameRate } }),
    };
  }
}
