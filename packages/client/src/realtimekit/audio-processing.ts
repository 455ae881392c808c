/**
 * Applies audio middlewares with the browser's audio graph.
 *
 * @module
 */

import type { Processed } from './middlewares.ts';

/** Creates the node that changes the audio. */
export type AudioMiddleware = (audioContext: AudioContext) => Promise<ScriptProcessorNode | AudioWorkletNode>;

/** Sends a track through the nodes of the middlewares, in order. @throws the error of a middleware */
export async function processAudio(raw: MediaStreamTrack, middlewares: readonly AudioMiddleware[]): Promise<Processed> {
  const context = new AudioContext();
  const release = () => void context.close().catch(() => {});
  try {
    let last: AudioNode = context.createMediaStreamSource(new MediaStream([raw]));
    for (const middleware of middlewares) {
      const node = await middleware(context);
      last.connect(node);
      last = node;
    }
    const destination = context.createMediaStreamDestination();
    last.connect(destination);
    const [track] = destination.stream.getAudioTracks();
    if (!track) throw new Error('the audio graph has no track');
    return { track, release };
  } catch (error) {
    release();
    throw error;
  }
}
