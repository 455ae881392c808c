/**
 * Captures cameras, microphones and screens.
 *
 * @module
 */

import { SessionError } from '../errors.ts';

/** What to capture, and how. */
export interface CaptureOptions {
  readonly audio?: boolean | MediaTrackConstraints;
  readonly video?: boolean | MediaTrackConstraints;
}

/**
 * Captures the camera, the microphone, or both.
 *
 * @throws SessionError `client.no-media` if the browser has no device or allows none; details `name` is the name of the
 *   browser's error
 */
export function captureCamera({ audio = true, video = true }: CaptureOptions = {}): Promise<MediaStream> {
  return capture((devices) => devices.getUserMedia({ audio, video }));
}

/** Captures a screen, a window or a tab, as the user chooses; throws as `captureCamera` does. */
export function captureScreen({ audio = false, video = true }: CaptureOptions = {}): Promise<MediaStream> {
  return capture((devices) => devices.getDisplayMedia({ audio, video }));
}

async function capture(open: (devices: MediaDevices) => Promise<MediaStream>): Promise<MediaStream> {
  // Undefined on pages without a secure context, although the type does not say so.
  const devices = globalThis.navigator?.mediaDevices as MediaDevices | undefined;
  if (!devices) throw new SessionError('client.no-media', 'capturing needs a secure context (https or localhost)');
  try {
    return await open(devices);
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown';
    throw new SessionError('client.no-media', error instanceof Error ? error.message : String(error), { name });
  }
}
