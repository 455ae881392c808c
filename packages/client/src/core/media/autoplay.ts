/**
 * Starts media elements, and tells a refusal of autoplay apart from other failures.
 *
 * @module
 */

import { SessionError } from '../errors.ts';

/**
 * Starts a media element. Resolves also if another call has interrupted it, such as `pause` or a new source.
 *
 * @throws SessionError `client.autoplay-refused` if the browser plays only after a gesture of the user;
 *   `client.no-media` for any other failure; details `name` is the name of the browser's error
 *
 * @example
 * await startElement(video).catch((error) => showPlayButton(() => startElement(video)));
 */
export async function startElement(element: Pick<HTMLMediaElement, 'play'>): Promise<void> {
  try {
    await element.play();
  } catch (error) {
    const { name = 'unknown', message } = error instanceof Error ? error : { message: String(error) };
    if (name === 'AbortError') return;
    const code = name === 'NotAllowedError' ? 'client.autoplay-refused' : 'client.no-media';
    throw new SessionError(code, message, { name });
  }
}
