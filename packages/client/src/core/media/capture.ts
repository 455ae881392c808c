/**
 * Captures cameras, microphones and screens.
 *
 * @module
 */

import { SessionError, type SessionErrorCode } from '../errors.ts';

/** What to capture, and how. */
export interface CaptureOptions {
  readonly audio?: boolean | MediaTrackConstraints;
  readonly video?: boolean | MediaTrackConstraints;
}

/**
 * Captures the camera, the microphone, or both.
 *
 * @throws SessionError `client.device-denied`, `client.device-not-found`, `client.device-in-use`, or `client.no-media` for any
 *   other failure, with the browser's message; details `name` is the name of the browser's error, or
 *   `InsecureContext`
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
  if (!devices) {
    throw new SessionError('client.no-media', 'capturing needs a secure context (https or localhost)', {
      name: 'InsecureContext',
    });
  }
  try {
    return await open(devices);
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown';
    throw new SessionError(codeOf(name, error), error instanceof Error ? error.message : String(error), { name });
  }
}

/** The code for each error name of the browser (Media Capture and Streams, 10.2). */
const CODE_OF_NAME: Readonly<Record<string, SessionErrorCode>> = {
  NotAllowedError: 'client.device-denied',
  SecurityError: 'client.device-denied',
  NotFoundError: 'client.device-not-found',
  NotReadableError: 'client.device-in-use',
  // Firefox and some drivers report a device in use so.
  AbortError: 'client.device-in-use',
};

function codeOf(name: string, error: unknown): SessionErrorCode {
  // The device with the chosen id is gone. Any other constraint is about what the device can do.
  const { constraint } = error as { readonly constraint?: unknown };
  if (name === 'OverconstrainedError' && constraint === 'deviceId') return 'client.device-not-found';
  return CODE_OF_NAME[name] ?? 'client.no-media';
}

/** Whether an error is one of those that `captureCamera` and `captureScreen` throw. */
export function isCaptureError({ code }: SessionError): boolean {
  return code === 'client.no-media' || code.startsWith('client.device-');
}
