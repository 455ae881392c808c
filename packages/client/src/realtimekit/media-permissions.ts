/**
 * Whether the user permits microphone, camera and screen, and how a refusal of the browser reads in this dialect.
 *
 * @module
 */

import { type SessionErrorCode, toSessionError } from '../core/errors.ts';
import { isCaptureError } from '../core/media/capture.ts';
import { CODES, RealtimeKitError, type RealtimeKitErrorCode, toSelfError } from './errors.ts';

/** A device that the user permits, or a screen. */
export type CaptureKind = 'audio' | 'video' | 'screenshare';

/** Whether a device may be used, or why it cannot be. */
export type MediaPermission =
  | 'NOT_REQUESTED'
  | 'ACCEPTED'
  /** By the user, now or earlier, or by the page's policy. */
  | 'DENIED'
  /** By the operating system. */
  | 'SYSTEM_DENIED'
  /** Another program uses the device, or it failed. */
  | 'COULD_NOT_START'
  | 'NO_DEVICES_AVAILABLE'
  /** The user closed the browser's choice of screens; browsers do not tell this from a denial. */
  | 'CANCELED';

/** The vendor's numbers of the states. Events carry the names. */
export const MediaPermission = {
  NOT_REQUESTED: 0,
  ACCEPTED: 1,
  DENIED: 2,
  CANCELED: 3,
  SYSTEM_DENIED: 4,
  COULD_NOT_START: 5,
  NO_DEVICES_AVAILABLE: 6,
} as const;

/** The permission of each device; `NOT_REQUESTED` until it was opened for the first time. */
export type MediaPermissions = { readonly [K in CaptureKind]: MediaPermission };

const OF_CODE: Readonly<Partial<Record<SessionErrorCode, MediaPermission>>> = {
  'client.device-denied': 'DENIED',
  'client.device-not-found': 'NO_DEVICES_AVAILABLE',
};

/** Returns why a device could not be opened; `COULD_NOT_START` for every error that says nothing about permissions. */
export function permissionOfError(kind: CaptureKind, error: unknown): MediaPermission {
  const { code, message } = toSessionError(error);
  const permission = OF_CODE[code] ?? 'COULD_NOT_START';
  // Browsers name the operating system in the text only.
  if (permission === 'DENIED' && /system/i.test(message)) return 'SYSTEM_DENIED';
  return permission === 'DENIED' && kind === 'screenshare' ? 'CANCELED' : permission;
}

type CodeOfKind = { readonly [K in CaptureKind]: RealtimeKitErrorCode };
const REFUSED: CodeOfKind = { audio: CODES.noMicrophone, video: CODES.noCamera, screenshare: CODES.noScreen };
const MISSING: CodeOfKind = { ...REFUSED, audio: CODES.noAudioInput, video: CODES.noVideoInput };

/** Converts the error with which a device could not be opened. */
export function toCaptureError(kind: CaptureKind, error: unknown): RealtimeKitError {
  const converted = toSelfError(error);
  if (error instanceof RealtimeKitError || !isCaptureError(toSessionError(error))) return converted;
  const codes = permissionOfError(kind, error) === 'NO_DEVICES_AVAILABLE' ? MISSING : REFUSED;
  return new RealtimeKitError(codes[kind], converted.message, converted.cause);
}

/** Returns why an open device was lost; `COULD_NOT_START` in browsers that do not report permissions. */
export async function findLossReason(kind: 'audio' | 'video'): Promise<MediaPermission> {
  try {
    const name = (kind === 'audio' ? 'microphone' : 'camera') as PermissionName;
    const { state } = await globalThis.navigator.permissions.query({ name });
    return state === 'denied' ? 'DENIED' : 'COULD_NOT_START';
  } catch {
    return 'COULD_NOT_START';
  }
}
