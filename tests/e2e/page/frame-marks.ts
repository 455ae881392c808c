/**
 * Marks in the frames of a source, by which a viewer sees whether a frame is whole: the number of the frame in black and white cells, at the
 * top and, inverted, at the bottom. A picture that is built on a wrong frame, or is torn, has cells that are grey or do not match.
 *
 * @module
 */

/** Cells of a mark, which are the lowest bits of the frame's number. */
const CELLS = 8;
/** The height of a row of cells, as a share of the picture. */
const ROW_SHARE = 1 / 9;
/** A cell that is darker than this share of white is black, and one that is as much lighter than black is white. */
const CERTAIN = 0.35;
/** The size in which a picture is examined. */
const WIDTH = 160;
const HEIGHT = 90;

type Context = CanvasRenderingContext2D;

/** Draws the mark of a frame. */
export function drawMark(context: Context, frame: number): void {
  const { width, height } = context.canvas;
  for (let cell = 0; cell < CELLS; cell += 1) {
    const isWhite = ((frame >> cell) & 1) === 1;
    const [left, cellWidth, rowHeight] = [(cell * width) / CELLS, width / CELLS, height * ROW_SHARE];
    context.fillStyle = isWhite ? '#fff' : '#000';
    context.fillRect(left, 0, cellWidth, rowHeight);
    context.fillStyle = isWhite ? '#000' : '#fff';
    context.fillRect(left, height - rowHeight, cellWidth, rowHeight);
  }
}

/** Examines the frames of one video element. */
export class MarkReader {
  readonly #video: HTMLVideoElement;
  readonly #context: Context | null;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
    const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height: HEIGHT });
    this.#context = canvas.getContext('2d', { willReadFrequently: true });
  }

  /** Whether the frame that is shown now has a mark that is certain, and the same at the top and at the bottom. */
  isWhole(): boolean {
    const context = this.#context;
    if (!context) throw new Error('no canvas in this browser');
    context.drawImage(this.#video, 0, 0, WIDTH, HEIGHT);
    const inset = (HEIGHT * ROW_SHARE) / 2;
    for (let cell = 0; cell < CELLS; cell += 1) {
      const x = ((cell + 0.5) * WIDTH) / CELLS;
      const [top, bottom] = [readLightness(context, x, inset), readLightness(context, x, HEIGHT - inset)];
      const isCertain = [top, bottom].every((value) => value < CERTAIN || value > 1 - CERTAIN);
      if (!isCertain || top > 0.5 === bottom > 0.5) return false;
    }
    return true;
  }
}

/** Returns the lightness of a pixel, from 0 to 1. */
function readLightness(context: Context, x: number, y: number): number {
  const [red = 0, green = 0, blue = 0] = context.getImageData(Math.floor(x), Math.floor(y), 1, 1).data;
  return (red + green + blue) / 3 / 255;
}
