/**
 * Many participants in one page, without a user interface. Their pictures are small, so that a machine with few cores
 * can decode all of them.
 *
 * @module
 */

import RealtimeKitClient from '@gavel/client/realtimekit';

const WIDTH = 160;
const HEIGHT = 90;
const FRAMES_PER_SECOND = 5;

/** Returns a track that shows a square which moves. */
function createTrack(): MediaStreamTrack {
  const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height: HEIGHT });
  const context = canvas.getContext('2d');
  let x = 0;
  setInterval(() => {
    context?.clearRect(0, 0, WIDTH, HEIGHT);
    context?.fillRect(x++ % WIDTH, 0, HEIGHT, HEIGHT);
  }, 1000 / FRAMES_PER_SECOND);
  return canvas.captureStream(FRAMES_PER_SECOND).getVideoTracks()[0] as MediaStreamTrack;
}

/** Joins a participant that sends a picture and no sound. */
async function join(authToken: string, baseURI: string): Promise<void> {
  const meeting = await RealtimeKitClient.init({ authToken, baseURI, defaults: { audio: false, video: false } });
  await meeting.join();
  await meeting.self.enableVideo(createTrack());
}

declare global {
  /** Joins a participant of the crowd. */
  var joinCrowd: typeof join;
}
globalThis.joinCrowd = join;
