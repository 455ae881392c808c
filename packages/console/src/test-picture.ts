/**
 * The animated test picture: the user's name, a running clock, a colour derived from the user, and a soft tone.
 *
 * @module
 */

import { formatTime } from './log.ts';
import type { User } from './room-state.ts';
import { hueOf, initialsOf } from './user-look.ts';

const WIDTH = 640;
const HEIGHT = 360;
/** Frames per second. */
export const TEST_PICTURE_FPS = 20;

/** A test picture that can be published. */
export class TestPicture {
  /** One video and one audio track. */
  readonly stream: MediaStream;
  readonly #ticker: Worker;
  readonly #audio = new AudioContext();

  constructor(user: User) {
    const canvas = document.createElement('canvas');
    canvas.width = WIDTH;
    canvas.height = HEIGHT;
    drawTestPicture(canvas, user, Date.now());
    this.stream = canvas.captureStream(TEST_PICTURE_FPS);
    const tone = makeTone(this.#audio, hueOf(user.userId));
    for (const track of tone.getAudioTracks()) this.stream.addTrack(track);
    // Browsers throttle the timers of background pages, but not those of workers.
    this.#ticker = new Worker(new URL('./ticker.ts', import.meta.url), { type: 'module' });
    this.#ticker.onmessage = () => drawTestPicture(canvas, user, Date.now());
    this.#ticker.postMessage(1000 / TEST_PICTURE_FPS);
    this.#resumeOnGesture();
  }

  /** Stops the picture and the tone. */
  close(): void {
    this.#ticker.terminate();
    for (const track of this.stream.getTracks()) track.stop();
    // Closing twice rejects; this is harmless.
    this.#audio.close().catch(() => {});
  }

  /** Browsers may block the tone until the user interacts with the page; this resumes it then. */
  #resumeOnGesture(): void {
    if (this.#audio.state !== 'suspended') return;
    const resume = () => void this.#audio.resume().catch(() => {});
    document.addEventListener('pointerdown', resume, { once: true });
    document.addEventListener('keydown', resume, { once: true });
  }
}

/** A soft chord with changing volume; a number from 0 to 360 selects its pitch. */
function makeTone(audio: AudioContext, hue: number): MediaStream {
  const destination = audio.createMediaStreamDestination();
  const volume = audio.createGain();
  volume.gain.value = 0.03;
  volume.connect(destination);
  const swell = audio.createOscillator();
  const swellDepth = audio.createGain();
  swell.frequency.value = 0.5;
  swellDepth.gain.value = 0.02;
  swell.connect(swellDepth).connect(volume.gain);
  swell.start();
  const base = 196 * 2 ** (Math.round(hue / 30) / 12);
  for (const ratio of [1, 1.5]) {
    const voice = audio.createOscillator();
    voice.frequency.value = base * ratio;
    voice.connect(volume);
    voice.start();
  }
  return destination.stream;
}

/** Draws one frame of the test picture into a canvas of any size. */
export function drawTestPicture(canvas: HTMLCanvasElement, user: User, nowMs: number): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const { width, height } = canvas;
  const unit = height / 360;
  const hue = hueOf(user.userId);
  const seconds = nowMs / 1000;

  const sky = context.createLinearGradient(0, 0, width, height);
  sky.addColorStop(0, `hsl(${hue} 48% 30%)`);
  sky.addColorStop(1, `hsl(${hue + 40} 55% 16%)`);
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);

  // Moving bars, so that a frozen picture is easy to notice.
  context.fillStyle = 'rgb(255 255 255 / 5%)';
  const step = 80 * unit;
  for (let x = ((seconds * 40 * unit) % step) - step; x < width + height; x += step) {
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x + step / 2, 0);
    context.lineTo(x + step / 2 - height / 3, height);
    context.lineTo(x - height / 3, height);
    context.fill();
  }

  // Colour bars along the lower edge, behind a tile's caption.
  for (let bar = 0; bar < 9; bar += 1) {
    context.fillStyle = `hsl(${hue + bar * 14} 60% ${30 + bar * 4}%)`;
    context.fillRect((bar * width) / 9, height * 0.78, width / 9 + 1, height * 0.22);
  }

  const centreX = width / 2;
  const centreY = height * 0.31;
  const radius = 56 * unit;
  context.fillStyle = `hsl(${hue} 60% 46%)`;
  context.beginPath();
  context.arc(centreX, centreY, radius, 0, 2 * Math.PI);
  context.fill();
  context.lineCap = 'round';
  context.lineWidth = 6 * unit;
  context.strokeStyle = 'rgb(255 255 255 / 18%)';
  context.beginPath();
  context.arc(centreX, centreY, radius + 11 * unit, 0, 2 * Math.PI);
  context.stroke();
  context.strokeStyle = '#fff';
  const angle = (seconds % 2) * Math.PI - Math.PI / 2;
  context.beginPath();
  context.arc(centreX, centreY, radius + 11 * unit, angle - 0.7, angle);
  context.stroke();

  const font = (size: number, family = 'system-ui, sans-serif') => `600 ${Math.round(size * unit)}px ${family}`;
  context.fillStyle = '#fff';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.font = font(46);
  context.fillText(initialsOf(user.userName), centreX, centreY + 3 * unit);
  context.font = font(26);
  context.fillText(user.userName, centreX, height * 0.58, width * 0.55);
  context.font = font(22, 'ui-monospace, monospace');
  context.fillStyle = 'rgb(255 255 255 / 80%)';
  context.fillText(formatTime(nowMs), centreX, height * 0.675);
}
