/**
 * What the browser can do, as `checkSystemRequirements` reports it (reference zego 4.3).
 *
 * @module
 */

import { captureCamera } from '../core/media/capture.ts';
import type { MediaPlatform } from '../core/media/media-platform.ts';
import { CODES, refusal, toCaptureError } from './errors.ts';

/** The video codecs that the browser can send. */
export interface ZegoVideoCodec {
  readonly H264: boolean;
  readonly VP8: boolean;
  readonly H265: boolean;
}

/** Why something cannot be done. */
export interface ZegoCapabilityError {
  readonly name?: string;
  readonly message?: string;
}

/** Why something cannot be done, by what it is; absent for what works. */
export interface ZegoCapabilityErrorInfo {
  readonly webRTC?: ZegoCapabilityError;
  readonly customCapture?: ZegoCapabilityError;
  readonly camera?: ZegoCapabilityError;
  readonly microphone?: ZegoCapabilityError;
  readonly screenSharing?: ZegoCapabilityError;
}

/** What the browser can do; of a single check, `result` says it. */
export interface ZegoCapabilityDetection {
  readonly webRTC?: boolean;
  readonly customCapture?: boolean;
  readonly camera?: boolean;
  readonly microphone?: boolean;
  readonly screenSharing?: boolean;
  readonly videoCodec?: ZegoVideoCodec;
  readonly errInfo: ZegoCapabilityErrorInfo;
  readonly result?: boolean;
}

const CODECS = ['H264', 'VP8', 'H265'] as const;
const FEATURES = ['webRTC', 'customCapture', 'camera', 'microphone', 'screenSharing'] as const;

type Codec = (typeof CODECS)[number];
type Feature = (typeof FEATURES)[number];

/** What can be checked on its own. */
export type ZegoCheckType = Codec | Feature;

type Outcome = { readonly can: boolean; readonly error?: ZegoCapabilityError };

const CAN: Outcome = { can: true };

function toOutcome(can: boolean, message: string): Outcome {
  return can ? CAN : { can, error: { name: 'NotSupportedError', message } };
}

/** Opens a device and closes it again: only that shows whether it can be used. The browser may ask the user. */
async function tryDevice(kind: 'audio' | 'video'): Promise<Outcome> {
  try {
    const stream = await captureCamera({ audio: kind === 'audio', video: kind === 'video' });
    for (const track of stream.getTracks()) track.stop();
    return CAN;
  } catch (error) {
    const [name = '', ...words] = (toCaptureError(error).extendedData ?? '').split(': ');
    return { can: false, error: { name, message: words.join(': ') } };
  }
}

function canSend(media: MediaPlatform | undefined, codec: Codec): boolean {
  const type = `video/${codec}`.toLowerCase();
  return media?.sendableVideoCodecs().some(({ mimeType }) => mimeType.toLowerCase() === type) ?? false;
}

function checkFeature(media: MediaPlatform | undefined, feature: Feature): Outcome | Promise<Outcome> {
  switch (feature) {
    case 'webRTC':
      return toOutcome(media !== undefined, 'the browser has no WebRTC');
    case 'customCapture': {
      const element = globalThis.HTMLMediaElement?.prototype as object | undefined;
      const can = element !== undefined && ('captureStream' in element || 'mozCaptureStream' in element);
      return toOutcome(can, 'the browser cannot capture media elements');
    }
    case 'camera':
      return tryDevice('video');
    case 'microphone':
      return tryDevice('audio');
    case 'screenSharing':
      return toOutcome(
        typeof globalThis.navigator?.mediaDevices?.getDisplayMedia === 'function',
        'the browser cannot capture screens, or the page has no secure context',
      );
  }
}

/** Devices are tried one after the other: with one question to the user at a time. */
async function checkAll(media: MediaPlatform | undefined): Promise<ZegoCapabilityDetection> {
  const features: Partial<Record<Feature, boolean>> = {};
  const errInfo: Partial<Record<Feature, ZegoCapabilityError>> = {};
  for (const feature of FEATURES) {
    const { can, error } = await checkFeature(media, feature);
    features[feature] = can;
    if (error) errInfo[feature] = error;
  }
  const videoCodec = { H264: canSend(media, 'H264'), VP8: canSend(media, 'VP8'), H265: canSend(media, 'H265') };
  return { ...features, videoCodec, errInfo };
}

/**
 * Checks everything, or one thing. Cameras and microphones are opened for a moment, for which the browser may ask the user.
 *
 * @throws ZegoServerResponse 1100001 for an unknown type of check
 */
export async function checkSystem(
  media: MediaPlatform | undefined,
  checkType: ZegoCheckType | undefined,
): Promise<ZegoCapabilityDetection> {
  if (checkType === undefined) return checkAll(media);
  const codec = CODECS.find((name) => name === checkType);
  if (codec) return { result: canSend(media, codec), errInfo: {} };
  const feature = FEATURES.find((name) => name === checkType);
  if (!feature) throw refusal(CODES.badParameter, `checkSystemRequirements: there is no check '${String(checkType)}'`);
  const { can, error } = await checkFeature(media, feature);
  return { result: can, errInfo: error ? { [feature]: error } : {} };
}
