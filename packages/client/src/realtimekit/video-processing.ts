/**
 * Applies video middlewares on a canvas.
 *
 * @module
 */

import type { Processed } from './middlewares.ts';

/** Changes one frame, which has been drawn on the canvas. */
export type FrameMiddleware = (canvas: HTMLCanvasElement, context: CanvasRenderingContext2D) => Promise<void>;

/** What a middleware gets that draws by itself. */
export interface VideoHelpers {
  readonly canvas: HTMLCanvasElement;
  /** The browser's timers. */
  readonly WorkerTimers: Pick<typeof globalThis, 'setTimeout' | 'clearTimeout' | 'setInterval' | 'clearInterval'>;
}

/** Returns the function that changes every frame; with `disablePerFrameCanvasRendering` it draws by itself instead. */
export type VideoMiddleware = (() => Promise<FrameMiddleware>) | ((helpers: VideoHelpers) => Promise<void>);

/** How video middlewares draw. */
export interface VideoMiddlewareGlobalConfig {
  /** Whether the middlewares draw by themselves; default false: the frames are drawn for them. */
  readonly disablePerFrameCanvasRendering?: boolean;
}

const DEFAULT_FRAME_RATE = 30;

/** Draws a track on a canvas, lets the middlewares change it, and captures the canvas. @throws the error of a middleware */
export async function processVideo(
  raw: MediaStreamTrack,
  middlewares: readonly VideoMiddleware[],
  { disablePerFrameCanvasRendering = false }: VideoMiddlewareGlobalConfig,
): Promise<Processed> {
  const { width = 640, height = 480, frameRate = DEFAULT_FRAME_RATE } = raw.getSettings();
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const timers = { setTimeout, clearTimeout, setInterval, clearInterval };
  const helpers: VideoHelpers = { canvas, WorkerTimers: timers };
  const started = await Promise.all(middlewares.map((middleware) => middleware(helpers)));
  const frameMiddlewares = started.filter((one) => typeof one === 'function');
  const [track] = canvas.captureStream(frameRate).getVideoTracks();
  if (!track) throw new Error('the canvas has no track');
  if (disablePerFrameCanvasRendering) return { track, release: () => {} };
  const release = drawFrames(raw, canvas, frameRate, frameMiddlewares);
  return { track, release };
}

/** Draws frame after frame; returns a function that stops it. */
function drawFrames(
  raw: MediaStreamTrack,
  canvas: HTMLCanvasElement,
  frameRate: number,
  middlewares: readonly FrameMiddleware[],
): () => void {
  const context = canvas.getContext('2d');
  const video = Object.assign(document.createElement('video'), { muted: true, playsInline: true });
  video.srcObject = new MediaStream([raw]);
  video.play().catch(() => {});
  let isBusy = false;
  const draw = async () => {
    if (isBusy || !context || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    isBusy = true;
    try {
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      for (const middleware of middlewares) await middleware(canvas, context);
    } catch (error) {
      console.error('a video middleware failed', error);
    } finally {
      isBusy = false;
    }
  };
  const timer = setInterval(() => void draw(), 1000 / frameRate);
  return () => {
    clearInterval(timer);
    video.srcObject = null;
  };
}
