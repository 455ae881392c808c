/**
 * Pictures and sound that a page makes itself: the picture moves and is hard to compress, and the sound never pauses.
 *
 * @module
 */

import { drawMark } from './frame-marks.ts';

/** What is made. */
export interface SourceOptions {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  /** Whether there is sound; default true. */
  readonly hasSound?: boolean;
  /** Whether each frame has a mark by which a viewer sees whether the frame is whole; default false. */
  readonly isMarked?: boolean;
}

/** Rectangles of a frame: enough that an encoder needs the bitrate that it may have. */
const RECTANGLES = 40;
const TONE_HZ = 220;
/** How often the tone swells, per second: like syllables. */
const SWELLS_HZ = 4;

/** Makes a stream whose frames differ much from each other. */
export function createSource(options: SourceOptions): MediaStream {
  const { width, height, framesPerSecond, hasSound = true, isMarked = false } = options;
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  let frame = 0;
  setInterval(() => {
    if (!context) return;
    frame += 1;
    context.fillStyle = `hsl(${frame % 360}, 40%, 40%)`;
    context.fillRect(0, 0, width, height);
    for (let index = 0; index < RECTANGLES; index += 1) {
      context.fillStyle = `hsl(${(index * 47) % 360}, 80%, ${30 + ((index * 13) % 50)}%)`;
      const speed = 3 + (index % 7);
      const x = (index * 97 + frame * speed) % width;
      context.fillRect(x, (index * 61 + frame * (index % 3)) % height, 30 + (index % 5) * 20, 40);
    }
    if (isMarked) drawMark(context, frame);
  }, 1_000 / framesPerSecond);
  const tracks = canvas.captureStream(framesPerSecond).getVideoTracks();
  return new MediaStream([...tracks, ...(hasSound ? createSound() : [])]);
}

function createSound(): MediaStreamTrack[] {
  const audio = new AudioContext({ sampleRate: 48_000 });
  const tone = new OscillatorNode(audio, { type: 'sawtooth', frequency: TONE_HZ });
  const volume = new GainNode(audio, { gain: 0.3 });
  const swell = new OscillatorNode(audio, { frequency: SWELLS_HZ });
  const destination = new MediaStreamAudioDestinationNode(audio, { channelCount: 1 });
  swell.connect(new GainNode(audio, { gain: 0.2 })).connect(volume.gain);
  tone.connect(volume).connect(destination);
  tone.start();
  swell.start();
  return destination.stream.getAudioTracks();
}
