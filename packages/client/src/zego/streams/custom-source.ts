/**
 * Streams of the application's own media.
 *
 * @module
 */

import { CODES, refusal } from '../errors.ts';

interface Capturable {
  captureStream?(): MediaStream;
  mozCaptureStream?(): MediaStream;
}

/** Captures what a media element plays; undefined if the browser cannot (Safari), or forbids it (media of another origin). */
export function captureElement(element: HTMLMediaElement): MediaStream | undefined {
  const capturable = element as Capturable;
  try {
    return capturable.captureStream?.() ?? capturable.mozCaptureStream?.();
  } catch {
    return undefined;
  }
}

/** Returns whether a value is a `MediaStream`. */
export const isMediaStream = (value: unknown): value is MediaStream =>
  typeof value === 'object' && value !== null && 'getTracks' in value && typeof value.getTracks === 'function';

/** Returns whether a value is an audio or video element. */
export const isMediaElement = (value: unknown): value is HTMLMediaElement =>
  typeof value === 'object' && value !== null && 'play' in value && 'srcObject' in value;

/** Returns whether a value is an audio or video track. */
export const isMediaTrack = (value: unknown): value is MediaStreamTrack =>
  typeof value === 'object' && value !== null && 'kind' in value && (value.kind === 'audio' || value.kind === 'video');

/** Returns the stream of an application's source. @throws ZegoServerResponse 1103001 */
export function resolveSource(source: unknown): MediaStream {
  if (isMediaStream(source)) return source;
  const stream = isMediaElement(source) ? captureElement(source) : undefined;
  if (!stream) throw refusal(CODES.badPublishParameter, 'the source cannot be captured');
  return stream;
}
